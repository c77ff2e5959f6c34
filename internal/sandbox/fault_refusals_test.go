package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// planned starts an endpoint with a plan of faults.
func planned(t *testing.T, plan string) *sandboxtest.Started {
	t.Helper()
	spec, err := fault.Parse([]byte(plan))
	if err != nil {
		t.Fatal(err)
	}
	return sandboxtest.Start(t, sandbox.Options{Faults: spec})
}

// keyPair makes a key pair, a call whose effect can be looked for.
func keyPair(ctx context.Context, s *sandboxtest.Started, name string) error {
	_, err := s.EC2(sandboxtest.Home, "us-east-1").CreateKeyPair(ctx, &ec2.CreateKeyPairInput{KeyName: aws.String(name)})
	return err
}

// made tells whether the key pair is there.
func made(s *sandboxtest.Started, name string) bool {
	there := false
	s.World().Do(func() { there = s.World().Region(sandboxtest.Home, "us-east-1").KeyPairs[name] != nil })
	return there
}

// wantRefusal checks status, code and a part of the message.
func wantRefusal(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var api smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		t.Errorf("want %d %s, got %v", status, code, err)
		return
	}
	if response.HTTPStatusCode() != status || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), message) {
		t.Errorf("want %d %s %q, got %d %s %q", status, code, message, response.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage())
	}
}

// answers are one call of each service.
func answers(t *testing.T, s *sandboxtest.Started) map[string]error {
	t.Helper()
	_, stsErr := s.STS(sandboxtest.Home, "us-east-1").GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	_, iamErr := s.IAM(sandboxtest.Home).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("x")})
	_, kmsErr := s.KMS(sandboxtest.Home, "us-east-1").ListKeys(t.Context(), &kms.ListKeysInput{})
	_, ssmErr := s.SSM(sandboxtest.Home, "us-east-1").GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/x")})
	return map[string]error{"ec2": keyPair(t.Context(), s, "refused"), "sts": stsErr, "iam": iamErr, "kms": kmsErr, "ssm": ssmErr}
}

type told struct {
	status        int
	code, message string
}

func TestFaultsRefuseInTheWordsOfEachService(t *testing.T) {
	t.Parallel()
	denied := " is not authorized to perform: "
	for plan, want := range map[string]map[string]told{
		`"kind":"throttle"`: {
			"ec2": {503, "RequestLimitExceeded", "Request limit exceeded. Account 123456789012 has been throttled on ec2:CreateKeyPair because it exceeded its request rate limit."},
			"sts": {400, "Throttling", "Rate exceeded"}, "iam": {400, "Throttling", "Rate exceeded"},
			"kms": {400, "ThrottlingException", "Rate exceeded"}, "ssm": {400, "ThrottlingException", "Rate exceeded"},
		},
		`"kind":"throttle","text":"short","when":{"service":"ec2"}`: {"ec2": {503, "RequestLimitExceeded", "Request limit exceeded."}},
		`"kind":"server-error"`: {
			"ec2": {500, "InternalError", "An internal error has occurred"}, "sts": {500, "InternalFailure", "unknown error"},
			"iam": {500, "InternalFailure", "unknown error"}, "kms": {500, "KMSInternalException", "internal exception"}, "ssm": {500, "InternalServerError", "server side"},
		},
		`"kind":"unavailable"`: {
			"ec2": {503, "Unavailable", "overloaded"}, "sts": {503, "ServiceUnavailable", "temporary failure"}, "kms": {503, "ServiceUnavailable", "temporary failure"},
		},
		`"kind":"error","code":"SnapshotCreationPerVolumeRateExceeded","message":"Too <fast>."`: {
			"ec2": {400, "SnapshotCreationPerVolumeRateExceeded", "Too <fast>."}, "sts": {400, "SnapshotCreationPerVolumeRateExceeded", "Too <fast>."}, "ssm": {400, "SnapshotCreationPerVolumeRateExceeded", "Too <fast>."},
		},
		`"kind":"error","code":"VcpuLimitExceeded","status":409`: {"ec2": {409, "VcpuLimitExceeded", ""}},
		`"kind":"denied"`: {
			"ec2": {403, "UnauthorizedOperation", "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/sandbox" + denied +
				"ec2:CreateKeyPair because no identity-based policy allows the ec2:CreateKeyPair action. Encoded authorization failure message: "},
			"sts": {403, "AccessDenied", denied + "sts:GetCallerIdentity"}, "iam": {403, "AccessDenied", denied + "iam:GetRole"},
			"kms": {400, "AccessDeniedException", denied + "kms:ListKeys"}, "ssm": {400, "AccessDeniedException", denied + "ssm:GetParameter"},
		},
		`"kind":"denied","text":"explicit"`: {"ec2": {403, "UnauthorizedOperation", "with an explicit deny in an identity-based policy"}},
		`"kind":"expired-token"`: {
			"ec2": {400, "RequestExpired", "Request has expired."}, "sts": {403, "ExpiredToken", "The security token included in the request is expired"},
			"iam": {403, "ExpiredToken", "token"}, "kms": {400, "ExpiredTokenException", "token"}, "ssm": {400, "ExpiredTokenException", "token"},
		},
		`"kind":"clock-skew","by":"-10m"`: {
			"ec2": {401, "AuthFailure", "AWS was not able to validate the provided access credentials"},
			"sts": {403, "SignatureDoesNotMatch", "Signature not yet current: "}, "kms": {400, "InvalidSignatureException", " + 5 min.)"},
		},
		`"kind":"clock-skew","by":"10m"`: {"sts": {403, "SignatureDoesNotMatch", "Signature expired: "}, "ssm": {400, "InvalidSignatureException", " - 5 min.)"}},
	} {
		t.Run(plan, func(t *testing.T) {
			t.Parallel()
			s := planned(t, `{"rules":[{`+plan+`}]}`)
			got := answers(t, s)
			for service, w := range want {
				wantRefusal(t, got[service], w.status, w.code, w.message)
			}
			if made(s, "refused") {
				t.Error("a refused call was carried out")
			}
		})
	}
}

func TestAppliedCarriesTheCallOutFirst(t *testing.T) {
	t.Parallel()
	s := planned(t, `{"rules":[{"kind":"server-error","applied":true,"when":{"action":"CreateKeyPair"}}]}`)
	wantRefusal(t, keyPair(t.Context(), s, "twin"), 500, "InternalError", "")
	if !made(s, "twin") {
		t.Error("the call was not carried out")
	}
	if r := s.Calls()[0]; r.Fault != "server-error" || !r.Applied || r.Outcome != "InternalError" || r.Status != 500 {
		t.Errorf("record %+v", r)
	}
}

func TestClientsCorrectASkewedClockByTheDateHeader(t *testing.T) {
	t.Parallel()
	s := planned(t, `{"rules":[{"kind":"clock-skew","by":"10m"}]}`)
	cfg := s.Config(sandboxtest.Home, "us-east-1")
	cfg.Retryer = func() aws.Retryer { return retry.NewStandard() }
	if _, err := ec2.NewFromConfig(cfg).DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{}); err != nil {
		t.Errorf("the second attempt has the service's time: %v", err)
	}
	calls := s.Calls()
	if len(calls) != 2 || calls[0].Outcome != "AuthFailure" || calls[1].Outcome != "OK" {
		t.Errorf("calls %+v", calls)
	}
}

func TestStrangersAreToldNothingOfFaultsInTheService(t *testing.T) {
	t.Parallel()
	s := planned(t, `{"rules":[{"kind":"denied"}]}`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader("Action=DescribeRegions"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIANOBODY/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized || s.Calls()[0].Fault != "" {
		t.Errorf("%d, %+v", answer.StatusCode, s.Calls())
	}
}

func TestAPlanThatCanMatchNothingIsRefused(t *testing.T) {
	t.Parallel()
	spec, err := fault.Parse([]byte("{\"rules\": [\n{\"kind\": \"throttle\", \"when\": {\"action\": \"CreateImages\"}}]}"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = sandbox.New(sandbox.Options{Faults: spec})
	if err == nil || !strings.Contains(err.Error(), `line 2: rules[0].when.action: "CreateImages" matches no action`) {
		t.Errorf("got %v", err)
	}
}
