// Package shell writes values into programs for a POSIX shell. It decides how a
// value is quoted, and nothing of what the programs do.
package shell

import "strings"

// Quote gives s as one word of a POSIX shell, whatever bytes it holds. A NUL
// cannot stand in a shell word: callers refuse it before.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
