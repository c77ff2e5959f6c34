package policy

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// member is one name with its value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// members are those of an object in their order. A name that comes twice, and
// anything after the object, is a syntax error, as is what is no object.
func members(text []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	open, err := d.Token()
	if err != nil || open != json.Delim('{') {
		return nil, malformed(textSyntax)
	}
	var all []member
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		key, ok := name.(string)
		if err != nil || !ok || seen[key] {
			return nil, malformed(textSyntax)
		}
		seen[key] = true
		m := member{name: key}
		if d.Decode(&m.value) != nil {
			return nil, malformed(textSyntax)
		}
		all = append(all, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, malformed(textSyntax)
	}
	if _, err := d.Token(); err != io.EOF { //nolint:errorlint // the decoder gives io.EOF itself
		return nil, malformed(textSyntax)
	}
	return all, nil
}

func read(text string) (*Document, error) {
	if !json.Valid([]byte(text)) {
		return nil, malformed(textJSON)
	}
	all, err := members([]byte(text))
	if err != nil {
		return nil, err
	}
	d := &Document{}
	for _, m := range all {
		switch m.name {
		case "Version":
			err = word(m.value, &d.Version)
			if err == nil && d.Version != versionNew && d.Version != versionOld {
				err = malformed(textSyntax)
			}
		case "Id":
			err = word(m.value, &d.ID)
		case "Statement":
			d.Statements, err = readStatements(m.value)
		default:
			err = malformed(textSyntax)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(d.Statements) == 0 {
		return nil, malformed(textSyntax)
	}
	return d, nil
}

// word reads a JSON string and nothing else.
func word(value json.RawMessage, to *string) error {
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, to) != nil {
		return malformed(textSyntax)
	}
	return nil
}

func readStatements(value json.RawMessage) ([]Statement, error) {
	list := []json.RawMessage{value}
	if value[0] == '[' && json.Unmarshal(value, &list) != nil {
		return nil, malformed(textSyntax)
	}
	all := make([]Statement, 0, len(list))
	for _, one := range list {
		s, err := readStatement(one)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func readStatement(value json.RawMessage) (Statement, error) {
	var s Statement
	all, err := members(value)
	if err != nil {
		return s, err
	}
	for _, m := range all {
		switch m.name {
		case "Sid":
			err = word(m.value, &s.Sid)
		case "Effect":
			err = readEffect(m.value, &s.Effect)
		case "Action":
			s.Actions, err = words(m.value)
		case "NotAction":
			s.NotActions, err = words(m.value)
		case "Resource":
			s.Resources, err = words(m.value)
		case "NotResource":
			s.NotResources, err = words(m.value)
		case "Principal":
			s.Principals, err = readPrincipals(m.value)
		case "NotPrincipal":
			s.NotPrincipals, err = readPrincipals(m.value)
		case "Condition":
			s.Conditions, err = readConditions(m.value)
		default:
			err = malformed(textSyntax)
		}
		if err != nil {
			return s, err
		}
	}
	both := s.Actions != nil && s.NotActions != nil || s.Resources != nil && s.NotResources != nil || s.Principals != nil && s.NotPrincipals != nil
	if s.Effect == "" || both {
		return s, malformed(textSyntax)
	}
	return s, nil
}

// readEffect takes Allow and Deny; in another case only the older parser refuses.
func readEffect(value json.RawMessage, to *Effect) error {
	var text string
	if err := word(value, &text); err != nil {
		return err
	}
	switch {
	case text == string(Allow), text == string(Deny):
		*to = Effect(text)
		return nil
	case strings.EqualFold(text, string(Allow)), strings.EqualFold(text, string(Deny)):
		return malformed(textLegacy)
	}
	return malformed(textSyntax)
}

// words reads a string or a list of them; the list is never nil.
func words(value json.RawMessage) ([]string, error) {
	list := []string{""}
	if value[0] != '[' {
		return list, word(value, &list[0])
	}
	var raw []json.RawMessage
	if json.Unmarshal(value, &raw) != nil {
		return nil, malformed(textSyntax)
	}
	list = make([]string, len(raw))
	for i := range raw {
		if err := word(raw[i], &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func readPrincipals(value json.RawMessage) (*Principals, error) {
	if value[0] == '"' {
		var text string
		if err := word(value, &text); err != nil {
			return nil, err
		}
		if text != "*" {
			return nil, malformed(textSyntax)
		}
		return &Principals{Any: true}, nil
	}
	all, err := members(value)
	if err != nil {
		return nil, err
	}
	p := &Principals{}
	for _, m := range all {
		list, err := words(m.value)
		if err != nil {
			return nil, err
		}
		switch m.name {
		case "AWS":
			p.AWS = list
		case "Service":
			p.Service = list
		case "Federated":
			p.Federated = list
		case "CanonicalUser":
			p.CanonicalUser = list
		default:
			return nil, malformed(textSyntax)
		}
	}
	return p, nil
}

func readConditions(value json.RawMessage) ([]Condition, error) {
	blocks, err := members(value)
	if err != nil {
		return nil, err
	}
	var all []Condition
	for _, block := range blocks {
		keys, err := members(block.value)
		if err != nil {
			return nil, err
		}
		operator, known := readOperator(block.name)
		if !known && len(keys) > 0 {
			return nil, malformed(textSyntax)
		}
		for _, m := range keys {
			values, err := scalars(m.value)
			if err != nil {
				return nil, err
			}
			all = append(all, Condition{Operator: operator, Key: m.name, Values: values})
		}
	}
	return all, nil
}

// scalars reads strings, numbers and booleans, one or a list, as strings.
func scalars(value json.RawMessage) ([]string, error) {
	raw := []json.RawMessage{value}
	if value[0] == '[' && json.Unmarshal(value, &raw) != nil {
		return nil, malformed(textSyntax)
	}
	list := make([]string, len(raw))
	for i, one := range raw {
		switch one[0] {
		case '{', '[', 'n':
			return nil, malformed(textSyntax)
		case '"':
			if err := word(one, &list[i]); err != nil {
				return nil, err
			}
		default:
			list[i] = string(one)
		}
	}
	return list, nil
}

// readOperator takes an operator's name apart.
func readOperator(name string) (Operator, bool) {
	var o Operator
	if set, rest, found := strings.Cut(name, ":"); found {
		if set != forAll && set != forAny {
			return o, false
		}
		o.Set, name = set, rest
	}
	o.Name, o.IfExists = strings.CutSuffix(name, "IfExists")
	_, known := operators[o.Name]
	if o.Name == opNull {
		known = o == Operator{Name: opNull}
	}
	return o, known
}
