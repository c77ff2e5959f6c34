package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// Fields are the parameters of an action's input or the fields of its output, by
// what became of them.
type Fields struct {
	Exact, Absent []string
	// Simplified are fields whose meaning differs: name and difference.
	Simplified Differences
}

// Differences are those of one input or output.
type Differences []Difference

// Difference is a field and how it differs from AWS's.
type Difference struct{ Name, What string }

// Action is what the endpoint has of one action.
type Action struct {
	Service, Name string
	Input, Output Fields
}

// Of looks at every action of a service, in the order of their names.
func Of(set *action.Set) ([]Action, error) {
	tap := &wireTap{contentType: "text/xml"}
	switch set.Protocol {
	case action.JSON:
		tap.contentType = "application/x-amz-json-1.1"
	case action.REST:
		tap.contentType = "application/json"
	case action.EC2Query, action.Query:
	}
	client, err := clientOf(set.Service, tap)
	if err != nil {
		return nil, err
	}
	var all []Action
	for _, name := range set.Names() {
		one, err := look(set, name, client, tap)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", set.Service, name, err)
		}
		all = append(all, one)
	}
	return all, nil
}

func look(set *action.Set, name string, client any, tap *wireTap) (Action, error) {
	ours := set.Actions[name]
	answer := reflect.New(ours.Output)
	fill(answer.Elem(), 0)
	var err error
	if tap.answer, err = encode(set, name, answer.Interface()); err != nil {
		return Action{}, err
	}
	sent, output, err := exchange(client, name, tap)
	if err != nil {
		return Action{}, err
	}
	one := Action{Service: set.Service, Name: name}
	switch set.Protocol {
	case action.REST: // what the path has is a member too
		_, sent = set.Match(tap.method, tap.url, sent)
		err = one.Input.json(sent, ours.Input)
	case action.JSON:
		err = one.Input.json(sent, ours.Input)
	case action.EC2Query, action.Query:
		err = one.Input.form(string(sent), ours.Input)
	}
	if err != nil {
		return Action{}, err
	}
	one.Output.read(output.Elem(), "")
	one.Input.settle(ours.Input)
	one.Output.settle(ours.Output)
	return one, nil
}

func encode(set *action.Set, name string, answer any) ([]byte, error) {
	switch set.Protocol {
	case action.EC2Query:
		return wire.EC2Response(name, "id", answer)
	case action.Query:
		return wire.QueryResponse(set.Namespace, name, "id", answer)
	case action.JSON, action.REST:
	}
	return json.Marshal(answer)
}

var position = regexp.MustCompile(`\.1\b`)

// form sorts the parameters that the client sent by whether the input takes them.
func (f *Fields) form(sent string, input reflect.Type) error {
	params, err := url.ParseQuery(sent)
	if err != nil {
		return err
	}
	for _, always := range []string{"Action", "Version", "DryRun"} {
		params.Del(always)
	}
	all := make(url.Values, len(params))
	for name := range params {
		all[name] = params[name]
	}
	for {
		err := wire.Decode(params, reflect.New(input).Interface())
		var refusal *wire.Error
		switch {
		case err == nil:
			for name := range all {
				if _, taken := params[name]; taken {
					f.Exact = append(f.Exact, plain(name))
				}
			}
			return nil
		case !errors.As(err, &refusal):
			return err
		}
		name, unknown := namedIn(refusal, params)
		if name == "" {
			return fmt.Errorf("the input cannot be read: %w", err)
		}
		params.Del(name)
		if unknown {
			f.Absent = append(f.Absent, plain(name))
		} else { // another kind of value is wanted: the parameter is known
			f.Exact = append(f.Exact, plain(name))
		}
	}
}

// namedIn is the parameter that a refusal names, and whether it is unknown.
func namedIn(refusal *wire.Error, params url.Values) (string, bool) {
	for name := range params {
		if slices.Contains(strings.FieldsFunc(refusal.Message, func(r rune) bool { return r == ' ' || r == ',' }), strings.TrimSuffix(name, ".")) ||
			strings.Contains(refusal.Message, " "+name+".") && refusal.Code != "UnknownParameter" {
			return name, refusal.Code == "UnknownParameter"
		}
	}
	return "", false
}

// plain is a parameter's name with N for the positions in lists.
func plain(name string) string {
	name = strings.ReplaceAll(name, ".member.1", ".1")
	return position.ReplaceAllString(name, ".N")
}

// read sorts the fields of the client's output by whether they have a value.
func (f *Fields) read(v reflect.Value, path string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || field.Name == "ResultMetadata" {
			continue
		}
		f.value(v.Field(i), path+field.Name)
	}
}

func (f *Fields) value(v reflect.Value, name string) {
	switch {
	case v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0:
		f.Absent = append(f.Absent, name)
	case v.Kind() == reflect.Pointer:
		f.value(v.Elem(), name)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		f.value(v.Index(0), name+"[]")
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeOf(aTime):
		f.read(v, name+".")
	default:
		f.Exact = append(f.Exact, name)
	}
}

// settle notes what our own type says of its differences and puts all in order.
func (f *Fields) settle(ours reflect.Type) {
	f.Simplified = differences(ours, "", 0)
	slices.Sort(f.Exact)
	slices.Sort(f.Absent)
	f.Exact, f.Absent = slices.Compact(f.Exact), slices.Compact(f.Absent)
}
