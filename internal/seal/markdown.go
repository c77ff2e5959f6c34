package seal

import (
	"fmt"
	"strings"
)

// markdown escapes what a table of MDX would read as more than text.
var markdown = strings.NewReplacer(`\`, `\\`, `{`, `\{`, `}`, `\}`, `<`, `\<`, `*`, `\*`, `|`, `\|`, `~`, `\~`)

// Markdown gives the operations as a table of the documentation, in the order in
// which they run.
func Markdown() string { return MarkdownOf(operations()) }

// MarkdownOf is [Markdown] for operations of another system.
func MarkdownOf(all []Operation) string {
	var b strings.Builder
	b.WriteString("| Operation | Default | Why | Where |\n|---|---|---|---|\n")
	for _, op := range all {
		when := op.Default
		if when != "on" && when != "off" {
			when = "on with `" + when + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", op.Name, when, markdown.Replace(op.Reason), markdown.Replace(op.Paths))
	}
	return b.String()
}
