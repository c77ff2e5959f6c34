package seal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Result is how an operation ended.
type Result string

// The results of operations and checks.
const (
	ResultSealed     Result = "sealed"     // removed, or nothing was there
	ResultFailed     Result = "failed"     // something could not be removed, or not be looked at
	ResultClean      Result = "clean"      // the check found nothing
	ResultLeft       Result = "left"       // the check found something
	ResultSkipped    Result = "skipped"    // named in skip, or off and not enabled
	ResultNotRun     Result = "not run"    // audit removes nothing
	ResultUnreported Result = "unreported" // the program ended before it said anything about this
)

// OperationReport is one row: what was removed, and what the check found after.
type OperationReport struct {
	Name    string   `json:"name"`
	Reason  string   `json:"reason"`
	Paths   string   `json:"paths"`
	Result  Result   `json:"result"`
	Removed int      `json:"removed"` // files, links and emptied files
	Bytes   int64    `json:"bytes"`
	Error   string   `json:"error,omitempty"`
	Check   Result   `json:"check"`
	Left    int      `json:"left"`    // how many the check found
	LeftAt  []string `json:"left_at"` // some of them: paths, never content
	checked bool     // a check line came
	ran     bool     // an op line came
}

// Refusal is a finding of the preflight. With one, nothing was changed.
type Refusal struct {
	Check  string `json:"check"`
	Reason string `json:"reason"`
}

// Report is what the guest said about one run. It holds paths, counts and
// reasons, and no file's content.
type Report struct {
	Schema     int               `json:"schema"` // 1
	Mode       Mode              `json:"mode"`
	Facts      map[string]string `json:"facts"`
	Refusals   []Refusal         `json:"refusals"`
	Operations []OperationReport `json:"operations"`
	// Warnings are what the seal could not settle and somebody should look at.
	Warnings   []string `json:"warnings"`
	Notes      []string `json:"notes"`
	NotCovered []string `json:"not_covered"`
	// LeftForSysprep is what a Windows guest needs done before an image of it is
	// general; nil for other guests, and left out of their JSON.
	LeftForSysprep []Handover `json:"left_for_sysprep,omitzero"`
	// Complete is whether the program came to its end. Only then the report
	// says anything about the image.
	Complete bool `json:"complete"`
	// Started is whether the program ran at all.
	Started bool `json:"-"`

	strict    bool       // warnings count as faults
	handovers []Handover // those that the program may tell of
}

// NotCovered is what no run of this program says anything about.
func NotCovered() []string {
	return []string{
		"secrets inside files of applications",
		"what services and open shells write after the seal when the machine is not shut down in order, as by a forced stop",
		"blocks of files that were deleted before",
		"identities of agents and applications that no operation names",
		"file systems other than those that hold the paths named",
	}
}

// newReport has a row for every operation, in order.
func newReport(o Options) *Report {
	running := o.Selected()
	selected := make([]string, len(running))
	for i, op := range running {
		selected[i] = op.Name
	}
	r := emptyReport(o.Mode, o.Strict, NotCovered())
	r.addRows(operations(), selected)
	return r
}

// emptyReport is one before the program says anything.
func emptyReport(m Mode, strict bool, notCovered []string) *Report {
	return &Report{
		Schema: 1, Mode: m, Facts: map[string]string{},
		Refusals: []Refusal{}, Warnings: []string{}, Notes: []string{}, NotCovered: notCovered,
		strict: strict,
	}
}

// addRows makes the rows of all operations, in order.
func (r *Report) addRows(all []Operation, selected []string) {
	for _, op := range all {
		row := OperationReport{
			Name: op.Name, Reason: op.Reason, Paths: op.Paths,
			Result: ResultUnreported, Check: ResultUnreported, LeftAt: []string{},
		}
		switch {
		case !slices.Contains(selected, op.Name):
			row.Result, row.Check = ResultSkipped, ResultSkipped
		case r.Mode == ModeAudit:
			row.Result = ResultNotRun
		}
		r.Operations = append(r.Operations, row)
	}
}

// row finds an operation's row, or nil.
func (r *Report) row(name string) *OperationReport {
	for i := range r.Operations {
		if r.Operations[i].Name == name {
			return &r.Operations[i]
		}
	}
	return nil
}

// Err gives every reason why no image may be made of this guest, one to a line,
// or nil when all selected operations ended well and their checks are clean.
func (r *Report) Err() error {
	var errs []error
	for _, refusal := range r.Refusals {
		errs = append(errs, fmt.Errorf("refused, nothing was changed (%s): %s", refusal.Check, refusal.Reason))
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	if !r.Complete {
		errs = append(errs, errors.New("the report ended early, so the guest may be half sealed; make no image of it"))
	}
	for _, op := range r.Operations {
		errs = append(errs, op.faults()...)
	}
	if r.strict {
		for _, warning := range r.Warnings {
			errs = append(errs, fmt.Errorf("a warning, and strict is set: %s", printable(warning)))
		}
	}
	return errors.Join(errs...)
}

// faults gives what is wrong with one operation.
func (op OperationReport) faults() []error {
	var errs []error
	if op.Result == ResultFailed {
		errs = append(errs, fmt.Errorf("%s failed: %s", op.Name, op.Error))
	}
	if op.Check == ResultLeft {
		errs = append(errs, fmt.Errorf("%s: %d left (%s): %s", op.Name, op.Left, op.Reason, leftText(op)))
	}
	if op.Result == ResultUnreported || op.Check == ResultUnreported {
		errs = append(errs, fmt.Errorf("%s: the guest did not report on it", op.Name))
	}
	return errs
}

func leftText(op OperationReport) string {
	if len(op.LeftAt) == 0 {
		return "not named"
	}
	names := make([]string, 0, 4)
	for _, name := range op.LeftAt[:min(3, len(op.LeftAt))] {
		names = append(names, printable(name))
	}
	if op.Left > len(names) {
		names = append(names, "...")
	}
	return strings.Join(names, ", ")
}
