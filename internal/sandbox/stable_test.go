package sandbox_test

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/clock"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// asked is a call of any service without parameters.
func asked(t *testing.T, s *sandboxtest.Started, set *action.Set, name string) string {
	t.Helper()
	body := "Action=" + name + "&Version=1"
	if set.Protocol == action.JSON {
		body = "{}"
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if set.Protocol == action.JSON {
		request.Header.Set("X-Amz-Target", set.Namespace+"."+name)
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.World().Credentials(sandboxtest.Home).ID+
		"/20260101/us-east-1/"+set.Service+"/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var requestID = regexp.MustCompile(`(?i)<requestid>[^<]*</requestid>`)

// TestReadsGiveTheSameOrder finds answers that follow the order of a Go map, which
// differs from one look to the next.
func TestReadsGiveTheSameOrder(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{Seed: 1, Clock: clock.NewVirtual(clock.Epoch, 0)})
	tell := &story{t: t, s: s, ids: map[string]string{}}
	vendor := idOf.FindString(tell.call("us-east-1", "Action=DescribeImages&Filter.1.Name=name&Filter.1.Value.1=debian-12-amd64-*"))
	for n := range 6 {
		text := strconv.Itoa(n)
		tell.call("us-east-1", "Action=CreateKeyPair&KeyType=ed25519&KeyName=k"+text)
		tell.call("us-east-1", "Action=CreateSecurityGroup&GroupDescription=d&GroupName=g"+text)
		tell.call("us-east-1", "Action=CreateLaunchTemplate&LaunchTemplateData.InstanceType=t3.small&LaunchTemplateName=lt"+text)
		tell.call("us-east-1", "Action=RunInstances&MinCount=2&MaxCount=2&InstanceType=t3.small&ImageId="+vendor+
			"&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b&TagSpecification.1.Tag.2.Key=c&TagSpecification.1.Tag.2.Value=d")
		tell.call("us-east-1", "Action=CreateImage&Name=image"+text+"&InstanceId="+tell.ids["i"])
	}
	if n := strings.Count(tell.call("us-east-1", "Action=DescribeInstances"), "<instanceState>"); n != 12 {
		t.Fatalf("%d instances, want 12: the reads would have nothing to order", n)
	}
	for _, set := range sandbox.Services() {
		for _, name := range set.Names() {
			if name == "GetSessionToken" { // it makes something each time
				continue
			}
			if !strings.HasPrefix(name, "Describe") && !strings.HasPrefix(name, "List") && !strings.HasPrefix(name, "Get") {
				continue
			}
			first := requestID.ReplaceAllString(asked(t, s, set, name), "")
			for range 4 {
				if again := requestID.ReplaceAllString(asked(t, s, set, name), ""); again != first {
					t.Errorf("%s %s gives one order and then another:\n%s\n%s", set.Service, name, first, again)
					break
				}
			}
		}
	}
}
