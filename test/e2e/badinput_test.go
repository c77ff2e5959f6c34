//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBadInput validates a template with one mistake at a time: the message must
// name the option and tell how to mend it. No AWS is reachable, and none is asked.
func TestBadInput(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/valid.pkr.hcl")
	if err != nil {
		t.Fatal(err)
	}
	valid := string(text)
	if out, err := validate(t, valid); err != nil {
		t.Fatalf("the template without a mistake: %v\n%s", err, out)
	}
	for _, c := range badInputs {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(valid, c.old) != 1 {
				t.Fatalf("the valid template does not have %q once", c.old)
			}
			out, err := validate(t, strings.Replace(valid, c.old, c.bad, 1))
			if err == nil {
				t.Fatalf("validate took it:\n%s", out)
			}
			flat := strings.Join(strings.Fields(out), " ")
			for _, want := range []string{c.option, c.fix} {
				if !strings.Contains(flat, want) {
					t.Errorf("the message does not say %q:\n%s", want, out)
				}
			}
		})
	}
}

var badInputs = []struct {
	name, old, bad string
	option, fix    string
}{
	{"unknown tier", `tier       = "os-only"`, `tier = "os"`, "tier", "os-only, hybrid, full"},
	{"family without tier", `tier       = "os-only"`, ``, "tier", "os-only, hybrid or full"},
	{"duplicate tier", `tier      = "hybrid"`, `tier = "os-only"`, "tier", "os-only"},
	{"parent of a higher tier", "    parent {\n      tier = \"os-only\"", "    parent {\n      tier = \"full\"", "parent: tier", "name a lower tier"},
	{"parent of its own tier", "    parent {\n      tier = \"os-only\"", "    parent {\n      tier = \"hybrid\"", "parent: tier", "name a lower tier"},
	{"stage script that is missing", `inline = ["true"]`, `script = "stages/absent.sh"`, "script", "stages/absent.sh"},
	{"stage without commands", `inline = ["true"]`, ``, "script", "inline"},
	{"stage of an unknown tier", "    name   = \"patch\"\n    tier   = \"os-only\"", "    name   = \"patch\"\n    tier   = \"base\"", "stage", "os-only, hybrid, full"},
	{"bad duration", `shelf_life = "90d"`, `shelf_life = "90 days"`, "shelf_life", "720h"},
	{"bad duration in distribute", `timeout         = "2h"`, `timeout = "two hours"`, "timeout", "720h"},
	{"bad account id", `ami_users = ["111122223333"]`, `ami_users = ["11112222333"]`, "ami_users", "12 digits"},
	{"bad account id in distribute", `accounts = ["111122223333"]`, `accounts = ["partner"]`, "share", "12 digits"},
	{"bad Region", `region        = "us-east-1"`, `region = "us-east"`, "region", "us-east"},
	{"bad Region in distribute", `regions    = ["eu-west-1"]`, `regions = ["ireland"]`, "regions", "such as eu-west-1"},
	{"Region named twice", `regions    = ["eu-west-1"]`, `regions = ["eu-west-1", "eu-west-1"]`, "regions", "once"},
	{
		"key of another Region", `kms_key_id = "alias/golden"`, `kms_key_id = "arn:aws:kms:us-west-2:123456789012:alias/golden"`,
		"kms_key_id", "give an alias that exists in each Region",
	},
	{"name that EC2 refuses", `ami_users = ["111122223333"]`, `ami_name = "web*1"`, "ami_name", "EC2 takes letters, digits"},
	{"family that makes no name", `family        = "web"`, `family = "web site"`, "family", "letters, digits"},
	{"bad deprecation", `deprecate_after = "90d"`, `deprecate_after = "-1h"`, "deprecate_after", "write it like 30d"},
	{"no owners", `owners      = ["136693071363"]`, ``, "owners", "owners"},
	{"rebuild of no kind", `shelf_life = "90d"`, `rebuild = "maybe"`, "rebuild", "always"},
	{"option of nobody", `shelf_life = "90d"`, `shelflife = "90d"`, "shelflife", "not expected here"},
}

// validate runs packer validate on the text of a template.
func validate(t *testing.T, template string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "template.pkr.hcl")
	if err := os.WriteFile(file, []byte(template), 0o600); err != nil {
		t.Fatal(err)
	}
	// Port 9 takes no connections: a call would fail, and so would the valid template.
	nowhere := &endpoint{env: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_EC2_METADATA_DISABLED": "true"}}
	return startPacker(t, nowhere.environ(), "validate", file).wait(t, time.Minute)
}

// TestExampleIsInOrder does what a reader of the example would do first.
func TestExampleIsInOrder(t *testing.T) {
	t.Parallel()
	nowhere := &endpoint{}
	for _, args := range [][]string{
		{"fmt", "-check", "-diff", "-recursive", "example"},
		{"fmt", "-check", "-diff", "-recursive", "test/e2e/testdata"},
		{"validate", "example/linux-tiers"},
		{"validate", "example/rollback"},
		{"validate", "example/from-golden"},
	} {
		if out, err := startPacker(t, nowhere.environ(), args...).wait(t, time.Minute); err != nil {
			t.Errorf("packer %q: %v\n%s", args, err, out)
		}
	}
}
