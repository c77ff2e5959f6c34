package ebs

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/proof"
	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// trial is one instance of the new image.
type trial struct {
	*build
	id       string
	began    time.Time // its launch
	instance types.Instance
	keys     hostKeys
	comm     packersdk.Communicator
	identity proof.Identity
	times    bootTimes
	close    func() // ends the tunnel; nil before there is one
}

// signPause lies between looks at an instance by way of AWS.
const signPause = 5 * time.Second

// boot waits until the instance is up and its first boot is over.
func (t *trial) boot(ctx context.Context) error {
	var err error
	// The phase has a deadline, so the wait needs none of its own.
	if t.instance, err = t.poller.Instance(ctx, t.region(), t.id, types.InstanceStateNameRunning, 0); err != nil {
		return fmt.Errorf("wait for %s to run: %w", t.id, err)
	}
	if sign := t.sign(); sign != nil {
		if err := sign.Await(ctx, t.id, signPause); err != nil {
			return fmt.Errorf("wait_for %s: %w", t.cfg.Verify.WaitFor, err)
		}
		t.times.Boot = time.Since(t.began)
		t.say("%s is up after %s (%s)", t.id, t.times.Boot.Round(time.Second), t.cfg.Verify.WaitFor)
		return nil
	}
	if err := t.connect(ctx); err != nil {
		return err
	}
	t.times.Boot = time.Since(t.began)
	if err := t.awaitFirstBoot(ctx); err != nil {
		return fmt.Errorf("first boot of %s: %w", t.id, err)
	}
	over := time.Since(t.began) - t.times.Boot
	t.times.FirstBoot = t.remainder(ctx, over)
	t.say("%s: log-in after %s, first boot over %s later", t.id, t.times.Boot.Round(time.Second), over.Round(time.Second))
	if t.cfg.Verify.UniqueIdentity {
		t.identity, err = identityOf(ctx, t.id, t.comm, &t.keys)
	}
	return err
}

// sign is what tells that the instance is up; nil where it is a log-in.
func (t *trial) sign() proof.Sign {
	api := t.clients.EC2("")
	switch t.cfg.Verify.WaitFor {
	case waitForSSM:
		return proof.Agent(t.clients.SSM(""))
	case waitForConsole:
		return proof.Console(api, t.cfg.verify.pattern)
	case waitForPassword:
		return proof.Password(api)
	case waitForStatus:
		return proof.StatusChecks(api)
	}
	return nil
}

func (t *trial) guest() guest { return guest{comm: t.comm, ui: t.ui, dir: "/tmp/goldenami-" + t.runID} }

// awaitFirstBoot waits on the instance itself for its first boot.
func (t *trial) awaitFirstBoot(ctx context.Context) error {
	wait := proof.FirstBoot{Dir: stage.MarkerDir, Limit: t.cfg.verify.timeout}
	for _, s := range t.cfg.stages {
		wait.Markers = append(wait.Markers, proof.Marker{Name: s.Name, Hash: s.Hash()})
	}
	g := t.guest()
	if err := g.run(ctx, "umask 077 && mkdir "+g.dir); err != nil {
		return fmt.Errorf("make a private folder: %w", err)
	}
	return g.program(ctx, "first-boot", wait.Program())
}

// remainder is what the stages took that the image lacks, as the instance itself
// counted it: some of it may be over before the log-in. Without stages, or where the
// instance does not tell, it is the time since the log-in.
func (t *trial) remainder(ctx context.Context, sinceLogIn time.Duration) time.Duration {
	if len(t.cfg.stages) == 0 {
		return sinceLogIn
	}
	text, err := ask(ctx, t.comm, "cat "+stage.StatusFile)
	if err != nil {
		t.say("Warning: how long the stages took on %s is not known: %s", t.id, err)
		return sinceLogIn
	}
	status, err := stage.ParseStatus([]byte(text))
	if err != nil {
		t.say("Warning: how long the stages took on %s is not known: %s", t.id, err)
		return sinceLogIn
	}
	return status.Remainder()
}

// runTests runs the user's tests.
func (t *trial) runTests(ctx context.Context) error {
	g := t.guest()
	for n, test := range t.cfg.verify.tests {
		what := "inline"
		if test.Script != "" {
			what = test.Script
		}
		t.say("Test %d of %d (%s): running on %s", n+1, len(t.cfg.verify.tests), what, t.id)
		if err := g.stage(ctx, test); err != nil {
			return fmt.Errorf("test %s: %w", what, err)
		}
	}
	return nil
}

// ask runs a command and gives what it prints.
func ask(ctx context.Context, comm packersdk.Communicator, command string) (string, error) {
	var out bytes.Buffer
	cmd := &packersdk.RemoteCmd{Command: command, Stdout: &out}
	if err := comm.Start(ctx, cmd); err != nil {
		return "", err
	}
	ended := make(chan int, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case code := <-ended:
		if code != 0 {
			return "", fmt.Errorf("exit code %d", code)
		}
	}
	return out.String(), nil
}

// identityOf asks a machine who it is. The keys are those that it was seen to have.
func identityOf(ctx context.Context, name string, comm packersdk.Communicator, keys *hostKeys) (proof.Identity, error) {
	text, err := ask(ctx, comm, proof.Probe)
	if err != nil {
		return proof.Identity{}, fmt.Errorf("read the identity of %s: %w", name, err)
	}
	id, err := proof.ParseIdentity(name, text)
	if err != nil {
		return proof.Identity{}, err
	}
	for _, key := range keys.all() {
		id.AddHostKey(key)
	}
	return id, nil
}

// stepNoteIdentity reads who the build instance is, before anything can take its
// identity away, so that the test can tell whether it got into the image.
//
// Reads: communicator.
type stepNoteIdentity struct{ *build }

func (s stepNoteIdentity) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	if s.cfg.Verify == nil || !s.cfg.Verify.UniqueIdentity {
		return multistep.ActionContinue
	}
	comm, ok := state.Get("communicator").(packersdk.Communicator)
	if !ok {
		return s.halt("verify: unique_identity: there is no connection to the build instance")
	}
	id, err := identityOf(ctx, "the build instance", comm, &s.keys)
	if err != nil {
		return s.halt("verify: unique_identity: %w", err)
	}
	s.verification.builder = id
	return multistep.ActionContinue
}

func (stepNoteIdentity) Cleanup(multistep.StateBag) {}
