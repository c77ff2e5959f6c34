package cloud

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// regionError says in which Region a call failed; the SDK's own errors do not.
type regionError struct {
	region string
	err    error
}

func (e *regionError) Error() string { return e.region + ": " + e.err.Error() }
func (e *regionError) Unwrap() error { return e.err }

// Explain gives one line that tells what failed, where and why, in AWS's words:
//
//	EC2 RunInstances in eu-west-1: UnauthorizedOperation: You are not … (HTTP 403, request 55fd8f1b-…)
//
// URLs lose their query (a presigned one is a credential), control characters
// are dropped, and the encoded part of an authorization failure is left out:
// [Clients.DecodeAuthorization] gives its text. It is "" for nil.
func Explain(err error) string {
	if err == nil {
		return ""
	}
	var b strings.Builder
	var op *smithy.OperationError
	if errors.As(err, &op) {
		b.WriteString(op.Service() + " " + op.Operation())
		var in *regionError
		if errors.As(err, &in) {
			b.WriteString(" in " + in.region)
		}
		b.WriteString(": ")
	}
	b.WriteString(reason(err, op))
	if facts := answerFacts(err); facts != "" {
		b.WriteString(" (" + facts + ")")
	}
	return Printable(b.String())
}

// reason gives code and message of AWS's answer, or what kept it from coming.
func reason(err error, op *smithy.OperationError) string {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != unknownCode {
		text := encodedFailure.ReplaceAllString(api.ErrorMessage(), "")
		if text == "" {
			return api.ErrorCode()
		}
		return api.ErrorCode() + ": " + text
	}
	if status := httpStatus(err); status != 0 {
		return fmt.Sprintf("the endpoint answered HTTP %d with something that is not an AWS error; a proxy or a wrong endpoint may be in the way", status)
	}
	if op == nil {
		return err.Error()
	}
	inner := op.Err
	var in *regionError
	if errors.As(inner, &in) {
		inner = in.err
	}
	return inner.Error()
}

func answerFacts(err error) string {
	var facts []string
	if status := httpStatus(err); status != 0 && Code(err) != "" {
		facts = append(facts, fmt.Sprintf("HTTP %d", status))
	}
	var res *awshttp.ResponseError
	if errors.As(err, &res) && res.ServiceRequestID() != "" {
		facts = append(facts, "request "+res.ServiceRequestID())
	}
	return strings.Join(facts, ", ")
}

var (
	encodedFailure = regexp.MustCompile(`\s*Encoded authorization failure message:\s*(\S+)`)
	urlQuery       = regexp.MustCompile(`(https?://[^\s"'?<>]+)\?[^\s"'<>]*`)
)

// maxLine bounds what a remote side can make us print.
const maxLine = 4096

// Printable makes text of a remote side fit for a terminal and a log: one line,
// no control characters or escapes, no query in a URL, at most 4 KiB.
func Printable(s string) string {
	s = urlQuery.ReplaceAllString(s, "$1")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > maxLine {
		s = strings.ToValidUTF8(s[:maxLine], "") + "…"
	}
	return s
}

// DecodeAuthorization gives the decoded text (JSON) of an encoded authorization
// failure in err, or "" if err holds none. It needs the permission
// sts:DecodeAuthorizationMessage, so it is for those who ask for it.
func (c *Clients) DecodeAuthorization(ctx context.Context, err error) (string, error) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return "", nil
	}
	found := encodedFailure.FindStringSubmatch(api.ErrorMessage())
	if found == nil {
		return "", nil
	}
	out, err := c.STS("").DecodeAuthorizationMessage(ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: &found[1]})
	if err != nil {
		return "", fmt.Errorf("the authorization failure could not be decoded: %w", err)
	}
	if out.DecodedMessage == nil {
		return "", nil
	}
	return *out.DecodedMessage, nil
}
