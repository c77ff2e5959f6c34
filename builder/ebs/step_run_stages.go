package ebs

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/stage"
)

// stepRunStages runs the stages that this image has and its parent lacks, before the
// provisioners of the build block.
//
// Reads: communicator.
type stepRunStages struct{ *build }

func (s stepRunStages) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	bake, boot := stage.Cut(s.cfg.stages, s.base.Tier, s.cfg.tier())
	for _, left := range boot {
		s.say("Stage %s: left to first boot (tier %s)", left.Name, left.Tier)
	}
	if len(bake) == 0 {
		return multistep.ActionContinue
	}
	comm, ok := state.Get("communicator").(packersdk.Communicator)
	if !ok {
		return s.halt("stages: there is no connection to the instance")
	}
	on := s.baker(guest{comm: comm, ui: s.ui, dir: "/tmp/goldenami-" + s.runID})
	if err := on.open(ctx); err != nil {
		return s.halt("stages: make a private folder on the instance: %w", err)
	}
	for _, next := range bake {
		s.say("Stage %s: running", next.Name)
		began := time.Now()
		if err := on.stage(ctx, next); err != nil {
			return s.halt("stage %s: %w", next.Name, err)
		}
		s.say("Stage %s: done in %s", next.Name, time.Since(began).Round(time.Second))
	}
	if err := on.close(ctx); err != nil {
		return s.halt("stages: remove their folder from the instance: %w", err)
	}
	return multistep.ActionContinue
}

func (stepRunStages) Cleanup(multistep.StateBag) {}

// guest is the instance as stages see it.
type guest struct {
	comm packersdk.Communicator
	ui   packersdk.Ui
	dir  string // private to the user who logs in: a stage's environment may be secret
}

// stage uploads the program of a stage and runs it as root. It is read by sh and not
// executed, since hardened images mount /tmp noexec.
func (g guest) stage(ctx context.Context, s stage.Stage) error {
	return g.program(ctx, s.Name, stage.Render(s))
}

// program is stage for any program of a shell.
func (g guest) program(ctx context.Context, name string, text []byte) error {
	path := g.dir + "/" + name + ".sh"
	if err := g.comm.Upload(path, bytes.NewReader(text), nil); err != nil {
		return fmt.Errorf("upload it: %w", err)
	}
	return g.run(ctx, `if [ "$(id -u)" = 0 ]; then sh `+path+`; else sudo -n sh `+path+`; fi`)
}

// run runs a command and shows its output.
func (g guest) run(ctx context.Context, command string) error {
	cmd := &packersdk.RemoteCmd{Command: command}
	if err := cmd.RunWithUi(ctx, g.comm, g.ui); err != nil {
		return err
	}
	if code := cmd.ExitStatus(); code != 0 {
		return fmt.Errorf("it ended with exit code %d; its last output is above", code)
	}
	return nil
}
