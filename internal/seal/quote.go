package seal

import "strings"

// Quote gives s as one word of a POSIX shell, whatever bytes it holds. A NUL
// cannot stand in a shell word: callers refuse it before (see [Options]).
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// globLiteral gives s as a pattern of find -path that matches s alone.
func globLiteral(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
