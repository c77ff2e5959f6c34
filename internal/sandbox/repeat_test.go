package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/clock"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// story is a client that makes the same calls each time it is told, with the ids
// that it got.
type story struct {
	t     *testing.T
	s     *sandboxtest.Started
	trace []string
	ids   map[string]string
}

var idOf = regexp.MustCompile(`\b(ami|snap|i|vol|sg)-[0-9a-f]{17}\b`)

// material is a private key: OpenSSH's form has two random numbers of its own.
var material = regexp.MustCompile(`(?s)<keyMaterial>.*</keyMaterial>`)

// call makes a call in a Region; $x in it stands for the newest id of kind x.
func (s *story) call(region, form string) string {
	s.t.Helper()
	for kind, id := range s.ids {
		form = strings.ReplaceAll(form, "$"+kind, id)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.s.URL, strings.NewReader(form+"&Version=2016-11-15"))
	if err != nil {
		s.t.Fatal(err)
	}
	key := s.s.World().Credentials(sandboxtest.Home)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key.ID+"/20260101/"+region+"/ec2/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, id := range idOf.FindAllString(string(body), -1) {
		kind, _, _ := strings.Cut(id, "-")
		s.ids[kind] = id
	}
	s.trace = append(s.trace, material.ReplaceAllString(string(body), ""))
	return string(body)
}

// tell builds an image and copies it, with reads between and after.
func (s *story) tell() {
	vendor := idOf.FindString(s.call("us-east-1", "Action=DescribeImages&Filter.1.Name=name&Filter.1.Value.1=debian-12-amd64-*"))
	s.call("us-east-1", "Action=CreateKeyPair&KeyName=k&KeyType=ed25519")
	s.call("us-east-1", "Action=RunInstances&MinCount=1&MaxCount=1&InstanceType=t3.small&KeyName=k&ImageId="+vendor)
	instance := s.ids["i"]
	for range 40 {
		s.call("us-east-1", "Action=DescribeInstances&InstanceId.1="+instance)
	}
	s.call("us-east-1", "Action=CreateImage&Name=golden&NoReboot=true&InstanceId="+instance)
	image := s.ids["ami"]
	for range 3 {
		s.call("us-east-1", "Action=DescribeImages&ImageId.1="+image)
	}
	if err := s.s.World().Advance(time.Hour); err != nil {
		s.t.Fatal(err)
	}
	s.call("us-east-1", "Action=DescribeImages&Owner.1=self")
	s.call("eu-west-1", "Action=CopyImage&Name=golden&SourceRegion=us-east-1&Encrypted=true&SourceImageId="+image)
	s.call("eu-west-1", "Action=DescribeImages&Owner.1=self")
	s.call("eu-west-1", "Action=DescribeSnapshots&Owner.1=self")
	s.call("us-east-1", "Action=TerminateInstances&InstanceId.1="+instance)
	s.call("us-east-1", "Action=DescribeInstances")
	s.call("us-east-1", "Action=DescribeVolumes")
}

func tellOn(t *testing.T, seed uint64) (trace []string, calls string) {
	t.Helper()
	delays, err := world.ParseDelays("real")
	if err != nil {
		t.Fatal(err)
	}
	s := &story{t: t, ids: map[string]string{}, s: sandboxtest.Start(t, sandbox.Options{
		Seed: seed, Clock: clock.NewVirtual(clock.Epoch, time.Second), Delays: delays, Throttle: true,
	})}
	s.tell()
	records := s.s.Calls()
	for n := range records {
		records[n].Millis = 0 // how long the endpoint took is the machine's affair
	}
	text, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	return s.trace, string(text)
}

func TestSameSeedAndCallsGiveTheSameTrace(t *testing.T) {
	t.Parallel()
	first, firstCalls := tellOn(t, 7)
	again, againCalls := tellOn(t, 7)
	for n := range first {
		if first[n] != again[n] {
			t.Fatalf("answer %d differs:\n%s\n%s", n+1, first[n], again[n])
		}
	}
	if firstCalls != againCalls {
		t.Errorf("the logs differ:\n%s\n%s", firstCalls, againCalls)
	}
	if last := first[len(first)-2]; !strings.Contains(last, "shutting-down") && !strings.Contains(last, "terminated") {
		t.Errorf("the story did not end: %s", last)
	}
	other, _ := tellOn(t, 8)
	if strings.Join(first, "") == strings.Join(other, "") {
		t.Error("another seed gave the same trace")
	}
}
