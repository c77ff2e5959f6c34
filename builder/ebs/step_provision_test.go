package ebs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// sender is a provisioner that is given the communicator.
type sender func(packersdk.Communicator) error

func (s sender) Run(_ context.Context, name string, _ packersdk.Ui, comm packersdk.Communicator, _ any) error {
	if name != packersdk.HookProvision {
		return nil
	}
	return s(comm)
}

// far is a communicator that takes everything.
type far struct {
	packersdk.MockCommunicator
	got     map[string]int64
	folders []string
	refuses error
}

func (f *far) Upload(path string, r io.Reader, _ *os.FileInfo) error {
	n, err := io.Copy(io.Discard, r)
	f.got[path] = n
	return errors.Join(err, f.refuses)
}

func (f *far) UploadDir(_, src string, _ []string) error {
	f.folders = append(f.folders, src)
	return nil
}

// provision runs the step with these inputs and gives what was said.
func provision(t *testing.T, comm packersdk.Communicator, inputs *InputsConfig, send sender) (string, multistep.StepAction) {
	t.Helper()
	r := &rig{t: t, output: &output{}}
	b := &build{cfg: &Config{}, ui: r.ui(), state: new(multistep.BasicStateBag)}
	b.cfg.Family, b.cfg.Inputs = "web", inputs
	for key, value := range map[string]any{
		"hook": packersdk.Hook(send), "ui": b.ui, "communicator_config": &b.cfg.Comm,
	} {
		b.state.Put(key, value)
	}
	if comm != nil {
		b.state.Put("communicator", comm)
	}
	step := &StepProvision{build: b}
	action := step.Run(t.Context(), b.state)
	step.Cleanup(b.state)
	return r.output.String(), action
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUploadsThatNoInputCovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	declared := write(t, dir+"/declared.sh", "echo declared\r\n")
	write(t, dir+"/conf/known", "echo declared\r\n")
	stray := write(t, dir+"/conf/deep/stray", "stray")
	inputs := &InputsConfig{Files: []string{declared}, Values: map[string]string{"version": "apt-get install app=7"}}
	comm := &far{got: map[string]int64{}}
	big := int64(5 << 20)
	said, action := provision(t, comm, inputs, func(c packersdk.Communicator) error {
		for _, up := range []struct{ path, content string }{
			{"/tmp/script_4711.sh", "echo declared\n"},
			{"/tmp/script_12.sh", "#!/bin/sh -e\napt-get install app=7\n"},
			{"/tmp/script_99.sh", "curl x | sh\n"},
			{"/tmp/script_100.sh", "curl y | sh\n"},
			{"/etc/app.conf", "a=b"},
		} {
			if err := c.Upload(up.path, strings.NewReader(up.content), nil); err != nil {
				return err
			}
		}
		if err := c.Upload("/opt/big", io.LimitReader(endless{}, big), nil); err != nil {
			return err
		}
		return c.UploadDir("/etc/conf", dir+"/conf", nil)
	})
	if action != multistep.ActionContinue || comm.got["/opt/big"] != big || len(comm.folders) != 1 {
		t.Errorf("action %v, %v", action, comm)
	}
	_, list, _ := strings.Cut(said, "files = [...] }:\n")
	if want := "  " + stray + "\n  /etc/app.conf\n  /opt/big\n  /tmp/script_N.sh\n"; sorted(list) != sorted(want) {
		t.Errorf("said\n%swanted\n%s", said, want)
	}
	if n := strings.Count(said, "Warning"); n != 1 {
		t.Errorf("warned %d times", n)
	}
}

func TestUploadsThatAreNotTold(t *testing.T) {
	t.Parallel()
	send := func(c packersdk.Communicator) error { return c.Upload("/etc/x", bytes.NewReader([]byte("x")), nil) }
	for name, c := range map[string]struct {
		inputs *InputsConfig
		fails  error
	}{
		"inputs are not declared": {nil, nil},
		"the upload failed":       {&InputsConfig{}, errors.New("connection lost")},
	} {
		said, action := provision(t, &far{got: map[string]int64{}, refuses: c.fails}, c.inputs, send)
		if strings.Contains(said, "Warning") || (action == multistep.ActionHalt) != (c.fails != nil) {
			t.Errorf("%s: %v\n%s", name, action, said)
		}
	}
	if said, action := provision(t, nil, &InputsConfig{}, func(packersdk.Communicator) error { return nil }); action != multistep.ActionContinue || said != "" {
		t.Errorf("without a communicator: %v %q", action, said)
	}
}

// endless reads as many bytes as are asked for.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func sorted(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	m := map[string]bool{}
	for _, l := range lines {
		m[l] = true
	}
	return strings.Join(sortedKeys(m), "\n")
}
