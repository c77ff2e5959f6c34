package seal

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Bounds on what a guest may make the controller hold. A real report has some
// hundred lines of some hundred bytes.
const (
	maxLine    = 64 << 10
	maxLeftAt  = 50
	maxRefusal = 50
	maxNotes   = 200
	maxFacts   = 50
)

// Parser reads the report from the program's standard output as it comes. It is
// an [io.Writer] that never fails, and safe to use while the guest still writes.
// What does not carry the run's nonce is not a report line and is dropped.
type Parser struct {
	mu      sync.Mutex
	prefix  string
	report  *Report
	line    []byte
	tooLong bool
}

// NewParser reads the report of the program that [Program] made for o.
func NewParser(o Options) *Parser {
	return &Parser{prefix: linePrefix(o.Nonce), report: newReport(o)}
}

// linePrefix begins every line of a run's report.
func linePrefix(nonce string) string { return "@goldenami " + nonce + " " }

// Write takes a piece of the output.
func (p *Parser) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := b
	for {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			p.extend(rest)
			return len(b), nil
		}
		p.extend(rest[:i])
		if !p.tooLong {
			p.take(strings.TrimSuffix(string(p.line), "\r")) // a pty ends lines so
		}
		p.line, p.tooLong = p.line[:0], false
		rest = rest[i+1:]
	}
}

func (p *Parser) extend(b []byte) {
	if len(p.line)+len(b) > maxLine {
		p.tooLong = true
		return
	}
	p.line = append(p.line, b...)
}

// Report gives what was said so far, as a copy.
func (p *Parser) Report() *Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := *p.report
	r.Facts = make(map[string]string, len(p.report.Facts))
	for k, v := range p.report.Facts {
		r.Facts[k] = v
	}
	r.Refusals = append([]Refusal{}, p.report.Refusals...)
	r.Notes = append([]string{}, p.report.Notes...)
	r.Warnings = append([]string{}, p.report.Warnings...)
	r.Operations = append([]OperationReport{}, p.report.Operations...)
	r.LeftForSysprep = slices.Clone(p.report.LeftForSysprep)
	for i := range r.LeftForSysprep {
		r.LeftForSysprep[i].Items = slices.Clone(r.LeftForSysprep[i].Items)
	}
	for i := range r.Operations {
		r.Operations[i].LeftAt = append([]string{}, r.Operations[i].LeftAt...)
	}
	return &r
}

// take reads one line. After the end line nothing counts any more.
func (p *Parser) take(line string) {
	text, ok := strings.CutPrefix(line, p.prefix)
	if !ok || p.report.Complete {
		return
	}
	words := strings.Split(text, " ")
	fields := make([]string, 0, len(words)-1)
	for _, word := range words[1:] {
		field, ok := decode(word)
		if !ok {
			return
		}
		fields = append(fields, field)
	}
	kind, ok := kinds[words[0]]
	if !ok || len(fields) != kind.fields {
		return
	}
	kind.apply(p.report, fields)
}

// decode is the other half of the program's encode.
func decode(word string) (string, bool) {
	if text, ok := strings.CutPrefix(word, "t:"); ok {
		return text, true
	}
	digits, ok := strings.CutPrefix(word, "x:")
	if !ok {
		return "", false
	}
	text, err := hex.DecodeString(digits)
	return string(text), err == nil
}

// kinds are the lines that the program writes, one entry each.
var kinds = map[string]struct {
	fields int
	apply  func(r *Report, f []string)
}{
	"start":     {1, func(r *Report, _ []string) { r.Started = true }},
	"fact":      {2, (*Report).takeFact},
	"preflight": {2, (*Report).takeRefusal},
	"note":      {1, (*Report).takeNote},
	"warning":   {1, (*Report).takeWarning},
	"op":        {5, (*Report).takeOperation},
	"check":     {2, (*Report).takeCheck},
	"left":      {2, (*Report).takeLeft},
	"sysprep":   {2, (*Report).takeHandover},
	"end":       {1, (*Report).takeEnd},
}

func (r *Report) takeFact(f []string) {
	if len(r.Facts) < maxFacts {
		r.Facts[f[0]] = f[1]
	}
}

func (r *Report) takeRefusal(f []string) {
	if len(r.Refusals) < maxRefusal {
		r.Refusals = append(r.Refusals, Refusal{Check: f[0], Reason: f[1]})
	}
}

func (r *Report) takeNote(f []string) {
	if len(r.Notes) < maxNotes {
		r.Notes = append(r.Notes, f[0])
	}
}

func (r *Report) takeWarning(f []string) {
	if len(r.Warnings) < maxNotes {
		r.Warnings = append(r.Warnings, f[0])
	}
}

func (r *Report) takeOperation(f []string) {
	row := r.row(f[0])
	removed, err := strconv.Atoi(f[2])
	size, err2 := strconv.ParseInt(f[3], 10, 64)
	if row == nil || row.ran || row.Result != ResultUnreported || err != nil || err2 != nil {
		return
	}
	row.ran, row.Removed, row.Bytes, row.Error = true, removed, size, f[4]
	row.Result = ResultFailed
	if f[1] == string(ResultSealed) {
		row.Result = ResultSealed
	}
}

func (r *Report) takeCheck(f []string) {
	row := r.row(f[0])
	left, err := strconv.Atoi(f[1])
	if row == nil || row.checked || row.Check != ResultUnreported || err != nil {
		return
	}
	row.checked, row.Left, row.Check = true, left, ResultLeft
	if left == 0 {
		row.Check = ResultClean
	}
}

func (r *Report) takeLeft(f []string) {
	if row := r.row(f[0]); row != nil && len(row.LeftAt) < maxLeftAt {
		row.LeftAt = append(row.LeftAt, f[1])
	}
}

// takeEnd: the program came to its last line, whatever it found.
func (r *Report) takeEnd(f []string) {
	_, err := strconv.Atoi(f[0])
	r.Complete = err == nil
}
