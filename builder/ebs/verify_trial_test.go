package ebs

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	gossh "golang.org/x/crypto/ssh"
)

// trialRig is an instance of an image whose family has three stages, and which has a
// test.
func trialRig(t *testing.T) (*trial, *machine) {
	t.Helper()
	b, m := stagesRig(t, "")
	var c Config
	_, err := c.prepare(overSSH(fields{"inline": []string{"test -e /opt/app"}, "environment": map[string]string{"TOKEN": "s3cret"}}))
	if err != nil {
		t.Fatal(err)
	}
	b.cfg.Verify, b.cfg.verify = c.Verify, c.verify
	return &trial{build: b, id: "i-new", comm: m}, m
}

func TestFirstBootIsAwaitedOnTheInstance(t *testing.T) {
	t.Parallel()
	one, m := trialRig(t)
	if err := one.awaitFirstBoot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := one.runTests(t.Context()); err != nil {
		t.Fatal(err)
	}
	program := m.uploads["/tmp/goldenami-run-1/first-boot.sh"]
	for _, s := range one.cfg.stages {
		if !strings.Contains(program, s.Hash()) {
			t.Errorf("stage %s is not waited for:\n%s", s.Name, program)
		}
	}
	if test := m.uploads["/tmp/goldenami-run-1/verify-inline.sh"]; !strings.Contains(test, "test -e /opt/app") || !strings.Contains(test, "s3cret") {
		t.Errorf("the test is\n%s", test)
	}
	all := strings.Join(m.commands, "\n")
	if strings.Contains(all, "s3cret") || !strings.HasPrefix(m.commands[0], "umask 077") {
		t.Errorf("commands:\n%s", all)
	}
}

func TestTheRemainderIsWhatTheInstanceCounted(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]time.Duration{
		`{"schema":1,"state":"done","seconds":9,"stages":[{"name":"os","result":"kept","seconds":0},{"name":"app","result":"ran","seconds":4},{"name":"late","result":"ran","seconds":3}]}`: 7 * time.Second,
		`{"schema":2}`: time.Second, // of another release: the time since the log-in
		`not written`:  time.Second,
	} {
		one, m := trialRig(t)
		m.prints = map[string]string{"/var/lib/goldenami/status.json": status}
		if got := one.remainder(t.Context(), time.Second); got != want {
			t.Errorf("%s: %s, not %s", status, got, want)
		}
	}
	one, m := trialRig(t)
	m.failAt = "status.json"
	if got := one.remainder(t.Context(), time.Second); got != time.Second {
		t.Errorf("no status: %s", got)
	}
	one.cfg.stages = nil
	if got := one.remainder(t.Context(), 2*time.Second); got != 2*time.Second {
		t.Errorf("no stages: %s", got)
	}
}

func TestAFailedTestSaysWhich(t *testing.T) {
	t.Parallel()
	one, m := trialRig(t)
	m.failAt = "verify-inline.sh"
	if err := one.runTests(t.Context()); err == nil || !strings.Contains(err.Error(), "inline") || !strings.Contains(err.Error(), "exit code 3") {
		t.Errorf("error %v", err)
	}
}

// speaker is a machine that answers each command with a text.
type speaker struct {
	packersdk.MockCommunicator
	says string
}

func (s *speaker) Start(_ context.Context, cmd *packersdk.RemoteCmd) error {
	_, err := cmd.Stdout.Write([]byte(s.says))
	cmd.SetExited(0)
	return err
}

func TestTheBuildInstanceIsAskedWhoItIs(t *testing.T) {
	t.Parallel()
	one, _ := trialRig(t)
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := gossh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	logIn := one.build.keys.noting(func(multistep.StateBag) (*gossh.ClientConfig, error) {
		return &gossh.ClientConfig{HostKeyCallback: gossh.FixedHostKey(key)}, nil
	})
	c, err := logIn(one.state)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.HostKeyCallback("10.0.0.1:22", &net.TCPAddr{}, key); err != nil {
		t.Errorf("the check that was there is gone: %v", err)
	}
	step := stepNoteIdentity{one.build}
	one.state.Put("communicator", &speaker{says: "hostname builder\nmachine-id 1234\n"})
	step.Run(t.Context(), one.state)
	if one.verification.builder.Hostname != "" {
		t.Error("it was asked although identities are not compared")
	}
	one.cfg.Verify.UniqueIdentity = true
	if action := step.Run(t.Context(), one.state); action != multistep.ActionContinue {
		t.Fatal(one.state.Get("error"))
	}
	got := one.verification.builder
	if got.Hostname != "builder" || got.MachineID != "1234" || len(got.HostKeys) != 1 || !strings.Contains(got.HostKeys[0], gossh.FingerprintSHA256(key)) {
		t.Errorf("%+v", got)
	}
	one.state.Put("communicator", &speaker{says: "This account is not available"})
	if action := step.Run(t.Context(), one.state); action != multistep.ActionHalt {
		t.Error("an answer that is none was taken")
	}
}
