package ebs

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	"github.com/hashicorp/packer-plugin-sdk/multistep/commonsteps"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
)

// StepProvision has the provisioners of the build block run, and tells of what they
// send to the instance although no input covers it: a change there would go unseen
// by the next run. How goldenami-seal sealed the instance is noted for the image's tags.
// With -on-error=run-cleanup-provisioner the SDK knows by the name of the type which step
// is to be cleaned up.
//
// Reads: communicator, hook. Writes: generated_data.
type StepProvision struct {
	*build
	peer commonsteps.StepProvision
}

// Run has the provisioners run.
func (s *StepProvision) Run(ctx context.Context, state multistep.StateBag) multistep.StepAction {
	var sent *uploads
	var seals *sealWitness
	if comm, ok := state.Get("communicator").(packersdk.Communicator); ok {
		if s.cfg.layered() && s.cfg.Inputs != nil {
			sent = &uploads{Communicator: comm}
			comm = sent
		}
		seals = &sealWitness{Communicator: comm}
		s.peer.Comm = seals
	}
	action := s.peer.Run(ctx, state)
	if seals != nil && action == multistep.ActionContinue {
		s.noteSeal(seals)
	}
	if sent != nil && action == multistep.ActionContinue {
		s.tell(sent)
	}
	return action
}

// Cleanup runs the error-cleanup-provisioner, unless all went well in the end.
func (s *StepProvision) Cleanup(state multistep.StateBag) {
	if ended(state) {
		s.peer.Cleanup(state)
	}
}

// namesShown is how many uploads are named.
const namesShown = 10

func (s *StepProvision) tell(sent *uploads) {
	inputs := s.cfg.Inputs
	declared, err := layer.NewCoverage(inputs.Files, inputs.Exclude, inputs.Values)
	var names []string
	if err == nil {
		names, err = sent.uncovered(declared)
	}
	switch {
	case err != nil:
		s.say("Warning: whether the inputs cover what provisioners uploaded is not known: %s", err)
		return
	case len(names) == 0:
		return
	}
	more := ""
	if len(names) > namesShown {
		more = fmt.Sprintf("\n  and %d more", len(names)-namesShown)
		names = names[:namesShown]
	}
	s.say("Warning: provisioners uploaded what no input covers, so a change of it alone does not have the image built anew. "+
		"Add the files, or the template that holds the commands, to inputs { files = [...] }:\n  %s%s", strings.Join(names, "\n  "), more)
}

// drawn is the number that provisioners give the scripts they make up.
var drawn = regexp.MustCompile(`(script|varfile|packer-shell|packer-inline)([_-]?)[0-9a-f]+[0-9a-f-]*`)

// plainName takes drawn numbers out of a name, so that equal builds say the same.
func plainName(name string) string { return drawn.ReplaceAllString(name, "${1}${2}N") }
