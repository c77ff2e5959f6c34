//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// endpoint is a sandbox process that serves until the end of its test.
type endpoint struct {
	env map[string]string
	log string
}

// startEndpoint serves with the delays, which are a preset's name or JSON text,
// and with more flags.
func startEndpoint(t *testing.T, delays string, flags ...string) *endpoint {
	t.Helper()
	dir := t.TempDir()
	if strings.HasPrefix(delays, "{") {
		file := filepath.Join(dir, "delays.json")
		if err := os.WriteFile(file, []byte(delays), 0o600); err != nil {
			t.Fatal(err)
		}
		delays = file
	}
	e := &endpoint{env: map[string]string{}, log: filepath.Join(dir, "calls.jsonl")}
	cmd := exec.Command(built.sandbox, append([]string{"--state", filepath.Join(dir, "state"), "--delays", delays, "--log", e.log}, flags...)...)
	errors := &lockedBuffer{}
	cmd.Stderr = errors
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended by itself, which Wait tells
		if err := cmd.Wait(); err != nil {
			t.Errorf("the endpoint ended with %v:\n%s", err, errors)
		}
	})
	lines := bufio.NewScanner(out)
	for len(e.env) < 6 && lines.Scan() {
		name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if !ok {
			t.Fatalf("the endpoint printed %q", lines.Text())
		}
		e.env[name] = value
	}
	if e.env["AWS_ENDPOINT_URL"] == "" {
		t.Fatalf("the endpoint told no address: %v\n%s", lines.Err(), errors)
	}
	return e
}

// environ is the test's environment with the endpoint in the place of AWS.
func (e *endpoint) environ() []string {
	var env []string
	for _, line := range os.Environ() {
		if !strings.HasPrefix(line, "AWS_") && !strings.HasPrefix(line, "PACKER_") && !strings.HasPrefix(line, "GOLDENAMI_LEDGER_DIR=") {
			env = append(env, line)
		}
	}
	for name, value := range e.env {
		env = append(env, name+"="+value)
	}
	return env
}

func (e *endpoint) config(region string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(e.env["AWS_ENDPOINT_URL"]),
		Credentials:  credentials.NewStaticCredentialsProvider(e.env["AWS_ACCESS_KEY_ID"], e.env["AWS_SECRET_ACCESS_KEY"], ""),
	}
}

func (e *endpoint) ec2(region string) *ec2.Client { return ec2.NewFromConfig(e.config(region)) }

// partnerEC2 is EC2 as the other account sees it, by the role that an organization
// gives its management account.
func (e *endpoint) partnerEC2(t *testing.T, region string) *ec2.Client {
	t.Helper()
	got, err := sts.NewFromConfig(e.config(region)).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + partner + ":role/OrganizationAccountAccessRole"), RoleSessionName: aws.String("e2e"),
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := e.config(region)
	cfg.Credentials = credentials.NewStaticCredentialsProvider(
		aws.ToString(got.Credentials.AccessKeyId), aws.ToString(got.Credentials.SecretAccessKey), aws.ToString(got.Credentials.SessionToken))
	return ec2.NewFromConfig(cfg)
}

// makeKeys gives each Region a key alias/golden that the partner may use, and
// returns their ARNs.
func (e *endpoint) makeKeys(t *testing.T, in ...string) map[string]string {
	t.Helper()
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root","arn:aws:iam::` +
		partner + `:root"]},"Action":"kms:*","Resource":"*"}]}`
	arns := map[string]string{}
	for _, region := range in {
		api := kms.NewFromConfig(e.config(region))
		key, err := api.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: &policy})
		if err != nil {
			t.Fatalf("make a key in %s: %v", region, err)
		}
		arns[region] = aws.ToString(key.KeyMetadata.Arn)
		_, err = api.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/golden"), TargetKeyId: key.KeyMetadata.KeyId})
		if err != nil {
			t.Fatalf("name the key in %s: %v", region, err)
		}
	}
	return arns
}

// call is a line of the endpoint's log.
type call struct {
	Service string            `json:"service"`
	Action  string            `json:"action"`
	Region  string            `json:"region"`
	Params  map[string]string `json:"params"`
	Outcome string            `json:"outcome"`
}

// calls are those that the endpoint has answered so far.
func (e *endpoint) calls(t *testing.T) []call {
	t.Helper()
	text, err := os.ReadFile(e.log)
	if err != nil {
		t.Fatal(err)
	}
	var all []call
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // the endpoint is writing it
		}
		var c call
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("line of the log: %v: %s", err, line)
		}
		all = append(all, c)
	}
	return all
}

// count is how many calls of the actions succeeded.
func count(calls []call, actions ...string) int {
	n := 0
	for _, c := range calls {
		for _, action := range actions {
			if c.Action == action && c.Outcome == "OK" {
				n++
			}
		}
	}
	return n
}

// until waits for something that another process brings about.
func until(t *testing.T, what string, limit time.Duration, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not happen within %s", what, limit)
		}
	}
}

// lockedBuffer takes the output of a process while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
