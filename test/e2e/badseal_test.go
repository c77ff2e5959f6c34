//go:build e2e

package e2e

import (
	"os"
	"strings"
	"testing"
)

// TestBadSeal validates a seal with one mistake at a time, as users make them: the
// message must name the option and tell how to mend it.
func TestBadSeal(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/valid.pkr.hcl")
	if err != nil {
		t.Fatal(err)
	}
	const plain = `provisioner "goldenami-seal" {}`
	if strings.Count(string(text), plain) != 1 {
		t.Fatalf("the valid template does not have %q once", plain)
	}
	for bad, want := range map[string][2]string{
		`mode = "SEAL"`:                                {"mode:", `"seal"`},
		`skip = ["ssh_host_keys"]`:                     {"skip:", `did you mean "ssh-host-keys"`},
		`enable = [""]`:                                {"enable:", "The operations are"},
		`keep = ["~/notes"]`:                           {"keep:", "from / on"},
		`keep = ["/var/log/*.log"]`:                    {"keep:", "name the directory"},
		`keep = ["/etc//motd"]`:                        {"keep:", `write "/etc/motd"`},
		`keep = ["/a\nb"]`:                             {"keep:", "name the directory"},
		`keep_users = ["*"]`:                           {"keep_users:", "/etc/passwd"},
		`scrub_paths = ["/"]`:                          {"scrub_paths:", "name what is meant in it"},
		`scrub_paths = ["/etc/passwd"]`:                {"scrub_paths:", "name what is to go in it"},
		`scrub_paths = ["/opt/*"]`:                     {"scrub_paths:", "name the directory"},
		`ssh_banner = " "`:                             {"ssh_banner:", "leave it out"},
		`secret_scan = false`:                          {"secret_scan:", `"off"`},
		`scan_allow_file = "/bin/sh"`:                  {"scan_allow_file:", "one path to a line"},
		`scan_allow_file = "/no/such/list"`:            {"scan_allow_file:", "name a readable file"},
		`forbidden_strings = [""]`:                     {"forbidden_strings[0]", "leave it out"},
		`scanner_command = "  "`:                       {"scanner_command:", "leave the option out"},
		`scan_timeout = "-5s"`:                         {"scan_timeout:", "at least 1s"},
		`root = "mnt"`:                                 {"root:", `as in "/mnt"`},
		`root = "/mnt/"`:                               {"root:", `write "/mnt"`},
		`report = "/no/such/place/seal.json"`:          {"report:", "make it"},
		`guest_os_type = "linux"`:                      {"guest_os_type:", `"unix"`},
		`keeps = ["/x"]`:                               {"keeps", `Did you mean "keep"`},
		"ssh_banner = \"hi\"\nskip = [\"ssh-banner\"]": {"skip:", "leave one of them out"},
	} {
		t.Run(bad, func(t *testing.T) {
			t.Parallel()
			out, err := validate(t, strings.Replace(string(text), plain, "provisioner \"goldenami-seal\" {\n"+bad+"\n}", 1))
			if err == nil {
				t.Fatalf("validate took it:\n%s", out)
			}
			flat := strings.Join(strings.Fields(out), " ")
			for _, part := range want {
				if !strings.Contains(flat, part) {
					t.Errorf("the message does not say %q:\n%s", part, out)
				}
			}
			if strings.Contains(out, "panic") {
				t.Error(out)
			}
		})
	}
}
