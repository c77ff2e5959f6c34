package seal

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	sealing "github.com/goldenami/packer-plugin-goldenami/internal/seal"
)

func prepared(config map[string]any) (*Provisioner, error) {
	p := &Provisioner{}
	return p, p.Prepare(config)
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	p, err := prepared(nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.config.Mode != "seal" || p.config.Timeout != time.Hour || p.config.Report != "" ||
		p.config.SecretScan != "fail" || p.config.ScanTimeout != time.Minute || p.config.AllowNoHostKeys || len(p.config.Skip)+len(p.config.Keep) != 0 {
		t.Errorf("%+v", p.config)
	}
}

func TestRoot(t *testing.T) {
	t.Parallel()
	for root, want := range map[string]string{"": "/", "/": "/", "/mnt/image": "/mnt/image"} {
		p, err := prepared(map[string]any{"root": root})
		if err != nil || p.config.options().Root != want {
			t.Errorf("root %q: %q, %v", root, p.config.options().Root, err)
		}
	}
	for root, want := range map[string]string{"mnt": "not an absolute path", "/mnt/": `write "/mnt"`, "/mnt/..": `write "/"`, "/a\nb": "control character"} {
		if _, err := prepared(map[string]any{"root": root}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("root %q: %v", root, err)
		}
	}
}

func TestValidOptions(t *testing.T) {
	t.Parallel()
	report := filepath.Join(t.TempDir(), "report.json")
	p, err := prepared(map[string]any{
		"mode": "audit", "skip": []string{"logs", "logs"}, "keep": []string{"/srv/it's here", "/a/"},
		"allow_no_host_keys": "true", "allow_no_launch_key": "true", "allow_no_network": true, "enable": []string{"home-caches"}, "keep_users": []string{"build"}, "scrub_paths": []string{"/opt/b"}, "strict": true,
		"timeout": "90s", "report": report,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := p.config
	if o := c.options(); len(o.Enable) != 1 || len(o.KeepUsers) != 1 || len(o.ScrubPaths) != 1 || !o.Strict || !o.AllowNoLaunchKey || !o.AllowNoNetwork {
		t.Errorf("%+v", o)
	}
	if c.Mode != "audit" || len(c.Skip) != 2 || len(c.Keep) != 2 || !c.AllowNoHostKeys || c.Timeout != 90*time.Second || c.Report != report {
		t.Errorf("%+v", c)
	}
	if files, err := os.ReadDir(filepath.Dir(report)); err != nil || len(files) != 0 {
		t.Errorf("prepare made a file: %v %v", files, err)
	}
}

func TestOptionsOfBannerAndScan(t *testing.T) {
	t.Parallel()
	p, err := prepared(map[string]any{"ssh_banner": "Watched.\n", "secret_scan": "warn", "scan_allow": []string{"/opt/a"}, "scan_timeout": "5s"})
	if err != nil {
		t.Fatal(err)
	}
	if o := p.config.options(); o.Banner != "Watched.\n" || o.SecretScan != sealing.ScanWarn || len(o.ScanAllow) != 1 || o.ScanTimeout != 5*time.Second {
		t.Errorf("%+v", o)
	}
}

func TestFaultyOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cases := map[string]struct {
		config map[string]any
		want   string
	}{
		"mode":                  {map[string]any{"mode": "clean"}, `mode: "clean" is neither "seal" nor "audit"`},
		"operation":             {map[string]any{"skip": []string{"log"}}, `no operation is called "log"; did you mean "logs"? The operations are subscriptions, package-caches`},
		"enabled operation":     {map[string]any{"enable": []string{"home-cache"}}, `enable: no operation is called "home-cache"; did you mean "home-caches"?`},
		"enabled and skipped":   {map[string]any{"enable": []string{"logs"}, "skip": []string{"logs"}}, `enable: "logs" is named in skip too`},
		"enabled for nothing":   {map[string]any{"enable": []string{"scrub-paths"}}, `"scrub-paths" does nothing without scrub_paths`},
		"user":                  {map[string]any{"keep_users": []string{"a:b"}}, `keep_users: "a:b" is no name of a user`},
		"no user":               {map[string]any{"keep_users": []string{""}}, `keep_users: "" is no name of a user`},
		"scrub the root":        {map[string]any{"scrub_paths": []string{"/"}}, `scrub_paths: "/" is the whole guest`},
		"scrub by dots":         {map[string]any{"scrub_paths": []string{"/opt/../etc"}}, `scrub_paths: "/opt/../etc" is not in its shortest form`},
		"scrub a relative path": {map[string]any{"scrub_paths": []string{"opt/x"}}, "is not an absolute path"},
		"scrub the system":      {map[string]any{"scrub_paths": []string{"/usr/lib/"}}, "is a part of every system"},
		"scrub the kernel":      {map[string]any{"scrub_paths": []string{"/proc/1"}}, "is the kernel's"},
		"scrub stages":          {map[string]any{"scrub_paths": []string{"/var/lib/goldenami"}}, "/var/lib/goldenami/stages"},
		"scrub a stage":         {map[string]any{"scrub_paths": []string{"/var/lib/goldenami/stages/os"}}, "/var/lib/goldenami/stages"},
		"scrub what is kept":    {map[string]any{"scrub_paths": []string{"/opt/a/b"}, "keep": []string{"/opt/a/"}}, "is to go and is kept by"},
		"banner":                {map[string]any{"ssh_banner": "a\x1b[31m"}, `ssh_banner: "a\x1b[31m" holds a control character`},
		"empty banner":          {map[string]any{"ssh_banner": "\n "}, "shows nothing"},
		"banner without text":   {map[string]any{"enable": []string{"ssh-banner"}}, "does nothing without ssh_banner"},
		"scan mode":             {map[string]any{"secret_scan": "on"}, `secret_scan: "on" is none of "fail", "warn" and "off"`},
		"scan timeout":          {map[string]any{"scan_timeout": "10ms"}, "scan_timeout: 10ms is too short"},
		"relative scan_allow":   {map[string]any{"scan_allow": []string{"x"}}, `scan_allow: "x" is not an absolute path`},
		"scan without a mode":   {map[string]any{"secret_scan": "off", "enable": []string{"secret-scan"}}, "does nothing without secret_scan"},
		"no allow-list":         {map[string]any{"scan_allow_file": filepath.Join(dir, "none")}, "scan_allow_file: open " + filepath.Join(dir, "none")},
		"allow-list is no file": {map[string]any{"scan_allow_file": dir}, "it must be a text file with one path to a line"},
		"short string":          {map[string]any{"forbidden_strings": []string{"long enough", "12345"}}, "forbidden_strings[1] is shorter than 6 characters"},
		"blank scanner":         {map[string]any{"scanner_command": " "}, "scanner_command: it is blank"},
		"no time for strings":   {map[string]any{"forbidden_strings": []string{"long enough"}, "secret_scan": "off", "scan_timeout": "1ms"}, "scan_timeout: 1ms is too short"},
		"scanner without one":   {map[string]any{"enable": []string{"scanner"}}, `"scanner" does nothing without scanner_command`},
		"all skipped":           {map[string]any{"skip": sealing.Names()}, "leave the provisioner out"},
		"relative path":         {map[string]any{"keep": []string{"etc/x"}}, "is not an absolute path"},
		"root":                  {map[string]any{"keep": []string{"/"}}, "is the whole guest"},
		"root by dots":          {map[string]any{"keep": []string{"/etc/.."}}, "is the whole guest"},
		"path with dots":        {map[string]any{"keep": []string{"/etc/../srv"}}, `write "/srv"`},
		"path with a newline":   {map[string]any{"keep": []string{"/a\nb"}}, "control character"},
		"path with a NUL":       {map[string]any{"keep": []string{"/a\x00b"}}, "control character"},
		"empty path":            {map[string]any{"keep": []string{""}}, "is not an absolute path"},
		"timeout":               {map[string]any{"timeout": "5 minutes"}, "timeout"},
		"negative timeout":      {map[string]any{"timeout": "-5m"}, "timeout: -5m0s is too short"},
		"report's directory":    {map[string]any{"report": filepath.Join(dir, "no", "report.json")}, "report: its directory"},
		"report is a directory": {map[string]any{"report": dir}, "is a directory; name a file"},
		"unknown option":        {map[string]any{"skips": []string{"logs"}}, "skips"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := prepared(c.config)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAllFaultsComeAtOnce(t *testing.T) {
	t.Parallel()
	_, err := prepared(map[string]any{"mode": "x", "skip": []string{"y"}, "keep": []string{"z"}, "timeout": "1ms"})
	for _, option := range []string{"mode:", "skip:", "keep:", "timeout:"} {
		if err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%s is missing in %v", option, err)
		}
	}
}

func TestSpecHasEveryOption(t *testing.T) {
	t.Parallel()
	spec := (&Provisioner{}).ConfigSpec()
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		name, _, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		if name == "" {
			continue
		}
		if _, ok := spec[name]; !ok {
			t.Errorf("%s is not in the HCL schema; run make generate", name)
		}
	}
}
