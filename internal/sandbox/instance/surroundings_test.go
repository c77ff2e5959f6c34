//go:build linux

package instance_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/imds"
)

// TestUserDataFindsAWS: AWS's clients in a script of user data find the endpoint and the role of the instance.
func TestUserDataFindsAWS(t *testing.T) {
	t.Parallel()
	b, ok := linux(t, t.TempDir())
	if !ok {
		return
	}
	key := newKey(t)
	m := &machine{t: t, backend: b, key: key, spec: instance.Spec{
		ID: "i-0around", Hostname: "ip-0around", Addr: addr(), User: "admin", AuthorizedKey: key.line, Endpoint: "http://127.0.0.1:4566",
		UserData: []byte("#!/bin/sh\nenv | grep ^AWS_ | sort >/var/tmp/env.new; mv /var/tmp/env.new /var/tmp/env\n"),
		Metadata: func() imds.Metadata {
			return imds.Metadata{
				Region: "eu-west-1", Role: "web",
				Credentials: func() (imds.Credentials, error) { return imds.Credentials{AccessKeyID: "ASIAEXAMPLE"}, nil },
			}
		},
	}}
	m.start()
	var env string
	for end := time.Now().Add(time.Minute); env == ""; time.Sleep(20 * time.Millisecond) {
		if env = m.must("cat /var/tmp/env 2>/dev/null || :"); env == "" && time.Now().After(end) {
			t.Fatal("the user data has not run")
		}
	}
	service, ok := strings.CutPrefix(strings.TrimSpace(env), "AWS_DEFAULT_REGION=eu-west-1\nAWS_EC2_METADATA_SERVICE_ENDPOINT=")
	service, last := strings.CutSuffix(service, "\nAWS_ENDPOINT_URL=http://127.0.0.1:4566")
	if !ok || !last {
		t.Fatalf("the script saw %q", env)
	}
	url := service + "/latest/meta-data/iam/security-credentials/web"
	answer, err := http.Get(url) //nolint:noctx // of this process
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil || !strings.Contains(string(text), "ASIAEXAMPLE") {
		t.Errorf("the service says %d %q, %v", answer.StatusCode, text, err)
	}
	m.stop()
	if answer, err := http.Get(url); err == nil { //nolint:noctx // of this process
		_ = answer.Body.Close()
		t.Error("the service outlives its guest")
	}
}
