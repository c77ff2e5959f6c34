package distribute

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
)

// PostProcessor is goldenami-distribute.
type PostProcessor struct {
	config Config

	// connect reaches AWS; tests put their own in its place.
	connect func(ctx context.Context, access cloud.Access, runID string) (*session, error)
}

var _ packersdk.PostProcessor = (*PostProcessor)(nil)

// ConfigSpec tells Packer the options.
func (p *PostProcessor) ConfigSpec() hcldec.ObjectSpec { return p.config.FlatMapstructure().HCL2Spec() }

// Configure reads and checks the options, without a network call. Packer calls it
// once to validate and once more when the build's own values are known, so that
// nothing of the first call may stay.
func (p *PostProcessor) Configure(raws ...interface{}) error {
	p.config = Config{}
	return p.config.Prepare(raws...)
}

// PostProcess distributes the artifact's image and returns an artifact with all
// images. The artifact that was handed in is kept, because the new one lists its
// images. On failure the finished copies stay and are in the outputs file; what
// Packer then does with the builder's own image is not ours to say.
func (p *PostProcessor) PostProcess(ctx context.Context, ui packersdk.Ui, a packersdk.Artifact) (out packersdk.Artifact, keep, forceOverride bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, keep, forceOverride = nil, true, true
			err = fmt.Errorf("goldenami-distribute: internal error, please report it: %v\n%s", r, debug.Stack())
		}
	}()
	// Packer can hand over a context that was cancelled before (its plugin server
	// reuses one), and a cancelled run must not begin to copy.
	if err := context.Cause(ctx); err != nil {
		return nil, true, true, fmt.Errorf("goldenami-distribute: not begun: %w", err)
	}
	in, err := readInput(a)
	if err != nil {
		return nil, true, true, fmt.Errorf("goldenami-distribute: %w", err)
	}
	result, err := p.distribute(ctx, ui, in)
	if err != nil {
		return nil, true, true, fmt.Errorf("goldenami-distribute: %w", err)
	}
	return result, true, true, nil
}

func (p *PostProcessor) distribute(ctx context.Context, ui packersdk.Ui, in *input) (*Artifact, error) {
	source := in.source(p.config.Region)
	spec := p.config.spec()
	spec.RunID = runID(in)
	in.extend(&spec, source)
	if _, err := distribution.NewPlan(source, spec); err != nil {
		return nil, err
	}
	access := p.config.Access
	if access.Region == "" {
		access.Region = source.Region
	}
	connect := p.connect
	if connect == nil {
		connect = connectAWS
	}
	s, err := connect(ctx, access, spec.RunID)
	if err != nil {
		return nil, err
	}
	s.engine.Warn = func(message string) { ui.Say("Warning: " + cloud.Printable(message)) }
	if s.reclaim != nil {
		s.reclaim(ctx, func(text string) { ui.Say(cloud.Printable(text)) })
	}
	results, runErr := p.run(ctx, ui, s, source, spec)
	if err := s.end(ctx, ui, runErr); err != nil {
		return nil, err
	}
	return newArtifact(in, source, results, p.reconnect(access, spec.RunID)), nil
}

// run is preflight and execution, with the outputs file following along.
func (p *PostProcessor) run(ctx context.Context, ui packersdk.Ui, s *session, source distribution.Source, spec distribution.Spec) ([]distribution.Result, error) {
	ui.Say(fmt.Sprintf("Distributing %s from %s to %d more Regions", source.ImageID, source.Region, len(spec.Targets)))
	outputs := newOutputs(p.config.Outputs.JSON)
	if err := errors.Join(outputs.check(), p.checkLineage(), s.engine.Preflight(ctx, source, spec)); err != nil {
		return nil, fmt.Errorf("nothing was copied, because it would fail:\n%w", err)
	}
	var outputErr error
	results, err := s.engine.Execute(ctx, source, spec, func(e distribution.Event) {
		line := cloud.Printable(e.String())
		if e.Kind == distribution.EventFailed {
			ui.Error(line)
			return
		}
		ui.Say(line)
		if e.Kind == distribution.EventDone {
			outputErr = errors.Join(outputErr, outputs.add(*e.Result))
		}
	})
	if err != nil {
		return nil, errors.Join(incomplete(results, source, err), outputErr)
	}
	return results, errors.Join(outputErr, p.writeLineage(ctx, ui, s, source, results))
}

// incomplete says what is done and what is not. It does not promise the source:
// Packer deletes the builder's own image when the first post-processor fails.
func incomplete(results []distribution.Result, source distribution.Source, err error) error {
	failed := 0
	kept := ""
	for _, r := range results {
		switch {
		case r.Err != nil:
			failed++
		case r.ImageID != source.ImageID:
			kept += fmt.Sprintf("\nfinished and kept: %s in %s", r.ImageID, r.Region)
		}
	}
	return fmt.Errorf("%d of %d Regions are not done:\n%w%s", failed, len(results), err, kept)
}

// reconnect gives the artifact a way to AWS for the time when this call is over.
func (p *PostProcessor) reconnect(access cloud.Access, runID string) func(context.Context) (deleter, func(), error) {
	connect := p.connect
	if connect == nil {
		connect = connectAWS
	}
	return func(ctx context.Context) (deleter, func(), error) {
		s, err := connect(ctx, access, runID)
		if err != nil {
			return nil, nil, err
		}
		return s.deleter, s.close, nil
	}
}
