package conformance

import (
	"fmt"
	"strings"
)

// Table is the actions of a service in Markdown: what each takes and gives, what
// of it is simplified, and what is absent.
func Table(actions []Action) string {
	var b strings.Builder
	b.WriteString("| Action | Takes | Does not take | Answers with | Answers without | Simplified |\n|---|---|---|---|---|---|\n")
	for _, a := range actions {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", a.Name,
			names(collapse(a.Input.Exact, a.Input.Absent)), names(collapse(a.Input.Absent, a.Input.Exact)),
			names(collapse(a.Output.Exact, a.Output.Absent)), names(collapse(a.Output.Absent, a.Output.Exact)),
			append(a.Input.Simplified, a.Output.Simplified...).String())
	}
	return b.String()
}

func names(list []string) string { return strings.Join(list, ", ") }

// String is the differences in one cell of a table.
func (d Differences) String() string {
	parts := make([]string, 0, len(d))
	for _, one := range d {
		parts = append(parts, one.Name+": "+one.What)
	}
	return strings.Join(parts, "; ")
}
