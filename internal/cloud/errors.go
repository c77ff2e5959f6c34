package cloud

import (
	"context"
	"errors"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Code gives the AWS error code in err, such as InvalidAMIID.NotFound, or "" if
// err holds none: a connection that broke, an answer that was not AWS's, nil.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		if code := api.ErrorCode(); code != unknownCode {
			return code
		}
	}
	return ""
}

// unknownCode is what the SDK says when an error answer holds no code it can read.
const unknownCode = "UnknownError"

// IsNotFound tells that the thing named in the call does not exist, or does not
// yet: EC2 answers the same for both.
func IsNotFound(err error) bool { return classOf(err).has(notFound) }

// IsThrottle tells that the call came too often or that a slot must become free:
// the same call can succeed later.
func IsThrottle(err error) bool { return classOf(err).has(throttle) }

// IsPending tells that the thing exists or will, and the call is too early.
// NotFound errors of things that EC2 shows late are among them.
func IsPending(err error) bool { return classOf(err).has(pending) }

// IsDuplicate tells that the name, or the very change, is already there.
func IsDuplicate(err error) bool { return classOf(err).has(duplicate) }

// IsAuth tells that the credentials were refused or may not do this. Repeating
// the call is useless.
func IsAuth(err error) bool { return classOf(err).has(auth) }

// isExpired tells that the session of temporary credentials has ended.
func isExpired(err error) bool {
	switch Code(err) {
	case "RequestExpired", "ExpiredToken", "ExpiredTokenException":
		return true
	}
	return false
}

// IsCapacity tells that EC2 has no room for the instance in that place now;
// another Availability Zone or type may do.
func IsCapacity(err error) bool { return classOf(err).has(capacity) }

// IsInUse tells that something else still depends on the thing to be deleted.
func IsInUse(err error) bool { return classOf(err).has(inUse) }

// IsUnsupported tells that the partition or endpoint does not know the call.
func IsUnsupported(err error) bool { return classOf(err).has(unsupported) }

// IsProtected tells that an image may not be deregistered.
func IsProtected(err error) bool {
	code := Code(err)
	return code == "OperationNotPermitted" || code == "InvalidAMIID.DeregistrationProtected"
}

// IsDryRunOK tells that a call with DryRun set would have been allowed.
func IsDryRunOK(err error) bool {
	code := Code(err)
	return code == "DryRunOperation" || code == "DryRunOperationException"
}

// IsTransient tells that the fault was not the caller's: a server error, a lost
// connection, a timeout. Whether the call took effect is not known.
func IsTransient(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	class := classOf(err)
	if class.has(server) {
		return true
	}
	if class != 0 {
		return false
	}
	if status := httpStatus(err); status != 0 {
		// Wrong credentials give 401, a proxy that is in the way 407; neither passes.
		return status >= http.StatusInternalServerError || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests
	}
	return isTransport(err)
}

func httpStatus(err error) int {
	var res *awshttp.ResponseError
	if errors.As(err, &res) && res.ResponseError != nil && res.Response != nil {
		return res.HTTPStatusCode()
	}
	return 0
}

// isTransport tells that a request was sent, or tried, and no answer understood.
func isTransport(err error) bool {
	var send interface{ ConnectionError() bool }
	var timeout interface{ Timeout() bool }
	var decode *smithy.DeserializationError
	return errors.As(err, &send) && send.ConnectionError() ||
		errors.As(err, &timeout) && timeout.Timeout() ||
		errors.As(err, &decode)
}

func classOf(err error) class {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return 0
	}
	// One code for two things: a slot that becomes free and a quota that does not.
	if api.ErrorCode() == "ResourceLimitExceeded" && strings.Contains(api.ErrorMessage(), "copies in progress") {
		return throttle
	}
	return classes[api.ErrorCode()]
}
