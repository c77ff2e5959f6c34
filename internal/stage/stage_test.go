package stage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

func inline(name string, tier ami.Tier, lines ...string) Stage {
	return Stage{Name: name, Tier: tier, Inline: lines}
}

func loaded(t *testing.T, stages ...Stage) []Stage {
	t.Helper()
	ready, err := Load(stages)
	if err != nil {
		t.Fatal(err)
	}
	return ready
}

func TestLoadNamesStageAndOption(t *testing.T) {
	t.Parallel()
	crlf := filepath.Join(t.TempDir(), "crlf.sh")
	binary := filepath.Join(t.TempDir(), "binary")
	for path, content := range map[string]string{crlf: "#!/bin/sh\r\ntrue\r\n", binary: "\x7fELF\x00"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	java := func(change func(*Stage)) []Stage {
		s := inline("java", ami.Hybrid, "true")
		change(&s)
		return []Stage{s}
	}
	for want, stages := range map[string][]Stage{
		`stage "java": script: open /nowhere/java.sh`:                    java(func(s *Stage) { s.Inline, s.Script = nil, "/nowhere/java.sh" }),
		`stage "java": script: there is inline too`:                      java(func(s *Stage) { s.Script = "java.sh" }),
		`stage "java": script: set script or inline`:                     java(func(s *Stage) { s.Inline = nil }),
		`stage "java": tier: unknown tier "middle": use one of os-only`:  java(func(s *Stage) { s.Tier = "middle" }),
		`stage "java": name: there is another stage`:                     append(java(func(*Stage) {}), java(func(*Stage) {})...),
		`stage "patch": tier: a stage of tier os-only cannot come after`: {inline("java", ami.Hybrid, "true"), inline("patch", ami.OSOnly, "true")},
		`stage number 1 has no name`:                                     java(func(s *Stage) { s.Name = "" }),
		`stage "a/b": name: use up to 64`:                                java(func(s *Stage) { s.Name = "a/b" }),
		`stage "..": name: use up to 64`:                                 java(func(s *Stage) { s.Name = ".." }),
		`stage "java": environment: "A-B" cannot name`:                   java(func(s *Stage) { s.Environment = map[string]string{"A-B": ""} }),
		`stage "java": environment: goldenami_x belongs`:                 java(func(s *Stage) { s.Environment = map[string]string{"goldenami_x": ""} }),
		`stage "java": environment: UID belongs`:                         java(func(s *Stage) { s.Environment = map[string]string{"UID": ""} }),
		`stage "java": environment: the value of A has a NUL`:            java(func(s *Stage) { s.Environment = map[string]string{"A": "\x00"} }),
		`stage "java": script: its first line ends in CR LF`:             java(func(s *Stage) { s.Inline, s.Script = nil, crlf }),
		`stage "java": script: it has NUL bytes`:                         java(func(s *Stage) { s.Inline, s.Script = nil, binary }),
		`stage "java": script: it is empty`:                              java(func(s *Stage) { s.Inline, s.Script = nil, os.DevNull }),
	} {
		if _, err := Load(stages); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	_, err := Load([]Stage{inline("a", "x", "true"), {Name: "b", Tier: ami.Full}})
	if err == nil || !strings.Contains(err.Error(), `stage "a"`) || !strings.Contains(err.Error(), `stage "b"`) {
		t.Errorf("not all findings at once: %v", err)
	}
}

func TestHashCountsContentOnly(t *testing.T) {
	t.Parallel()
	write := func(content string, at time.Time) string {
		path := filepath.Join(t.TempDir(), "s.sh")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		return path
	}
	of := func(s Stage) string { return loaded(t, s)[0].Hash() }
	base := Stage{Name: "a", Tier: ami.OSOnly, Script: write("echo 1\n", time.Unix(1, 0)), Environment: map[string]string{"A": "1", "B": "2"}}
	hash := of(base)
	moved := base
	moved.Script, moved.Tier = write("echo 1\n", time.Unix(2e9, 0)), ami.Full
	if of(moved) != hash {
		t.Error("another path, time or tier changed the hash")
	}
	seen := map[string]string{hash: "base"}
	for name, change := range map[string]func(*Stage){
		"content":    func(s *Stage) { s.Script = write("echo 1 \n", time.Unix(1, 0)) },
		"name":       func(s *Stage) { s.Name = "b" },
		"value":      func(s *Stage) { s.Environment = map[string]string{"A": "1", "B": "3"} },
		"variable":   func(s *Stage) { s.Environment = map[string]string{"A": "1", "C": "2"} },
		"swapped":    func(s *Stage) { s.Environment = map[string]string{"A": "2", "B": "1"} },
		"none":       func(s *Stage) { s.Environment = nil },
		"file":       func(s *Stage) { s.Files = []File{{Path: "a", Content: []byte("x")}} },
		"more file":  func(s *Stage) { s.Files = []File{{Path: "a", Content: []byte("y")}} },
		"moved file": func(s *Stage) { s.Files = []File{{Path: "b", Content: []byte("x")}} },
		"exec":       func(s *Stage) { s.Files = []File{{Path: "a", Content: []byte("x"), Exec: true}} },
		"secret":     func(s *Stage) { s.Tier, s.Secrets = Boot, map[string]string{"S": "ssm:/a"} },
		"other":      func(s *Stage) { s.Tier, s.Secrets = Boot, map[string]string{"S": "ssm:/b"} },
	} {
		s := base
		change(&s)
		h := of(s)
		if seen[h] != "" {
			t.Errorf("%s hashes like %s", name, seen[h])
		}
		seen[h] = name
	}
	empty := base
	none := base
	empty.Environment, none.Environment = map[string]string{}, nil
	if of(empty) != of(none) {
		t.Error("none and an empty environment differ")
	}
}

func TestHashGolden(t *testing.T) {
	t.Parallel()
	s := inline("java", ami.Hybrid, "apt-get install -y openjdk")
	s.Environment = map[string]string{"JAVA": "21"}
	// Written once: another value would rebuild every user's images.
	const want = "6491b8e8f4785a94817d56419d78155a2c714079b8fd9b20dd8180a9cdf37148"
	if got := loaded(t, s)[0].Hash(); got != want {
		t.Errorf("hash is %s, want %s", got, want)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	all := []Stage{{Name: "o1", Tier: ami.OSOnly}, {Name: "o2", Tier: ami.OSOnly}, {Name: "h", Tier: ami.Hybrid}, {Name: "f", Tier: ami.Full}, {Name: "b", Tier: Boot}}
	for _, c := range []struct {
		parent, tier ami.Tier
		bake, boot   string
	}{
		{"", ami.OSOnly, "o1 o2", "h f b"},
		{"", ami.Hybrid, "o1 o2 h", "f b"},
		{"", ami.Full, "o1 o2 h f", "b"},
		{ami.OSOnly, ami.Hybrid, "h", "f b"},
		{ami.OSOnly, ami.Full, "h f", "b"},
		{ami.Hybrid, ami.Full, "f", "b"},
	} {
		bake, boot := Cut(all, c.parent, c.tier)
		if names(bake) != c.bake || names(boot) != c.boot {
			t.Errorf("%s on %q: bake %s, boot %s", c.tier, c.parent, names(bake), names(boot))
		}
	}
}

func names(stages []Stage) string {
	var all []string
	for _, s := range stages {
		all = append(all, s.Name)
	}
	return strings.Join(all, " ")
}
