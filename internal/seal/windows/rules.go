package windows

import (
	"regexp/syntax"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

// rule is a rule of the secret scan as .NET searches a whole text by it.
type rule struct {
	name    string
	sure    string // what every finding holds, or nothing; it is searched first, by far quicker
	pattern string
}

// rules gives the rules that [seal.Rules] has.
func rules() []rule {
	all := make([]rule, 0, len(seal.Rules()))
	for _, r := range seal.Rules() {
		all = append(all, rule{r.Name, sure(r.Pattern), pattern(r.Pattern)})
	}
	return all
}

// examplePattern is of findings that are documentation's, for the found text alone.
func examplePattern() string {
	all := seal.Examples()
	for i, example := range all {
		all[i] = strings.TrimSuffix(pattern(example), "$")
		if strings.HasSuffix(example, "$") {
			all[i] += `\z` // in .NET $ is before a newline at the end too
		}
	}
	return strings.Join(all, "|")
}

// schemeHead is the beginning of a pattern from which .NET, which is no automaton, would
// look through a long run of letters once for each of them. It stands wherever
// schemeTail does, which begins at the last of these letters.
const (
	schemeHead = "[a-z][a-z0-9+.-]*://"
	schemeTail = "[a-z][0-9+.-]*://"
)

// pattern gives an extended regular expression of POSIX, which is for lines, as one of
// .NET that finds the same in a text of lines. Both read literals, groups,
// alternatives, counts and lists of characters alike; a test holds every pattern
// against that. Apart are classes, which .NET has not, and what a list that is turned
// round says of the end of a line.
func pattern(posix string) string {
	if rest, ok := strings.CutPrefix(posix, schemeHead); ok {
		posix = schemeTail + rest
	}
	var b strings.Builder
	for posix != "" {
		list := listOf(posix)
		if list == "" {
			b.WriteByte(posix[0])
			posix = posix[1:]
			continue
		}
		posix = posix[len(list):]
		inner := strings.ReplaceAll(list[1:len(list)-1], "[:space:]", `\t\v\f\r `)
		if strings.HasPrefix(inner, "^") {
			inner += `\n`
		}
		b.WriteString("[" + inner + "]")
	}
	return b.String()
}

// listOf gives the list of characters, in brackets, with which a pattern begins.
func listOf(posix string) string {
	if !strings.HasPrefix(posix, "[") {
		return ""
	}
	at := len("[")
	for !strings.HasPrefix(posix[at:], "]") {
		if strings.HasPrefix(posix[at:], "[:") {
			at += strings.Index(posix[at:], ":]") + len(":]")
		} else {
			at++
		}
	}
	return posix[:at+1]
}

// sure gives the longest text that is in all that the pattern matches.
func sure(posix string) string {
	parsed, err := syntax.Parse(posix, syntax.POSIX)
	if err != nil {
		return "" // a test compiles every pattern
	}
	return longest(parsed)
}

func longest(r *syntax.Regexp) string {
	switch r.Op {
	case syntax.OpLiteral:
		return string(r.Rune)
	case syntax.OpConcat:
		best := ""
		for _, part := range r.Sub {
			if text := longest(part); len(text) > len(best) {
				best = text
			}
		}
		return best
	case syntax.OpCapture, syntax.OpPlus:
		return longest(r.Sub[0])
	default:
		return "" // it may be absent, or be one of several
	}
}
