package ebs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	"github.com/hashicorp/packer-plugin-sdk/multistep/commonsteps"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/oklog/ulid/v2"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
	"github.com/goldenami/packer-plugin-goldenami/internal/ledger"
	"github.com/goldenami/packer-plugin-goldenami/internal/wait"
)

// open gets what the build works with: the ledger first, because nothing may be made
// that it does not see.
func (b *build) open(ctx context.Context, hook packersdk.Hook) error {
	b.started = time.Now()
	b.runID = os.Getenv("PACKER_RUN_UUID")
	setDefault(&b.runID, ulid.Make().String())
	record, err := ledger.Open(ledger.DefaultDir(), b.runID, strings.Trim(b.cfg.PackerBuildName+"-"+b.cfg.Tier, "-")+"-"+ulid.Make().String())
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	b.ledger = record
	cfg, account, err := b.cfg.credentials(ctx)
	if err != nil {
		return errors.Join(err, record.Close())
	}
	b.clients = b.cfg.clients(cfg, record, cloud.WithAccount(account))
	b.unrecorded = b.cfg.clients(cfg, nil, cloud.WithAccount(account))
	b.deleter = cloud.NewDeleter(b.clients)
	b.poller = wait.NewPoller(func(region string) wait.API { return b.clients.EC2(region) })
	if err := b.cfg.settleRegion(b.region()); err != nil {
		b.poller.Close()
		return errors.Join(err, record.Close())
	}
	if err := record.Terms(b.terms(account)); err != nil {
		b.poller.Close()
		return errors.Join(err, record.Close())
	}
	b.fillState(hook)
	b.reclaim(ctx)
	return nil
}

// settleRegion makes the Region known that the environment or the profile names, and
// checks what depends on it.
func (c *Config) settleRegion(region string) error {
	if c.RawRegion != "" {
		return nil
	}
	c.RawRegion = region
	var p problems
	c.prepareRegions(&p)
	c.prepareKeys(&p)
	return p.err()
}

// fillState gives the steps of the SDK and of amazon-ebs what they read.
func (b *build) fillState(hook packersdk.Hook) {
	b.state = new(multistep.BasicStateBag)
	cfg := b.clients.Config("")
	for key, value := range map[string]any{
		"ui":                  b.ui,
		"hook":                hook,
		"region":              b.region(),
		"aws_config":          &cfg,
		"iam":                 b.clients.IAM(),
		"communicator_config": &b.cfg.Comm,
		"iamInstanceProfile":  "",
		"ec2v2":               launchClient{Client: b.clients.EC2("")},
	} {
		b.state.Put(key, value)
	}
}

// run plans, works, and settles. Whatever happens after open, settle is reached.
func (b *build) run(ctx context.Context) (artifact *Artifact, err error) {
	if b.cfg.Rollback != nil {
		return b.rollBack(ctx)
	}
	err = b.work(ctx)
	// Whoever waits for this build goes on now. A mark that could not be taken away is
	// in the ledger, and is tried again with what else is left.
	if e := b.release(ctx, err); e != nil {
		b.say("Warning: %s", b.explain(e))
	}
	if err != nil {
		err = b.decoded(ctx, err)
	}
	if err = b.settle(ctx, err); err != nil {
		return nil, err
	}
	if b.cfg.AMISkipCreateImage && !b.reused() {
		return nil, nil
	}
	return b.artifact(ctx), nil
}

func (b *build) work(ctx context.Context) (err error) {
	defer recovered(&err)
	if err := b.runSteps(ctx, b.planSteps()); err != nil {
		return err
	}
	if b.reused() {
		if err := b.publish(b.result(layer.Reused, b.imageID)); err != nil {
			return err
		}
	} else {
		b.state.Put("ec2v2", launchClient{Client: b.clients.EC2(""), launch: b.cfg.launchRequest(b.source, b.subnetID)})
	}
	err = b.runSteps(ctx, b.workSteps(ctx))
	if errors.Is(err, errGaveWay) {
		return b.giveWay(ctx)
	}
	return err
}

func (b *build) subnetID() string {
	id, _ := b.state.Get("subnet_id").(string)
	return id
}

// runSteps gives the error that ended the steps. One that is in the state although no step
// halted is of a step that the user had repeated (-on-error=ask), and that then went well.
func (b *build) runSteps(ctx context.Context, steps []multistep.Step) error {
	commonsteps.NewRunner(steps, b.cfg.PackerConfig, b.ui).Run(ctx, b.state)
	ended := ended(b.state)
	if err, ok := b.state.Get("error").(error); ok && ended {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("the build was cancelled: %w", err)
	}
	if ended {
		return errors.New("the build was ended by a step that gave no reason")
	}
	return nil
}

// ended tells whether a step halted the build, or the user did.
func ended(state multistep.StateBag) bool {
	_, cancelled := state.GetOk(multistep.StateCancelled)
	_, halted := state.GetOk(multistep.StateHalted)
	return cancelled || halted
}

// decoded adds what AWS says in private about a refused call, where that is asked for.
func (b *build) decoded(ctx context.Context, err error) error {
	if !b.cfg.DecodeAuthZMessages {
		return err
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer stop()
	text, decodeErr := b.clients.DecodeAuthorization(ctx, err)
	switch {
	case decodeErr != nil:
		return fmt.Errorf("%w\ndecode_authorization_messages: %w", err, decodeErr)
	case text != "":
		return fmt.Errorf("%w\nAuthorization failure: %s", err, text)
	}
	return err
}

// publishFailure tells the other builds of the run why there is no image. It runs
// whatever happens, because those who wait would wait.
func (b *build) publishFailure(err *error) {
	if *err == nil && b.settled {
		return
	}
	reason := "it makes no image (skip_create_ami)"
	if *err != nil {
		reason = strings.SplitN((*err).Error(), "\n", 2)[0]
	}
	if e := b.publish(layer.Result{Status: layer.Failed, Reason: reason}); e != nil {
		*err = errors.Join(*err, e)
	}
}

// close ends the polling and the ledger, whose file goes if nothing is left.
func (b *build) close(err *error) {
	b.poller.Close()
	if e := b.ledger.Close(); e != nil {
		*err = errors.Join(*err, fmt.Errorf("close the ledger: %w", e))
	}
}

// imageList names the images for people.
func (b *build) imageList() string {
	ids := make([]string, 0, len(b.results))
	for _, r := range b.results {
		ids = append(ids, r.Region+": "+r.ImageID)
	}
	return strings.Join(ids, ", ")
}
