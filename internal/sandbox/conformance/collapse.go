package conformance

import (
	"slices"
	"strings"
)

// collapse names a whole branch once where all of it is in the list and none of it
// in the other: "Ebs.*" for every field of Ebs. Both lists are in order.
func collapse(list, other []string) []string {
	var short []string
	for _, name := range list {
		branch := wholeBranch(name, other)
		if branch == "" {
			short = append(short, name)
			continue
		}
		if branch += "*"; !slices.Contains(short, branch) {
			short = append(short, branch)
		}
	}
	return short
}

// wholeBranch is the shortest beginning of a name, up to a dot, with which no name
// of the other list begins; "" where there is none.
func wholeBranch(name string, other []string) string {
	for at, r := range name {
		if r != '.' || strings.HasPrefix(name[at:], ".N.") || name[at:] == ".N" {
			continue
		}
		branch := name[:at+1]
		if !slices.ContainsFunc(other, func(o string) bool { return strings.HasPrefix(o, branch) }) {
			return branch
		}
	}
	return ""
}
