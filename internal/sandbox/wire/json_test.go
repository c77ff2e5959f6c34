package wire

import (
	"errors"
	"testing"
)

func TestDecodeJSONRefuses(t *testing.T) {
	t.Parallel()
	type input struct {
		Name   string
		Number int
	}
	for body, want := range map[string]string{
		`{"Name":"n","Number":1}`: "",
		` `:                       "",
		`{"Colour":"red"}`:        "ValidationException: The parameter Colour is not recognized",
		`{"Number":"one"}`:        "SerializationException: STRING_VALUE cannot be converted to int",
		`{"Name":`:                "SerializationException: ",
		`{} {}`:                   "SerializationException: ",
	} {
		var in input
		err := DecodeJSON([]byte(body), &in)
		var refusal *Error
		if want == "" && err == nil {
			continue
		}
		if !errors.As(err, &refusal) || refusal.Error() != want {
			t.Errorf("%s: got %v, want %q", body, err, want)
		}
	}
}

func TestJSONErrorsWithoutTextHaveNoMessage(t *testing.T) {
	t.Parallel()
	if got := string(JSONError(Errorf("ParameterNotFound", ""))); got != `{"__type":"ParameterNotFound"}` {
		t.Errorf("got %s", got)
	}
}
