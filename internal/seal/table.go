package seal

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/goldenami/packer-plugin-goldenami/internal/atomicfile"
)

// Table gives the report as lines for people: a row for each operation, what
// failed or is left below it, notes, and what no run covers. A run that was
// refused has nothing to show: its error says why.
func (r *Report) Table() []string {
	if len(r.Refusals) > 0 {
		return nil
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OPERATION\tREMOVED\tBYTES\tRESULT\tCHECK")
	for _, op := range r.Operations {
		removed, size := strconv.Itoa(op.Removed), humanBytes(op.Bytes)
		if op.Result != ResultSealed && op.Result != ResultFailed {
			removed, size = "-", "-"
		}
		check := string(op.Check)
		if op.Check == ResultLeft {
			check = fmt.Sprintf("%d left", op.Left)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", op.Name, removed, size, op.Result, check)
	}
	w.Flush() //nolint:errcheck,gosec // a strings.Builder does not fail
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	for _, op := range r.Operations {
		for _, fault := range op.faults() {
			lines = append(lines, "  "+printable(fault.Error()))
		}
	}
	for _, warning := range r.Warnings {
		lines = append(lines, "warning: "+printable(warning))
	}
	for _, note := range r.Notes {
		lines = append(lines, "note: "+printable(note))
	}
	lines = append(lines, r.handoverLines()...)
	return append(lines, "not covered: "+strings.Join(r.NotCovered, "; "))
}

// printable makes text of a guest safe for a terminal: no control bytes.
func printable(s string) string {
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), `\\`, `\`)
}

// humanBytes gives a size in the largest binary unit below it.
func humanBytes(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n), "KMGTPE"
	i := -1
	for value >= unit && i < len(units)-1 {
		value /= unit
		i++
	}
	return fmt.Sprintf("%.1f %ciB", value, units[i])
}

// WriteFile puts the report as JSON at path, mode 0600, whole or not at all. A
// link at path is replaced, not followed; a missing directory is an error.
func (r *Report) WriteFile(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the seal's report: %w", err)
	}
	if err := atomicfile.Write(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("the seal's report: %w", err)
	}
	return nil
}
