package policy

import "strings"

// kind is what a [unit] of a pattern matches.
type kind int

const (
	literal kind = iota
	// one and many match any character, one or as many as there are.
	one
	many
	// oneInside and manyInside match no colon: they stand inside a segment of an ARN.
	oneInside
	manyInside
)

// unit is a character of a pattern, or a wildcard.
type unit struct {
	kind kind
	char rune
}

// plain is text without wildcards as a pattern.
func plain(text string) []unit {
	all := make([]unit, 0, len(text))
	for _, r := range text {
		all = append(all, unit{char: r})
	}
	return all
}

// match tells whether a pattern matches all of a text. It goes through the text
// once for each unit, so that no pattern takes exponential time.
func match(pattern []unit, text string) bool {
	runes := []rune(text)
	reached := make([]bool, len(runes)+1)
	reached[0] = true
	for _, u := range pattern {
		next := make([]bool, len(runes)+1)
		for i, here := range reached {
			spreads := u.kind == many || u.kind == manyInside
			if spreads && i > 0 && next[i-1] && (u.kind == many || runes[i-1] != ':') {
				next[i] = true
			}
			if !here {
				continue
			}
			if spreads {
				next[i] = true
			} else if i < len(runes) && u.takes(runes[i]) {
				next[i+1] = true
			}
		}
		reached = next
	}
	return reached[len(runes)]
}

func (u unit) takes(r rune) bool {
	switch u.kind {
	case literal:
		return u.char == r
	case oneInside:
		return r != ':'
	default:
		return true
	}
}

// arnParts is how many parts separated by colons an ARN has; the last one may
// have colons of its own.
const arnParts = 6

// arnPattern gives the wildcards of an ARN's pattern their reach: inside one of
// the first five parts they match no colon, but a star that ends its part may
// reach beyond it (IAM User Guide, "IAM JSON policy elements: Resource").
func arnPattern(pattern []unit) []unit {
	all := make([]unit, len(pattern))
	colons := 0
	for i, u := range pattern {
		last := i+1 == len(pattern) || pattern[i+1] == unit{char: ':'}
		switch {
		case u == unit{char: ':'}:
			colons++
		case colons >= arnParts-1:
		case u.kind == many && !last:
			u.kind = manyInside
		case u.kind == one:
			u.kind = oneInside
		}
		all[i] = u
	}
	return all
}

// matchAction tells whether an action's pattern matches; actions are not
// case-sensitive and have no policy variables.
func matchAction(pattern, action string) bool {
	return match(wildcards(strings.ToLower(pattern)), strings.ToLower(action))
}

// wildcards is a pattern whose stars and question marks are wildcards.
func wildcards(text string) []unit {
	all := plain(text)
	for i, u := range all {
		switch u.char {
		case '*':
			all[i].kind = many
		case '?':
			all[i].kind = one
		}
	}
	return all
}
