package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
)

func apiError(code, message string) error {
	return fmt.Errorf("x: %w", &smithy.OperationError{ServiceID: "EC2", OperationName: "CopyImage", Err: &smithy.GenericAPIError{Code: code, Message: message}})
}

func TestClasses(t *testing.T) {
	t.Parallel()
	checks := map[string]func(error) bool{
		"not found": IsNotFound, "throttle": IsThrottle, "pending": IsPending, "duplicate": IsDuplicate, "auth": IsAuth,
		"capacity": IsCapacity, "in use": IsInUse, "transient": IsTransient, "unsupported": IsUnsupported,
	}
	for code, want := range map[string]string{
		"InvalidAMIID.NotFound": "not found, pending", "InvalidAMIID.Unavailable": "not found, pending",
		"InvalidSnapshotID.NotFound": "not found, pending", "InvalidKeyPair.NotFound": "not found",
		"NoSuchEntity": "not found, pending", "NotFoundException": "not found",
		"RequestLimitExceeded": "throttle", "ConcurrentSnapshotLimitExceeded": "throttle", "ConcurrentTagAccess": "throttle",
		"InvalidGroup.Duplicate": "duplicate", "InvalidAMIName.Duplicate": "duplicate",
		"UnauthorizedOperation": "auth", "ExpiredToken": "auth", "OptInRequired": "auth", "AccessDeniedException": "auth",
		"InsufficientInstanceCapacity": "capacity", "DependencyViolation": "in use", "InvalidSnapshot.InUse": "in use",
		"InternalError": "transient", "Unavailable": "transient", "IncorrectState": "pending", "InvalidAction": "unsupported",
		"InvalidRequest": "", "IdempotentParameterMismatch": "", "InvalidParameterValue": "", "UnknownError": "", "": "",
	} {
		for name, is := range checks {
			if got, wanted := is(apiError(code, "m")), strings.Contains(", "+want+",", ", "+name+","); got != wanted {
				t.Errorf("%s: %s is %v", code, name, got)
			}
		}
	}
	for name, is := range checks {
		if is(nil) || is(errors.New("plain")) || is(context.Canceled) {
			t.Errorf("%s is said of what AWS did not say", name)
		}
	}
}

// The slot for snapshot copies is told from other limits by its message alone.
func TestCopySlotIsAThrottleAndAQuotaIsNot(t *testing.T) {
	t.Parallel()
	slot := apiError("ResourceLimitExceeded", "Too many snapshot copies in progress. The limit is 20 for this destination region.")
	if !IsThrottle(slot) {
		t.Error("a slot will become free")
	}
	quota := apiError("ResourceLimitExceeded", "You have reached your quota of 5 for the number of public images allowed in this Region")
	if IsThrottle(quota) {
		t.Error("a quota does not pass by waiting")
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	if Explain(nil) != "" {
		t.Error("nil has an explanation")
	}
	for in, want := range map[error]string{
		errors.New("plain"): "plain",
		errors.New("get https://ec2.eu-west-1.amazonaws.com/?X-Amz-Signature=abc&x=1: EOF"):       "get https://ec2.eu-west-1.amazonaws.com/ EOF",
		errors.New("\x1b[31mred\x1b[0m\nnext"):                                                    "[31mred[0m next",
		apiError("UnauthorizedOperation", "No. Encoded authorization failure message: abcDEF-_1"): "EC2 CopyImage: UnauthorizedOperation: No.",
		apiError("InvalidRequest", ""):                                                            "EC2 CopyImage: InvalidRequest",
	} {
		if got := Explain(in); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	if got := Explain(errors.New(strings.Repeat("é", 9000))); len(got) > maxLine+3 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d bytes", len(got))
	}
}

func TestExplainConnectionRefused(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	c := f.clients(WithMaxAttempts(2))
	f.Close()
	_, err := c.EC2("eu-west-2").DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
	got := Explain(err)
	if !IsTransient(err) || !strings.HasPrefix(got, "EC2 DescribeImages in eu-west-2: ") || !strings.Contains(got, "connection refused") {
		t.Errorf("%v: %s", IsTransient(err), got)
	}
}

func TestDecodeAuthorization(t *testing.T) {
	t.Parallel()
	f := newFakeEC2(t)
	c := f.clients()
	if text, err := c.DecodeAuthorization(t.Context(), apiError("UnauthorizedOperation", "No.")); text != "" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if f.count("DecodeAuthorizationMessage") != 0 {
		t.Error("there was nothing to decode")
	}
	f.fail("DecodeAuthorizationMessage", fault{status: http.StatusOK, body: `<DecodeAuthorizationMessageResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><DecodeAuthorizationMessageResult><DecodedMessage>{"allowed":false}</DecodedMessage></DecodeAuthorizationMessageResult></DecodeAuthorizationMessageResponse>`})
	text, err := c.DecodeAuthorization(t.Context(), apiError("UnauthorizedOperation", "No. Encoded authorization failure message: abc-1"))
	if err != nil || text != `{"allowed":false}` || f.form("DecodeAuthorizationMessage").Get("EncodedMessage") != "abc-1" {
		t.Errorf("%q, %v, sent %v", text, err, f.form("DecodeAuthorizationMessage"))
	}
}
