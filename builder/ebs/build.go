package ebs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/packer-plugin-sdk/multistep"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/distribution"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
	"github.com/goldenami/packer-plugin-goldenami/internal/ledger"
	"github.com/goldenami/packer-plugin-goldenami/internal/pointer"
	"github.com/goldenami/packer-plugin-goldenami/internal/tradeoff"
	"github.com/goldenami/packer-plugin-goldenami/internal/wait"
)

// build is one run of the builder: what it works with, and what it found out. The
// state bag holds only what steps of the SDK and of amazon-ebs read and write.
type build struct {
	cfg     *Config
	ui      packersdk.Ui
	state   *multistep.BasicStateBag
	clients *cloud.Clients
	// unrecorded are the clients of the artifact, which outlives the ledger.
	unrecorded *cloud.Clients

	ledger  *ledger.Ledger
	deleter ledger.Deleter
	poller  *wait.Poller
	session *layer.Session // nil without a family
	runID   string
	started time.Time

	source   types.Image    // what the instance starts from
	base     layer.Base     // the same, as a layer; of a family only
	items    layer.Items    // the same, item by item
	sum      layer.Sum      // of what the user decides; of a family only
	lease    time.Duration  // of claim; zero for the usual one
	claim    *layer.Claim   // marks that this build makes the image; nil while it does not
	current  *ami.Image     // the good image of the tier that others take; nil if there is none
	decision layer.Decision // of a family only
	meta     *ami.Meta      // of the image that is made; nil without a family
	name     string         // of the image that is made
	inTheWay []namesake     // images of that name that force_deregister is to replace

	// intermediary says why the image of the instance is copied in its own Region
	// and thrown away; empty where it is the result itself.
	intermediary string
	imageID      string // what CreateImage gave, or the image that is reused
	results      []distribution.Result
	keys         hostKeys // of the build instance
	sealed       string   // how goldenami-seal sealed it, for a tag; empty where it did not
	verification verification
	figures      tradeoff.Figures // what the image cost
	lap          time.Time        // until when the time of the build is accounted for

	mu        sync.Mutex
	finished  []string // ids of Regions that are complete
	replacing bool     // images that had the name are gone; the intermediary is all there is
	// distributed says that the images are complete in every Region: what comes after is
	// only told and written down, so that Ctrl-C takes none of them away.
	distributed bool
	settled     bool // the other builds of the run know the outcome
	followed    bool // pointers may lead to the image, so it stays whatever happens
	moved       []pointer.Moved
}

func (b *build) region() string { return b.clients.Region() }

func (b *build) reused() bool { return b.decision.Reuse }

// say tells the user one thing that happens.
func (b *build) say(format string, args ...any) { b.ui.Say(fmt.Sprintf(format, args...)) }

// halt ends a step with an error.
func (b *build) halt(format string, args ...any) multistep.StepAction {
	err := fmt.Errorf(format, args...)
	b.state.Put("error", err)
	b.ui.Error(b.explain(err))
	return multistep.ActionHalt
}

// explain puts AWS's code and request id into the sentence a user reads.
func (b *build) explain(err error) string {
	if cloud.Code(err) == "" {
		return err.Error()
	}
	return err.Error() + "\n" + cloud.Explain(err)
}

// engine does everything after the image exists.
func (b *build) engine() *distribution.Engine {
	return &distribution.Engine{
		Clients: distribution.FromCloud(b.clients),
		Poller:  b.poller,
		Keep: func(_ context.Context, ids ...string) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.finished = append(b.finished, ids...)
			return b.ledger.Finish(ids...)
		},
		Warn: func(message string) { b.say("Warning: %s", message) },
	}
}

// publish tells the other builds of the run how this one ended, once.
func (b *build) publish(r layer.Result) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.session == nil || b.settled {
		return nil
	}
	b.settled = true
	if err := b.session.Publish(r); err != nil {
		return fmt.Errorf("tell the other builds of this run: %w", err)
	}
	return nil
}
