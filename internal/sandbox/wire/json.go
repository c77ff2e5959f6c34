package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// DecodeJSON fills target from the document of a JSON 1.1 request. A member that
// target has no field for is refused as a parameter of Query is, so that no test
// passes because the endpoint ignored something.
func DecodeJSON(body []byte, target any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(target)
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			return Errorf("SerializationException", "")
		}
		return nil
	case errors.As(err, &kind):
		return Errorf("SerializationException", "%s_VALUE cannot be converted to %s", strings.ToUpper(kind.Value), kind.Type.Kind()) // unverified: the names of the types
	}
	if _, name, unknown := strings.Cut(err.Error(), "unknown field "); unknown {
		return Errorf("ValidationException", "The parameter %s is not recognized", strings.Trim(name, `"`)) // unverified: AWS ignores most unknown members
	}
	return Errorf("SerializationException", "")
}

// JSONError is the body of a refused call of a JSON service. A refusal without a
// text has no message member.
func JSONError(e *Error) []byte {
	small, large := e.Message, ""
	if e.capital {
		small, large = "", e.Message
	}
	body, err := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message,omitempty"`
		Capital string `json:"Message,omitempty"`
	}{e.Code, small, large})
	if err != nil {
		panic("wire: strings always marshal: " + err.Error())
	}
	return body
}
