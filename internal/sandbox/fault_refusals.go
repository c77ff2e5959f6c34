package sandbox

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// faultRefusal is the refusal with which a fault answers, in the service's words,
// or nil for a fault that refuses nothing.
func faultRefusal(r *http.Request, c *action.Call, s *action.Set, rule *fault.Rule) *wire.Error {
	switch rule.Kind {
	case fault.Throttle:
		return faultThrottle(c, s, rule.Text)
	case fault.ServerError:
		return faultServerError(c, s)
	case fault.Unavailable:
		return faultUnavailable(s)
	case fault.Error:
		status := int(rule.Status)
		if status == 0 {
			status = http.StatusBadRequest
		}
		return (&wire.Error{Code: rule.Code, Message: rule.Message}).WithStatus(status)
	case fault.Denied:
		return faultDenied(c, s, rule.Text == "explicit")
	case fault.ExpiredToken:
		return errExpired(s)
	case fault.ClockSkew:
		return skewed(r, s, skewedTime(rule))
	default:
		return nil
	}
}

// faultThrottle has EC2's two texts: the one that names the account, which is
// EC2's since 2026, and the short one before it.
func faultThrottle(c *action.Call, s *action.Set, text string) *wire.Error {
	switch {
	case s.Protocol == action.EC2Query && text == "short":
		return wire.Errorf("RequestLimitExceeded", "Request limit exceeded.").WithStatus(http.StatusServiceUnavailable)
	case s.Protocol == action.EC2Query:
		return errThrottled(c)
	case s.Protocol == action.Query:
		return wire.Errorf("Throttling", "Rate exceeded")
	}
	return wire.Errorf("ThrottlingException", "Rate exceeded")
}

func faultServerError(c *action.Call, s *action.Set) *wire.Error {
	var e *wire.Error
	switch {
	case s.Protocol == action.EC2Query:
		e = wire.Errorf("InternalError", "An internal error has occurred")
	case s.Protocol == action.Query:
		e = wire.Errorf("InternalFailure", "The request processing has failed because of an unknown error, exception or failure.")
	case c.Service == "kms":
		e = wire.Errorf("KMSInternalException", "The request was rejected because an internal exception occurred. The request can be retried.") // unverified: text
	default:
		e = wire.Errorf("InternalServerError", "An error occurred on the server side.") // unverified: text
	}
	return e.WithStatus(http.StatusInternalServerError)
}

func faultUnavailable(s *action.Set) *wire.Error {
	if s.Protocol == action.EC2Query {
		return wire.Errorf("Unavailable", "The server is overloaded and can't handle the request.").WithStatus(http.StatusServiceUnavailable) // unverified: text
	}
	return wire.Errorf("ServiceUnavailable", "The request has failed due to a temporary failure of the server.").WithStatus(http.StatusServiceUnavailable)
}

// faultDenied is worded as a denial by policy. As EC2 does, calls that read have
// no encoded message.
func faultDenied(c *action.Call, s *action.Set, explicit bool) *wire.Error {
	name := c.Service + ":" + c.Action
	text := "User: " + c.Principal + " is not authorized to perform: " + name
	if s.Protocol != action.EC2Query {
		text += " on resource: *" // unverified: the resource of a fault is not known
	}
	if explicit {
		text += " with an explicit deny in an identity-based policy"
	} else {
		text += " because no identity-based policy allows the " + name + " action"
	}
	switch s.Protocol {
	case action.EC2Query:
		if !strings.HasPrefix(c.Action, "Describe") {
			text += ". Encoded authorization failure message: " + encodedMessage(text+c.RequestID)
		}
		return wire.Errorf("UnauthorizedOperation", "You are not authorized to perform this operation. %s", text).WithStatus(http.StatusForbidden)
	case action.Query:
		return wire.Errorf("AccessDenied", "%s", text).WithStatus(http.StatusForbidden)
	default:
		return wire.Errorf("AccessDeniedException", "%s", text)
	}
}

// encodedMessage looks as EC2's does: no policy has denied the call, so there is
// nothing in it that could be decoded.
func encodedMessage(text string) string {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.BestCompression) // the level is a valid one
	_, _ = w.Write([]byte(text))                            // a bytes.Buffer takes every write
	_ = w.Close()
	return base64.RawURLEncoding.EncodeToString(packed.Bytes())
}

// skewedTime is the time of a service whose clock is off, seen from the clock by
// which clients on this machine sign.
func skewedTime(rule *fault.Rule) time.Time { return time.Now().Add(time.Duration(rule.By)).UTC() }

// maxSkew is how far a signature's time may be from the service's.
const maxSkew = 5 * time.Minute

// skewed refuses a request whose signature is too far from the service's time, or
// carries none. EC2 tells no more than that the credentials are no good; the
// others tell the times.
func skewed(r *http.Request, s *action.Set, now time.Time) *wire.Error {
	const spelling = "20060102T150405Z"
	stamp := r.Header.Get("X-Amz-Date")
	if stamp == "" {
		stamp = r.URL.Query().Get("X-Amz-Date")
	}
	signed, err := time.Parse(spelling, stamp)
	off := now.Sub(signed)
	if err == nil && off.Abs() <= maxSkew {
		return nil
	}
	at := now.UTC().Format(spelling)
	text := "Signature expired: " + stamp + " is now earlier than " + now.Add(-maxSkew).UTC().Format(spelling) + " (" + at + " - 5 min.)"
	if off < 0 {
		text = "Signature not yet current: " + stamp + " is still later than " + now.Add(maxSkew).UTC().Format(spelling) + " (" + at + " + 5 min.)"
	}
	switch s.Protocol {
	case action.EC2Query:
		return errCredentials(s)
	case action.Query:
		return wire.Errorf("SignatureDoesNotMatch", "%s", text).WithStatus(http.StatusForbidden)
	default:
		return wire.Errorf("InvalidSignatureException", "%s", text)
	}
}
