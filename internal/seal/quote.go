package seal

import "strings"

// globLiteral gives s as a pattern of find -path that matches s alone.
func globLiteral(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
