package seal

import (
	"fmt"
	"slices"
	"strings"
)

// unknown explains a name that no operation has.
func unknown(name string) error {
	return fmt.Errorf("no operation is called %q; did you mean %q? The operations are %s",
		name, Nearest(name, order), strings.Join(order, ", "))
}

// Nearest gives the one of known that takes the fewest edits to become name.
func Nearest(name string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int { return edits(name, a) - edits(name, b) })
}

// edits is the Levenshtein distance, in bytes: operations' names are ASCII.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
