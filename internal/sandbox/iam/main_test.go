package iam_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ec2Trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	mayCopy  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:CopyImage","Resource":"*"}]}`
)

func start(t *testing.T) (*sandboxtest.Started, *iam.Client) {
	t.Helper()
	e := sandboxtest.Start(t, sandbox.Options{})
	return e, e.IAM(sandboxtest.Home)
}

// ok makes a call that must succeed.
func ok[I, O any](t *testing.T, call func(context.Context, *I, ...func(*iam.Options)) (*O, error), in I) *O {
	t.Helper()
	out, err := call(t.Context(), &in)
	if err != nil {
		t.Fatalf("%T: %v", in, err)
	}
	return out
}

// refused makes a call that must be refused.
func refused[I, O any](t *testing.T, call func(context.Context, *I, ...func(*iam.Options)) (*O, error), in I, status int, code, message string) {
	t.Helper()
	_, err := call(t.Context(), &in)
	wantRefused(t, err, status, code, message)
}

func wantRefused(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var api smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		t.Fatalf("want %s, got %v", code, err)
	}
	if response.HTTPStatusCode() != status || api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("want %d %s: %s\n got %d %s: %s", status, code, message, response.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage())
	}
}

func newRole(t *testing.T, c *iam.Client, name string) *string {
	t.Helper()
	return ok(t, c.CreateRole, iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(ec2Trust)}).Role.RoleName
}
