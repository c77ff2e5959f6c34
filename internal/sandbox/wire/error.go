package wire

import (
	"fmt"
	"net/http"
)

// Error is a refusal as AWS words it. Status is the HTTP status, Code and
// Message are what an SDK shows to its caller.
type Error struct {
	Status  int
	Code    string
	Message string

	// capital spells the name of a JSON error's message with a capital letter.
	capital bool
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf is a client error (HTTP 400, which EC2 uses for nearly all of them).
func Errorf(code, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Capital gives the same refusal with its message as "Message" in JSON: services
// spell it so for some of their errors, and SDKs read no other spelling there.
func (e *Error) Capital() *Error {
	c := *e
	c.capital = true
	return &c
}

// WithStatus gives the same refusal another HTTP status.
func (e *Error) WithStatus(status int) *Error {
	c := *e
	c.Status = status
	return &c
}

// ErrDryRun is the answer to a permitted call with DryRun: EC2 gives 412.
func ErrDryRun() *Error {
	return Errorf("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").
		WithStatus(http.StatusPreconditionFailed)
}

// ErrUnknownAction is EC2's answer to an action that it does not have.
func ErrUnknownAction(action, version string) *Error {
	return Errorf("InvalidAction", "The action %s is not valid for this web service. (version %s)", action, version)
}

// ErrMissing names a required parameter that the request lacks.
func ErrMissing(param string) *Error {
	return Errorf("MissingParameter", "The request must contain the parameter %s", param)
}

// ErrUnknownParameter names a parameter that the action does not take.
func ErrUnknownParameter(param string) *Error {
	return Errorf("UnknownParameter", "The parameter %s is not recognized", param)
}

// ErrInvalidValue is EC2's general complaint about a parameter's value.
func ErrInvalidValue(param, value, why string) *Error {
	return Errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. %s", value, param, why)
}
