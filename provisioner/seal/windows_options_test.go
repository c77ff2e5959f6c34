package seal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOptionsForWindows(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		config map[string]any
		want   string // "" for none
	}{
		"system":            {map[string]any{"guest_os_type": "win"}, `guest_os_type: "win" is neither "unix" nor "windows"`},
		"Linux operation":   {map[string]any{"guest_os_type": "windows", "skip": []string{"machine-id"}}, `skip: "machine-id" is an operation of Linux guests`},
		"Windows operation": {map[string]any{"guest_os_type": "unix", "skip": []string{"event-logs"}}, `skip: no operation is called "event-logs"`},
		"misspelt":          {map[string]any{"guest_os_type": "windows", "skip": []string{"event-log"}}, `did you mean "event-logs"?`},
		"neither's":         {map[string]any{"skip": []string{"event-log"}}, `skip: no operation is called "event-log"`},
		"either's":          {map[string]any{"skip": []string{"event-logs"}, "keep": []string{"C:/x"}}, ""},
		"Linux path":        {map[string]any{"guest_os_type": "windows", "keep": []string{"/srv"}}, "is not an absolute path of Windows"},
		"root":              {map[string]any{"guest_os_type": "windows", "root": "/mnt"}, "root: on Windows there is nothing that it could do"},
		"banner":            {map[string]any{"guest_os_type": "windows", "ssh_banner": "x"}, "ssh_banner: on Windows"},
		"allow list":        {map[string]any{"guest_os_type": "windows", "scan_allow": []string{"/x"}}, `scan_allow: "/x" is not an absolute path of Windows`},
		"short string":      {map[string]any{"guest_os_type": "windows", "forbidden_strings": []string{"short"}}, "forbidden_strings[0] is shorter than 6 characters"},
		"forbidden strings": {map[string]any{"guest_os_type": "windows", "forbidden_strings": []string{"s3cret-value"}, "scan_allow": []string{"C:/x"}}, ""},
		"scanner":           {map[string]any{"guest_os_type": "windows", "scanner_command": "/opt/scan"}, "scanner_command: on Windows"},
		"build user":        {map[string]any{"guest_os_type": "windows", "remove_build_user": true}, "remove_build_user: on Windows"},
		"network":           {map[string]any{"guest_os_type": "windows", "allow_no_network": true}, "allow_no_network: on Windows"},
		"host keys":         {map[string]any{"guest_os_type": "windows", "allow_no_host_keys": true}, "allow_no_host_keys: on Windows"},
		"scan":              {map[string]any{"guest_os_type": "windows", "secret_scan": "warn"}, ""},
		"scan mode":         {map[string]any{"guest_os_type": "windows", "secret_scan": "maybe"}, `secret_scan: "maybe" is none of`},
		"scan timeout":      {map[string]any{"guest_os_type": "windows", "scan_timeout": "1ms"}, "scan_timeout: 1ms is too short"},
		"no scan":           {map[string]any{"guest_os_type": "windows", "secret_scan": "off"}, ""},
		"launch key":        {map[string]any{"guest_os_type": "windows", "allow_no_launch_key": true}, ""},
	}
	for name, c := range cases {
		_, err := prepared(c.config)
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// TestTheCommunicatorDecides: what the options leave open is held against the guest
// before anything is started there.
func TestTheCommunicatorDecides(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		communicator string
		config       map[string]any
		want         string
	}{
		"Linux options":   {"winrm", map[string]any{"skip": []string{"machine-id"}}, `the guest is Windows: skip: "machine-id" is an operation of Linux guests`},
		"Linux banner":    {"winrm", map[string]any{"ssh_banner": "x"}, "the guest is Windows: ssh_banner"},
		"Windows options": {"ssh", map[string]any{"skip": []string{"event-logs"}}, `set guest_os_type = "windows"`},
		"unix over WinRM": {"winrm", map[string]any{"guest_os_type": "unix"}, "WinRM reaches Windows guests alone"},
		"none":            {"none", map[string]any{"guest_os_type": "windows"}, "cannot be reached"},
	}
	for name, c := range cases {
		p, err := prepared(c.config)
		if err != nil {
			t.Fatal(err)
		}
		g := planted(t)
		err = p.Provision(t.Context(), &screen{t: t}, g, map[string]any{"ConnType": c.communicator})
		if err == nil || !strings.Contains(err.Error(), c.want) || g.commands != 0 || g.files != nil {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// TestAllowListOfWindows: of which form the lines must be, the guest's system decides.
func TestAllowListOfWindows(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "allow")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# test keys\nC:/a b\n\nD:\\x\\\r\n")
	for kind, want := range map[string]string{"windows": "", "": "", "unix": `allow:2: "C:/a b" is not an absolute path`} {
		config := map[string]any{"scan_allow": []string{"C:/c"}, "scan_allow_file": file}
		if kind != "" {
			config["guest_os_type"] = kind
		}
		p, err := prepared(config)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", kind, err)
		}
		if want != "" {
			continue
		}
		if got := strings.Join(p.config.windowsOptions().ScanAllow, "|"); got != `C:/c|C:/a b|D:\x\` {
			t.Errorf("%q: %q", kind, got)
		}
	}
	write("C:/a\n/etc\n")
	for kind, want := range map[string]string{"windows": `allow:2: "/etc" is not an absolute path of Windows`, "": `allow:1: "C:/a" is not an absolute path`} {
		if _, err := prepared(map[string]any{"scan_allow_file": file, "guest_os_type": kind}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", kind, err)
		}
	}
}
