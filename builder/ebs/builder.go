package ebs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
)

// BuilderID tells post-processors whose artifact they are given.
const BuilderID = "goldenami.ebs"

// Builder is the component goldenami-ebs. Packer runs one in a process of its own
// for each build.
type Builder struct {
	config  Config
	session *layer.Session
	lease   time.Duration // of the mark of a build; zero for the usual one
}

var _ packersdk.Builder = (*Builder)(nil)

// ConfigSpec describes the options to Packer's HCL parser.
func (b *Builder) ConfigSpec() hcldec.ObjectSpec { return b.config.FlatMapstructure().HCL2Spec() }

// Prepare checks the options and makes no network call. A build of a family becomes
// known to the other builds of the run.
func (b *Builder) Prepare(raws ...any) (_, warnings []string, err error) {
	defer recovered(&err)
	warnings, err = b.config.prepare(raws...)
	if err != nil {
		return nil, warnings, errors.Join(err, b.config.reportDrop(err))
	}
	if member, known := b.config.member(); known {
		session, more, err := layer.Join(member)
		warnings = append(warnings, more...)
		if err != nil {
			return nil, warnings, fmt.Errorf("tier: %w", err)
		}
		b.session = session
	}
	return generatedDataNames(), warnings, nil
}

// reportDrop tells the other builds of the run that Packer is going to drop this one: an
// older image is not what a child of it asked for.
func (c *Config) reportDrop(cause error) error {
	member, known := c.member()
	if !known {
		return nil
	}
	session, _, err := layer.Join(member)
	if err != nil {
		return nil //nolint:nilerr // a place that cannot be taken is one of the findings, or nobody waits at it
	}
	return session.Publish(layer.Result{Status: layer.Failed, Reason: "its options are wrong: " + cause.Error()})
}

// Run builds the image, or finds the one that will do, or takes images back.
func (b *Builder) Run(ctx context.Context, ui packersdk.Ui, hook packersdk.Hook) (_ packersdk.Artifact, err error) {
	defer recovered(&err)
	ctx, stop := whileParentLives(ctx)
	defer stop()
	if err := b.session.Start(); err != nil {
		return nil, fmt.Errorf("tell the other builds of this run: %w", err)
	}
	if b.config.idle() {
		ui.Say("Nothing is rolled back: rollback { to } is empty.")
		return nil, nil
	}
	run := &build{cfg: &b.config, ui: ui, session: b.session, lease: b.lease}
	defer run.publishFailure(&err)
	if err := run.open(ctx, hook); err != nil {
		return nil, err
	}
	defer run.close(&err)
	artifact, err := run.run(ctx)
	if artifact == nil { // a nil *Artifact in an interface is not nil
		return nil, err
	}
	return artifact, err
}

// recovered turns a panic into an error: Packer would report a crash of its own, and
// write all that was logged to a file that everybody can read.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("internal error, please report it: %v\n%s", p, debug.Stack())
	}
}
