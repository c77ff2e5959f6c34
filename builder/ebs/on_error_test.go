package ebs

import (
	"context"
	"errors"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// answers is a terminal at which a user answers with one word each.
type answers chan string

func (a answers) ReadString() (string, error) { return <-a, nil }
func (answers) Close() error                  { return nil }

// asked runs a parent whose provisioner fails once, with a user who answers, while its
// child waits.
func (r *rig) asked(answer string) (parent, child outcome) {
	r.t.Helper()
	r.build(r.tier("os-only", nil)) // an older image, which is not what the user asks for
	first := r.prepared(r.tier("os-only", fields{"packer_on_error": "ask", "rebuild": "always"}))
	second := r.prepared(r.tier("hybrid", nil))
	done := make(chan outcome, 1)
	failed := false
	terminal := make(answers, 1)
	ui := &packersdk.BasicUi{Reader: nil, Writer: r.output, ErrorWriter: r.output, TTY: terminal}
	a, err := first.Run(r.t.Context(), ui, hookFunc(func(context.Context) error {
		if failed {
			return nil
		}
		failed = true
		go func() { //nolint:contextcheck // the child's own
			a, err := second.Run(r.t.Context(), r.ui(), hookFunc(func(context.Context) error { return nil }))
			artifact, _ := a.(*Artifact)
			done <- outcome{artifact, err}
		}()
		terminal <- answer
		return errors.New("exit code 7")
	}))
	artifact, _ := a.(*Artifact)
	return outcome{artifact, err}, <-done
}

// TestARetriedStepIsForgiven: what failed and then went well with -on-error=ask is no
// error of the build, and its child waits for it.
func TestARetriedStepIsForgiven(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	parent, child := r.asked("r")
	if parent.err != nil || child.err != nil {
		t.Fatalf("%v, %v\n%s", parent.err, child.err, r.output)
	}
	meta, _ := ami.Parse(r.image(region, child.artifact.Images[region]).Tags)
	if id := parent.artifact.Images[region]; meta.Parent != id || meta.State != ami.Good {
		t.Errorf("the child is built on %s, not on %s, and is %s", meta.Parent, id, meta.State)
	}
	if left := r.leftovers(region); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestAnAnswerThatEndsTheBuild: the child of a build that ends is told, whatever is to be
// done with what the build made.
func TestAnAnswerThatEndsTheBuild(t *testing.T) {
	t.Parallel()
	for answer, kept := range map[string]bool{"a": true, "c": false, "": false} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			parent, child := r.asked(answer)
			var left *leftoverError
			if parent.err == nil || errors.As(parent.err, &left) != kept {
				t.Errorf("the parent ended with %v", parent.err)
			}
			if child.err == nil || child.artifact != nil {
				t.Errorf("the child ended with %v", child.err)
			}
			if n := r.count("RunInstances"); n != 2 {
				t.Errorf("%d instances were launched, not one for each run of the parent", n)
			}
		})
	}
}
