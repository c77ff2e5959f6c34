package policy

import "strings"

// expand puts the values of policy variables into a text. With wild, stars and
// question marks of the text itself are wildcards; those of values, and ${*}, ${?}
// and ${$}, never are. It fails where a variable has no value, or several, and no
// default: the statement then does not match (IAM User Guide, "Variables and
// tags"). Documents of the older version have no variables.
func (d *Document) expand(text string, context Context, wild bool) ([]unit, bool) {
	if d.Version != versionNew {
		return asPattern(text, wild), true
	}
	var all []unit
	for {
		before, rest, found := strings.Cut(text, "${")
		all = append(all, asPattern(before, wild)...)
		if !found {
			return all, true
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return append(all, asPattern("${"+rest, wild)...), true
		}
		value, ok := variable(name, context)
		if !ok {
			return nil, false
		}
		all, text = append(all, plain(value)...), after
	}
}

func asPattern(text string, wild bool) []unit {
	if wild {
		return wildcards(text)
	}
	return plain(text)
}

// variable is the value of what stands between ${ and }: a key, or a key with
// ", 'default'".
func variable(name string, context Context) (string, bool) {
	switch name {
	case "*", "?", "$":
		return name, true
	}
	key, fallback, hasDefault := strings.Cut(name, ",")
	if values := context.Values(strings.TrimSpace(key)); len(values) == 1 {
		return values[0], true
	}
	fallback = strings.TrimSpace(fallback)
	if hasDefault && len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\'' {
		return fallback[1 : len(fallback)-1], true
	}
	return "", false
}
