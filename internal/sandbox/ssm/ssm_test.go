package ssm_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

const here = "us-east-1"

func must[T any](t *testing.T, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) || response.HTTPStatusCode() != http.StatusBadRequest {
		t.Fatalf("want %s with status 400, got %v", code, err)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("want %s: %s\n got %s: %s", code, message, api.ErrorCode(), api.ErrorMessage())
	}
}

func put(t *testing.T, c *ssm.Client, in ssm.PutParameterInput) (int64, error) {
	t.Helper()
	if in.Type == "" {
		in.Type = types.ParameterTypeString
	}
	out, err := c.PutParameter(t.Context(), &in)
	if err != nil {
		return 0, err
	}
	return out.Version, nil
}

func get(t *testing.T, c *ssm.Client, name string) (*types.Parameter, error) {
	t.Helper()
	out, err := c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(name)})
	if err != nil {
		return nil, err
	}
	return out.Parameter, nil
}

func TestPublicParametersNameTheVendorsNewestImages(t *testing.T) {
	t.Parallel()
	e := sandboxtest.Start(t, sandbox.Options{})
	c, images := e.SSM(sandboxtest.Home, here), e.EC2(sandboxtest.Home, here)
	for name, want := range map[string]string{
		"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64":              "al2023-ami-2023.9.20261102.0-kernel-6.1-x86_64",
		"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64":               "al2023-ami-2023.9.20261102.0-kernel-6.1-arm64",
		"/aws/service/debian/release/13/latest/amd64":                                        "debian-13-amd64-20261019-2269",
		"/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id": "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261105",
	} {
		p, err := get(t, c, name)
		must(t, p, err)
		out, err := images.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*p.Value}})
		if got := *must(t, out, err).Images[0].Name; got != want || *p.DataType != "aws:ec2:image" {
			t.Errorf("%s names %s, want %s", name, got, want)
		}
	}
	_, err := get(t, c, "/aws/service/none")
	refused(t, err, "ParameterNotFound", "")
}

func TestVersionsAndLabels(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).SSM(sandboxtest.Home, here)
	name := aws.String("/golden/web")
	_, err := put(t, c, ssm.PutParameterInput{Name: name, Value: aws.String("one"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	must(t, 0, err)
	_, err = put(t, c, ssm.PutParameterInput{Name: name, Value: aws.String("two")})
	refused(t, err, "ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	_, err = put(t, c, ssm.PutParameterInput{Name: name, Value: aws.String("two"), Overwrite: aws.Bool(true), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	refused(t, err, "ValidationException", "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	if v, err := put(t, c, ssm.PutParameterInput{Name: name, Value: aws.String("two"), Overwrite: aws.Bool(true)}); must(t, v, err) != 2 {
		t.Errorf("version %d", v)
	}
	label := func(version int64, labels ...string) *ssm.LabelParameterVersionOutput {
		out, err := c.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{Name: name, ParameterVersion: aws.Int64(version), Labels: labels})
		return must(t, out, err)
	}
	if out := label(1, "good", "1st"); len(out.InvalidLabels) != 1 || out.InvalidLabels[0] != "1st" {
		t.Errorf("invalid labels: %v", out.InvalidLabels)
	}
	for ref, want := range map[string]string{*name: "two", *name + ":1": "one", *name + ":good": "one"} {
		if p, err := get(t, c, ref); *must(t, p, err).Value != want {
			t.Errorf("%s is %s, want %s", ref, *p.Value, want)
		}
	}
	label(2, "good")
	if p, err := get(t, c, *name+":good"); *must(t, p, err).Value != "two" {
		t.Error("the label did not move")
	}
	_, err = get(t, c, *name+":7")
	refused(t, err, "ParameterVersionNotFound", "Systems Manager could not find version 7 of /golden/web. Verify the version and try again.")
	history, err := c.GetParameterHistory(t.Context(), &ssm.GetParameterHistoryInput{Name: name})
	if got := must(t, history, err).Parameters; len(got) != 2 || len(got[0].Labels) != 0 || len(got[1].Labels) != 1 {
		t.Errorf("history: %+v", got)
	}
	_, err = c.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: name})
	must(t, 0, err)
	_, err = get(t, c, *name)
	refused(t, err, "ParameterNotFound", "")
}

// An answer to PutParameter does not mean that an image parameter was stored.
func TestImageParametersAreCheckedLate(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).SSM(sandboxtest.Home, here)
	image, err := get(t, c, "/aws/service/debian/release/12/latest/amd64")
	must(t, image, err)
	in := ssm.PutParameterInput{Name: aws.String("/golden/image"), DataType: aws.String("aws:ec2:image"), Value: aws.String("ami-0123456789abcdef0")}
	if v, err := put(t, c, in); must(t, v, err) != 1 {
		t.Errorf("version %d", v)
	}
	_, err = get(t, c, "/golden/image")
	refused(t, err, "ParameterNotFound", "")
	in.Value = image.Value
	_, err = put(t, c, in)
	must(t, 0, err)
	if p, err := get(t, c, "/golden/image"); *must(t, p, err).Value != *image.Value || *p.DataType != "aws:ec2:image" {
		t.Errorf("stored: %+v", p)
	}
}

func TestParametersByPathAndFilter(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).SSM(sandboxtest.Home, here)
	for _, name := range []string{"/a/1", "/a/2", "/a/b/3", "/c/4"} {
		_, err := put(t, c, ssm.PutParameterInput{Name: aws.String(name), Value: aws.String("v")})
		must(t, 0, err)
	}
	count := func(path string, recursive bool) int {
		out, err := c.GetParametersByPath(t.Context(), &ssm.GetParametersByPathInput{Path: aws.String(path), Recursive: aws.Bool(recursive)})
		return len(must(t, out, err).Parameters)
	}
	if count("/a", false) != 2 || count("/a/", true) != 3 || count("/none", true) != 0 || count("/aws/service/debian", true) != 2 {
		t.Error("wrong parameters below a path")
	}
	several, err := c.GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{"/a/1", "/none"}})
	if got := must(t, several, err); len(got.Parameters) != 1 || len(got.InvalidParameters) != 1 {
		t.Errorf("several: %+v", got)
	}
	described, err := c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Name"), Option: aws.String("BeginsWith"), Values: []string{"/a/"}}}})
	if got := must(t, described, err).Parameters; len(got) != 3 || got[0].Tier != types.ParameterTierStandard {
		t.Errorf("described: %+v", got)
	}
	_, err = c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Colour"), Values: []string{"red"}}}})
	refused(t, err, "InvalidFilterKey", "") // the shape has no message, so that the SDK drops it
}

func TestPutParameterRefusals(t *testing.T) {
	t.Parallel()
	c := sandboxtest.Start(t, sandbox.Options{}).SSM(sandboxtest.Home, here)
	for name, in := range map[string]ssm.PutParameterInput{
		"reserved":   {Name: aws.String("/aws/mine"), Value: aws.String("v")},
		"characters": {Name: aws.String("/a b"), Value: aws.String("v")},
		"slash":      {Name: aws.String("a/b"), Value: aws.String("v")},
		"data type":  {Name: aws.String("/a"), Value: aws.String("v"), DataType: aws.String("aws:ec2:instance")},
		"pattern":    {Name: aws.String("/a"), Value: aws.String("v"), AllowedPattern: aws.String("[0-9]+")},
	} {
		_, err := put(t, c, in)
		if err == nil || !strings.Contains(err.Error(), "Exception") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
