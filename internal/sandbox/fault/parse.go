package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxPlan is more than any plan needs, in bytes.
const maxPlan = 1 << 20

// Parse reads a plan. It refuses what it does not know, and names line and field.
func Parse(text []byte) (Spec, error) {
	s := Spec{Rules: []Rule{}}
	if len(text) > maxPlan {
		return s, fmt.Errorf("a plan has at most %d bytes, this one has %d", maxPlan, len(text))
	}
	d := &decoder{text: text, json: json.NewDecoder(bytes.NewReader(text))}
	err := d.object("", map[string]func(string) error{
		"seed":  func(at string) error { return d.value(at, "a whole number from 0", &s.Seed) },
		"rules": func(at string) error { return d.rules(at, &s) },
	})
	if err != nil {
		return Spec{}, err
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return Spec{}, d.errorf("", "there is more after the end of the plan")
	}
	return s, s.name()
}

// name names the rules that have no name, and refuses a name that two have.
func (s *Spec) name() error {
	lines := map[string]int{}
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.Name == "" {
			r.Name, r.unnamed = fmt.Sprintf("rule %d", i+1), true
		}
		if line, taken := lines[r.Name]; taken {
			return fmt.Errorf("line %d: rules[%d].name: %q is the name of the rule in line %d too", r.line, i, r.Name, line)
		}
		lines[r.Name] = r.line
	}
	return nil
}

// decoder walks through the JSON text and knows where it is.
type decoder struct {
	text []byte
	json *json.Decoder
}

// errorf tells where the decoder is, and at which field.
func (d *decoder) errorf(at, format string, args ...any) error {
	offset := min(int(d.json.InputOffset()), len(d.text)) //nolint:gosec // no more than the text's length
	where := fmt.Sprintf("line %d: ", 1+bytes.Count(d.text[:offset], []byte("\n")))
	if at != "" {
		where += at + ": "
	}
	return fmt.Errorf("%s%w", where, fmt.Errorf(format, args...))
}

// object reads an object whose fields are read by the functions. Each field may
// occur once.
func (d *decoder) object(at string, fields map[string]func(at string) error) error {
	if err := d.delimiter(at, '{', "an object"); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.json.More() {
		token, err := d.json.Token()
		if err != nil {
			return d.errorf(at, "%w", err)
		}
		name, _ := token.(string) // the names in an object are strings
		read, known := fields[name]
		switch {
		case !known:
			return d.errorf(at, "there is no field %q; there are %s", name, strings.Join(sorted(fields), ", "))
		case seen[name]:
			return d.errorf(at, "the field %q occurs twice", name)
		}
		seen[name] = true
		if err := read(strings.TrimPrefix(at+"."+name, ".")); err != nil {
			return err
		}
	}
	return d.delimiter(at, '}', "the end of the object")
}

func (d *decoder) delimiter(at string, want json.Delim, what string) error {
	token, err := d.json.Token()
	if err != nil {
		return d.errorf(at, "want %s: %w", what, err)
	}
	if token != want {
		return d.errorf(at, "want %s, got %v", what, token)
	}
	return nil
}

// value reads one value of a plain type.
func (d *decoder) value(at, want string, into any) error {
	var text json.RawMessage
	if err := d.json.Decode(&text); err != nil {
		return d.errorf(at, "%w", err)
	}
	if string(text) == "null" || json.Unmarshal(text, into) != nil {
		return d.errorf(at, "want %s, got %s", want, shortened(text))
	}
	return nil
}

func shortened(text []byte) string {
	const most = 60
	if len(text) > most {
		return string(text[:most]) + "..."
	}
	return string(text)
}

func (d *decoder) rules(at string, s *Spec) error {
	if err := d.delimiter(at, '[', "a list of rules"); err != nil {
		return err
	}
	for d.json.More() {
		var r Rule
		if err := d.rule(fmt.Sprintf("%s[%d]", at, len(s.Rules)), &r); err != nil {
			return err
		}
		s.Rules = append(s.Rules, r)
	}
	return d.delimiter(at, ']', "the end of the list")
}

// rule reads a rule and checks that its kind takes the fields that it has.
func (d *decoder) rule(at string, r *Rule) error {
	given := map[string]bool{}
	fields := d.ruleFields(r)
	for name, read := range fields {
		fields[name] = func(at string) error {
			given[name] = true
			return read(at)
		}
	}
	if err := d.object(at, fields); err != nil {
		return err
	}
	r.line = 1 + bytes.Count(d.text[:d.json.InputOffset()], []byte("\n"))
	if r.Kind == "" {
		return d.errorf(at, "the field \"kind\" is missing; there are %s", strings.Join(Kinds(), ", "))
	}
	own := shapes[r.Kind]
	for _, name := range sorted(given) {
		if !slices.Contains(everyKind, name) && !slices.Contains(own.fields, name) {
			return d.errorf(at, "the kind %s takes no field %q; it takes %s", r.Kind, name, list(own.fields))
		}
	}
	for _, name := range own.mandatory {
		if !given[name] {
			return d.errorf(at, "the kind %s needs the field %q", r.Kind, name)
		}
	}
	if given["text"] && !slices.Contains(wordings[r.Kind], r.Text) {
		return d.errorf(at+".text", "want %s, got %q", strings.Join(wordings[r.Kind], " or "), r.Text)
	}
	return nil
}

// everyKind are the fields that every rule may have.
var everyKind = []string{"name", "kind", "when", "probability", "times"}

func (d *decoder) ruleFields(r *Rule) map[string]func(string) error {
	return map[string]func(string) error{
		"name":             d.word(&r.Name),
		"kind":             d.kind(&r.Kind),
		"when":             func(at string) error { return d.when(at, &r.When) },
		"probability":      d.probability(&r.Probability),
		"times":            d.whole(&r.Times, 1, 1<<53),
		"applied":          func(at string) error { return d.value(at, "true or false", &r.Applied) },
		"text":             d.word(&r.Text),
		"code":             d.word(&r.Code),
		"message":          d.word(&r.Message),
		"status":           d.whole(&r.Status, 400, 599),
		"by":               d.span(&r.By, true),
		"bytes":            d.bytes(&r.Bytes),
		"bytes_per_second": d.whole(&r.BytesPerSecond, 1, 1<<30),
		"for":              d.span(&r.For, false),
		"after":            d.span(&r.After, false),
		"visible":          d.span(&r.Visible, false),
		"gone":             d.span(&r.Gone, false),
		"pending":          d.span(&r.Pending, false),
		"cycles":           d.whole(&r.Cycles, 1, 1<<20),
		"type":             d.word(&r.Type),
		"zone":             d.word(&r.Zone),
	}
}

func (d *decoder) when(at string, w *When) error {
	return d.object(at, map[string]func(string) error{
		"calls": d.turns(&w.Calls), "nth": d.turns(&w.Nth), "service": d.word(&w.Service), "action": d.word(&w.Action),
		"region": d.word(&w.Region), "account": d.word(&w.Account), "resource": d.word(&w.Resource),
	})
}
