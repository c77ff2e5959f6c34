package authorize_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
)

// post makes a call as the SDK would not, signed in name only.
func (c *cloud) post(t *testing.T, accessKey, service, target, body string) (int, string) {
	t.Helper()
	return c.send(t, accessKey, service, target, body, action.Route{Method: http.MethodPost})
}

// send is [cloud.post] to where a REST service has its action.
func (c *cloud) send(t *testing.T, accessKey, service, target, body string, to action.Route) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), to.Method, c.URL+to.Path, strings.NewReader(body))
	must(t, request, err)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+accessKey+"/20261121/"+here+"/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if target != "" {
		request.Header.Set("X-Amz-Target", target)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(must(t, text, err))
}

// member is a part of a path that stands for a member of the input.
var member = regexp.MustCompile(`\{[^}]*\}`)

// No action escapes a deny of everything.
func TestEveryActionIsAuthorized(t *testing.T) {
	t.Parallel()
	c := start(t)
	key, err := c.user(`{"Effect":"Deny","Action":"*","Resource":"*"}`).Credentials.Retrieve(t.Context())
	must(t, key, err)
	// The key that KMS's actions ask for is one of the account.
	id := c.key("")
	checked := 0
	for _, set := range sandbox.Services() {
		for _, name := range set.Names() {
			body, target := "Action="+name+"&Version=1", ""
			if set.Protocol == action.JSON {
				target, body = set.Namespace+"."+name, `{}`
			}
			switch {
			case set.Service == "sts" && (name == "GetCallerIdentity" || name == "AssumeRole"):
				continue // the one needs no permission, the other has tests of its own
			case set.Service == "kms" && !strings.HasSuffix(name, "Alias"):
				continue // below
			}
			to := action.Route{Method: http.MethodPost}
			if set.Protocol == action.REST {
				to, body = set.Routes[name], `{}`
				to.Path = member.ReplaceAllString(to.Path, "x")
			}
			status, text := c.send(t, key.AccessKeyID, set.Service, target, body, to)
			want := map[action.Protocol]int{action.EC2Query: 403, action.Query: 403, action.JSON: 400, action.REST: 403}[set.Protocol]
			if status != want || !strings.Contains(text, "is not authorized to perform: "+set.Service+":"+name) || !strings.Contains(text, "with an explicit deny in an identity-based policy") {
				t.Errorf("%s %s: %d %s", set.Service, name, status, text)
			}
			checked++
		}
	}
	for name, body := range map[string]string{
		"DescribeKey": `{"KeyId":"` + id + `"}`, "DisableKey": `{"KeyId":"` + id + `"}`, "GetKeyPolicy": `{"KeyId":"` + id + `"}`,
		"Encrypt": `{"KeyId":"` + id + `","Plaintext":"eA=="}`, "ListGrants": `{"KeyId":"` + id + `"}`, "ListKeys": `{}`, "CreateKey": `{}`, "ListRetirableGrants": `{"RetiringPrincipal":"` + userARN + `"}`,
		"ScheduleKeyDeletion": `{"KeyId":"` + id + `"}`, "TagResource": `{"KeyId":"` + id + `","Tags":[{"TagKey":"a","TagValue":"b"}]}`,
		"CreateGrant":  `{"KeyId":"` + id + `","GranteePrincipal":"` + userARN + `","Operations":["Decrypt"]}`,
		"PutKeyPolicy": `{"KeyId":"` + id + `","Policy":"{}"}`,
	} {
		status, text := c.post(t, key.AccessKeyID, "kms", "TrentService."+name, body)
		if status != 400 || !strings.Contains(text, "is not authorized to perform: kms:"+name+" on resource: ") || !strings.Contains(text, "with an explicit deny in an identity-based policy") {
			t.Errorf("kms %s: %d %s", name, status, text)
		}
	}
	if checked < 100 {
		t.Errorf("only %d actions were checked", checked)
	}
}

// A fleet answers with what its caller may not launch inside a success.
func TestAFleetLaunchesInItsCallersName(t *testing.T) {
	t.Parallel()
	c := start(t)
	image := c.vendor()
	config := c.user(allow("ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:Describe*"))
	api := ec2.NewFromConfig(config)
	template, err := api.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("t"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: &image, InstanceType: types.InstanceTypeT3Small},
	})
	must(t, template, err)
	fleet := func() *ec2.CreateFleetOutput {
		out, err := api.CreateFleet(t.Context(), &ec2.CreateFleetInput{
			Type: types.FleetTypeInstant, TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(1)},
			LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{
				LaunchTemplateId: template.LaunchTemplate.LaunchTemplateId, Version: aws.String("1"),
			}}},
		})
		return must(t, out, err)
	}
	got := fleet()
	if len(got.Instances) != 0 || len(got.Errors) != 1 || *got.Errors[0].ErrorCode != "UnauthorizedOperation" ||
		!strings.Contains(*got.Errors[0].ErrorMessage, "ec2:RunInstances on resource: arn:aws:ec2:"+here+":"+home+":instance/* "+noIdentity("ec2:RunInstances")) {
		t.Errorf("without RunInstances: %+v", got)
	}
	c.allow(allow("ec2:CreateFleet", "ec2:Describe*"), when("Allow", "ec2:RunInstances", "*", `{"ArnLikeIfExists":{"ec2:LaunchTemplate":"arn:aws:ec2:*:*:launch-template/`+*template.LaunchTemplate.LaunchTemplateId+`"}}`))
	if got := fleet(); len(got.Instances) != 1 || len(got.Errors) != 0 {
		t.Errorf("with RunInstances by the template: %+v", got)
	}
}

// What is no Region stays none, though the call is authorized by its name.
func TestAnUnknownRegionIsNotMade(t *testing.T) {
	t.Parallel()
	c := start(t)
	config := c.user(allow("ec2:*"))
	_, err := ec2.NewFromConfig(config).CopyImage(t.Context(), &ec2.CopyImageInput{Name: aws.String("copy"), SourceImageId: aws.String("ami-0123456789abcdef0"), SourceRegion: aws.String("moon-1")})
	outcome(t, "a copy from the moon", err, false)
	c.World().Do(func() {
		if c.World().Account(home).Regions["moon-1"] != nil {
			t.Error("the Region was made")
		}
	})
}
