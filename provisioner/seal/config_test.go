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
	if p.config.Mode != "seal" || p.config.Timeout != 5*time.Minute || p.config.Report != "" ||
		p.config.AllowNoHostKeys || len(p.config.Skip)+len(p.config.Keep) != 0 {
		t.Errorf("%+v", p.config)
	}
}

func TestValidOptions(t *testing.T) {
	t.Parallel()
	report := filepath.Join(t.TempDir(), "report.json")
	p, err := prepared(map[string]any{
		"mode": "audit", "skip": []string{"logs", "logs"}, "keep": []string{"/srv/it's here", "/a/"},
		"allow_no_host_keys": "true", "timeout": "90s", "report": report,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := p.config
	if c.Mode != "audit" || len(c.Skip) != 2 || len(c.Keep) != 2 || !c.AllowNoHostKeys || c.Timeout != 90*time.Second || c.Report != report {
		t.Errorf("%+v", c)
	}
	if files, err := os.ReadDir(filepath.Dir(report)); err != nil || len(files) != 0 {
		t.Errorf("prepare made a file: %v %v", files, err)
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
		"operation":             {map[string]any{"skip": []string{"log"}}, `no operation is called "log"; did you mean "logs"? The operations are package-caches, temp-files`},
		"all skipped":           {map[string]any{"skip": sealing.Names()}, "leave the provisioner out"},
		"relative path":         {map[string]any{"keep": []string{"etc/x"}}, "is not an absolute path"},
		"root":                  {map[string]any{"keep": []string{"/"}}, "keeps the whole guest"},
		"root by dots":          {map[string]any{"keep": []string{"/etc/.."}}, "keeps the whole guest"},
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

// Every operation that skip takes is in the option's documentation.
func TestSkipDocumentsEveryOperation(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("config.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sealing.Names() {
		if !strings.Contains(string(source), "`"+name+"`") {
			t.Errorf("%s is not documented", name)
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
