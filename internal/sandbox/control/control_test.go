package control_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/control"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

// ask makes a request of the control API and decodes its answer into out.
func ask(t *testing.T, s *sandboxtest.Started, method, path, body string, out any, change ...func(*http.Request)) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+control.Prefix+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(request)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	key := s.World().Credentials(sandboxtest.Home)
	if strings.Contains(string(text), key.ID) || strings.Contains(string(text), key.Secret) {
		t.Errorf("%s %s tells a key: %s", method, path, text)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	return answer.StatusCode
}

func TestOnlyProgramsOnThisMachineMayAsk(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	for name, change := range map[string]func(*http.Request){
		"another host's name": func(r *http.Request) { r.Host = "rebound.example:80" },
		"another address":     func(r *http.Request) { r.Host = "192.0.2.1" },
		"no name":             func(r *http.Request) { r.Host = ":80" },
		"a page's origin":     func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1") },
		"a page's image":      func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
	} {
		var failure struct{ Error string }
		if status := ask(t, s, http.MethodGet, "calls", "", &failure, change); status != http.StatusForbidden || !strings.HasPrefix(failure.Error, "the control API answers") {
			t.Errorf("%s: %d %q", name, status, failure.Error)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"localhost": func(r *http.Request) { r.Host = "LOCALHOST:4566" },
		"IPv6":      func(r *http.Request) { r.Host = "[::1]:4566" },
		"IPv4":      func(r *http.Request) { r.Host = "127.0.0.1" },
		"a person":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") },
	} {
		if status := ask(t, s, http.MethodGet, "calls", "", nil, change); status != http.StatusOK {
			t.Errorf("%s: %d", name, status)
		}
	}
	recorder, request := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+control.Prefix+"calls", http.NoBody)
	request.RemoteAddr = "192.0.2.1:9999"
	s.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusForbidden {
		t.Errorf("a peer elsewhere: %d", recorder.Code)
	}
}

func TestTheListNamesEveryRoute(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	var list []struct{ Method, Path, About string }
	ask(t, s, http.MethodGet, "", "", &list)
	seen := map[string]bool{}
	for _, l := range list {
		seen[l.Method+" "+l.Path] = l.About != ""
	}
	for _, want := range []string{"GET calls", "DELETE calls", "GET resources", "GET faults", "PUT faults", "POST faults", "DELETE faults", "GET faults/kinds"} {
		method, path, _ := strings.Cut(want, " ")
		if !seen[method+" "+control.Prefix+path] {
			t.Errorf("%s is missing in %v", want, list)
		}
	}
	if status := ask(t, s, http.MethodPut, "calls", "", nil, func(*http.Request) {}); status != http.StatusMethodNotAllowed {
		t.Errorf("PUT calls: %d", status)
	}
}

func TestCallsAreNumberedAsTheyArriveAndCanBeForgotten(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := s.EC2(sandboxtest.Home, "us-east-1")
	for range 3 {
		if _, err := c.DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{}); err != nil {
			t.Fatal(err)
		}
	}
	var calls []sandbox.CallRecord
	ask(t, s, http.MethodGet, "calls?from=2", "", &calls)
	if len(calls) != 2 || calls[0].Index != 2 || calls[1].Index != 3 || calls[0].Action != "DescribeRegions" {
		t.Errorf("calls from 2: %+v", calls)
	}
	var failure struct{ Error string }
	if status := ask(t, s, http.MethodGet, "calls?from=x", "", &failure); status != http.StatusBadRequest || !strings.Contains(failure.Error, `from="x"`) {
		t.Errorf("%d %s", status, failure.Error)
	}
	ask(t, s, http.MethodDelete, "calls", "", nil)
	if _, err := c.DescribeRegions(t.Context(), &ec2.DescribeRegionsInput{}); err != nil {
		t.Fatal(err)
	}
	ask(t, s, http.MethodGet, "calls", "", &calls)
	if len(calls) != 1 || calls[0].Index != 1 {
		t.Errorf("after forgetting: %+v", calls)
	}
}

func TestResourcesShowWhatIsLeft(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandbox.Options{})
	c := s.EC2(sandboxtest.Home, "eu-west-1")
	out, err := c.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{
		KeyName:           aws.String("left"),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeKeyPair, Tags: []types.Tag{{Key: aws.String("run"), Value: aws.String("7")}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var seen control.Resources
	ask(t, s, http.MethodGet, "resources?region=eu-west-1", "", &seen)
	if len(seen.Regions) != 1 || len(seen.Regions[0].KeyPairs) != 1 || seen.Regions[0].Account != sandboxtest.Home || seen.Regions[0].Region != "eu-west-1" {
		t.Fatalf("%+v", seen)
	}
	if got := seen.Regions[0].KeyPairs[0]; got.ID != *out.KeyPairId || got.Name != "left" || got.Tags["run"] != "7" {
		t.Errorf("%+v", got)
	}
	if len(seen.Regions[0].SecurityGroups) != 0 {
		t.Errorf("the default group is nobody's leak: %+v", seen.Regions[0].SecurityGroups)
	}
	ask(t, s, http.MethodGet, "resources?account=137112412989&region=eu-west-1", "", &seen)
	if len(seen.Regions) != 1 || len(seen.Regions[0].Images) == 0 || seen.Regions[0].Images[0].State != "available" {
		t.Errorf("a vendor: %+v", seen)
	}
	var failure struct{ Error string }
	if status := ask(t, s, http.MethodGet, "resources?region=mars-1", "", &failure); status != http.StatusBadRequest || !strings.Contains(failure.Error, "mars-1") {
		t.Errorf("%d %s", status, failure.Error)
	}
}
