package repotest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goMod is what the tests need of "go mod edit -json".
type goMod struct {
	Go      string
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
}

func readGoMod(t *testing.T, file string) goMod {
	t.Helper()
	var m goMod
	if err := json.Unmarshal(goCommand(t, "mod", "edit", "-json", file), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestEachDependencyHasAReason compares go.mod with the table in CONTRIBUTING.md.
func TestEachDependencyHasAReason(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root(t), "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for _, r := range readGoMod(t, "go.mod").Require {
		direct[r.Path] = !r.Indirect
		if !r.Indirect && !strings.Contains(string(text), "| `"+r.Path+"` | ") {
			t.Errorf("CONTRIBUTING.md does not say why %s is a dependency", r.Path)
		}
	}
	for line := range strings.Lines(string(text)) {
		path, reason, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` | ")
		if !ok || !strings.Contains(path, ".") || !strings.Contains(path, "/") || strings.HasPrefix(path, ".") {
			continue
		}
		if _, known := direct[path]; !known {
			t.Errorf("CONTRIBUTING.md gives a reason for %s, which go.mod does not have", path)
		}
		if len(strings.TrimRight(reason, " |\n")) < 10 {
			t.Errorf("CONTRIBUTING.md: the reason for %s is too short to be one", path)
		}
	}
}

// TestNothingIsReplacedButCty keeps the one replacement that the Packer SDK needs
// to compile the only one: others would not reach who imports this module.
func TestNothingIsReplacedButCty(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"go.mod", "tools/go.mod"} {
		m := readGoMod(t, file)
		if len(m.Replace) != 1 || m.Replace[0].Old.Path != "github.com/zclconf/go-cty" || m.Replace[0].New.Path != "github.com/nywilken/go-cty" {
			t.Errorf("%s replaces %v, not go-cty alone", file, m.Replace)
		}
	}
}

// TestToolsFollowThePlugin keeps the generator at the version of the SDK that
// compiles what it writes.
func TestToolsFollowThePlugin(t *testing.T) {
	t.Parallel()
	version := func(file string) string {
		for _, r := range readGoMod(t, file).Require {
			if r.Path == packerSDK {
				return r.Version
			}
		}
		return ""
	}
	if plugin, tools := version("go.mod"), version("tools/go.mod"); plugin == "" || plugin != tools {
		t.Errorf("the plugin has packer-plugin-sdk %q and the tools have %q", plugin, tools)
	}
}
