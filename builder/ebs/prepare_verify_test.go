package ebs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// overSSH are the options of a family's image that can be logged in to.
func overSSH(verify fields) map[string]any {
	return layered(fields{"communicator": "ssh", "ssh_username": "x", "verify": verify})
}

func TestBadVerify(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options map[string]any
		want    []string
	}{
		"without a family":        {small(fields{"verify": fields{}}), []string{"verify:", "family"}},
		"without an image":        {layered(fields{"skip_create_ami": true, "verify": fields{}}), []string{"verify:", "skip_create_ami"}},
		"unknown sign":            {overSSH(fields{"wait_for": "luck"}), []string{"verify: wait_for:", "luck", "console"}},
		"log-in without SSH":      {layered(fields{"verify": fields{"wait_for": "ssh"}}), []string{"verify: wait_for:", "communicator"}},
		"one address for all":     {layered(fields{"communicator": "ssh", "ssh_username": "x", "ssh_host": "10.0.0.1", "verify": fields{}}), []string{"verify: wait_for:", "ssh_host", "ssh_interface"}},
		"scripts without SSH":     {layered(fields{"verify": fields{"inline": []string{"true"}}}), []string{"verify: scripts, inline:", `wait_for = "ssh"`}},
		"identities without SSH":  {overSSH(fields{"wait_for": "status", "unique_identity": true}), []string{"verify: unique_identity:", "SSH"}},
		"missing script":          {overSSH(fields{"scripts": []string{"nowhere.sh"}}), []string{"verify: scripts: nowhere.sh:", "no such file"}},
		"empty path":              {overSSH(fields{"scripts": []string{"a.sh", ""}}), []string{"verify: scripts:", "number 2"}},
		"environment of nothing":  {overSSH(fields{"environment": map[string]string{"A": "1"}}), []string{"verify: environment:", "inline"}},
		"environment":             {overSSH(fields{"inline": []string{"true"}, "environment": map[string]string{"A-B": "1"}}), []string{"verify: inline:", "A-B"}},
		"timeout":                 {overSSH(fields{"timeout": "soon"}), []string{"verify: timeout:", "soon"}},
		"pattern":                 {overSSH(fields{"console_pattern": "("}), []string{"verify: console_pattern:"}},
		"on_failure":              {overSSH(fields{"on_failure": "ask"}), []string{"verify: on_failure:", "keep"}},
		"type of another machine": {overSSH(fields{"instance_type": "t4g.small"}), []string{"verify: instance_type:", "arm64", "x86_64"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := new(Builder).Prepare(c.options)
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
		})
	}
}

func TestDefaultsOfVerify(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options             fields
		waitFor, onFailure  string
		timeout             time.Duration
		testsOfTheseOptions int
	}{
		"SSH":           {fields{"communicator": "ssh", "ssh_username": "x", "verify": fields{"inline": []string{"true"}}}, "ssh", "remove", 20 * time.Minute, 1},
		"Windows":       {fields{"communicator": "winrm", "winrm_username": "x", "verify": fields{"timeout": "1h"}}, "password", "remove", time.Hour, 0},
		"no connection": {fields{"communicator": "none", "verify": fields{}, "on_failure": "keep-images"}, "status", "keep", 20 * time.Minute, 0},
		"what is set":   {fields{"verify": fields{"wait_for": "console", "on_failure": "remove"}, "on_failure": "keep-images"}, "console", "remove", 20 * time.Minute, 0},
		"not known yet": {fields{"verify": fields{"wait_for": "<unknown>", "on_failure": "<unknown>", "timeout": "<unknown>", "console_pattern": "<unknown>(", "scripts": []string{"<unknown>"}}}, "<unknown>", "<unknown>", 20 * time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var own Config
			if _, err := own.prepare(layered(c.options)); err != nil {
				t.Fatal(err)
			}
			if own.Verify.WaitFor != c.waitFor || own.Verify.OnFailure != c.onFailure || own.verify.timeout != c.timeout || len(own.verify.tests) != c.testsOfTheseOptions {
				t.Errorf("%+v, %+v", own.Verify, own.verify)
			}
		})
	}
}

func TestTestsAreReadBeforeTheBuild(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "smoke.sh")
	if err := os.WriteFile(path, []byte("#!/bin/bash\n[[ -e /opt/app ]]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var c Config
	if _, err := c.prepare(overSSH(fields{"scripts": []string{path}, "inline": []string{"id -u"}, "environment": map[string]string{"RELEASE": "1.4.2"}})); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if len(c.verify.tests) != 2 {
		t.Fatalf("%d tests", len(c.verify.tests))
	}
	inline, script := string(stage.Render(c.verify.tests[0])), string(stage.Render(c.verify.tests[1]))
	if !strings.Contains(inline, "id -u") || !strings.Contains(script, "[[ -e /opt/app ]]") || !strings.Contains(script, "/bin/bash") {
		t.Errorf("inline:\n%s\nscript:\n%s", inline, script)
	}
	if !strings.Contains(inline, "RELEASE=1.4.2") && !strings.Contains(inline, "RELEASE='1.4.2'") {
		t.Errorf("the environment is not in\n%s", inline)
	}
}
