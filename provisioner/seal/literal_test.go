package seal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What would silently do nothing is refused.
func TestOptionsThatWouldDoNothing(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "allow")
	if err := os.WriteFile(list, []byte("/opt/*/test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, config := range map[string]map[string]any{
		`keep: "/var/log/*.log" is no pattern`:                            {"keep": []string{"/var/log/*.log"}},
		`scrub_paths: "/opt/*" is no pattern`:                             {"scrub_paths": []string{"/opt/*"}},
		`scan_allow: "/opt/a?" is no pattern`:                             {"scan_allow": []string{"/opt/a?"}},
		`scan_allow: "/opt/*/test" is no pattern`:                         {"scan_allow_file": list},
		`keep_users: "*" is no pattern`:                                   {"keep_users": []string{"*"}},
		`skip: "scrub-paths" is skipped, so scrub_paths would do`:         {"skip": []string{"scrub-paths"}, "scrub_paths": []string{"/opt/x"}},
		`skip: "ssh-banner" is skipped, so ssh_banner would do`:           {"skip": []string{"ssh-banner"}, "ssh_banner": "hello"},
		`skip: "forbidden-strings" is skipped, so forbidden_strings`:      {"skip": []string{"forbidden-strings"}, "forbidden_strings": []string{"abcdefgh"}},
		`skip: "scanner" is skipped, so scanner_command would do`:         {"skip": []string{"scanner"}, "scanner_command": "true"},
		`skip: "build-user" is skipped, so remove_build_user would do no`: {"skip": []string{"build-user"}, "remove_build_user": true},
	} {
		if _, err := prepared(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := prepared(map[string]any{"keep": []string{"/srv/app/[id].js"}, "skip": []string{"secret-scan"}}); err != nil {
		t.Error(err)
	}
}

// No image boots or is entered without these.
func TestPartsOfEverySystemAreNotScrubbed(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"/etc/passwd", "/etc/shadow", "/etc/ssh/", "/etc/fstab", "/usr/share", "/lib/modules", "/var/lib/dpkg", "/etc/systemd", "/boot/grub"} {
		if _, err := prepared(map[string]any{"scrub_paths": []string{p}}); err == nil || !strings.Contains(err.Error(), "is a part of every system") {
			t.Errorf("%s: %v", p, err)
		}
	}
	if _, err := prepared(map[string]any{"scrub_paths": []string{"/opt", "/srv", "/usr/local/src", "/usr/src", "/root/build"}}); err != nil {
		t.Error(err)
	}
}

// Editors of other systems write lists that begin with a mark and end lines with two
// bytes; what is no list at all is told once.
func TestAllowListsAsPeopleHaveThem(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "allow")
	for text, want := range map[string]string{
		"\ufeff/ok\r\n\r\n# why\r\n  /two/ \r\n": "",
		"\x7fELF\x02\n\x00\x01\nx\ny\n":          "it must be a text file with one path to a line",
	} {
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := prepared(map[string]any{"scan_allow_file": list})
		if want == "" {
			if err != nil || len(p.config.options().ScanAllow) != 2 || p.config.options().ScanAllow[0] != "/ok" {
				t.Errorf("%q: %v, %q", text, err, p.config.options().ScanAllow)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "scan_allow_file") != 1 {
			t.Errorf("%q: %v", text, err)
		}
	}
}
