package behaviour

import (
	"fmt"
	"strings"
)

// Table is the list in Markdown.
func Table() string {
	var b strings.Builder
	b.WriteString("| # | Behaviour | Answer | Rests on |\n|---|---|---|---|\n")
	for _, one := range All() {
		answers := make([]string, 0, len(one.Answers))
		for _, a := range one.Answers {
			answers = append(answers, fmt.Sprintf("%d %#q %s", a.Status, a.Code, strings.ReplaceAll(a.Message, "|", `\|`)))
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", one.Number, one.What, strings.Join(answers, "<br>"), one.Source)
	}
	return b.String()
}
