package ebs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/hashicorp/packer-plugin-sdk/multistep"
	"golang.org/x/sync/errgroup"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
	"github.com/goldenami/packer-plugin-goldenami/internal/layer"
	"github.com/goldenami/packer-plugin-goldenami/internal/proof"
)

// verification is what the test phase keeps for other steps.
type verification struct {
	builder proof.Identity // of the build instance, where identities are compared
	tries   int            // launches: -on-error=ask repeats a step
	failed  bool           // the image is bad
	passed  *bootTimes     // nil unless the image passed
}

// bootTimes are what an instance of the new image took.
type bootTimes struct {
	Boot      time.Duration // from the launch to the sign that it is up
	FirstBoot time.Duration // what it did to complete itself; zero where that is not seen
}

// stepVerifyImage tests the new image before it can be good: it starts instances of it,
// as a user would, and has them show that they work. Between the image's states
// building and good lies testing; an image that fails is bad.
//
// Reads: subnet_id, availability_zone, securityGroupIds, iamInstanceProfile. Cleans: the
// instances.
type stepVerifyImage struct{ *build }

func (s stepVerifyImage) Run(ctx context.Context, _ multistep.StateBag) multistep.StepAction {
	if s.cfg.Verify == nil {
		return multistep.ActionContinue
	}
	began := time.Now()
	s.verification.failed = false // of a try before this one
	limit := s.cfg.verify.timeout
	limited, stop := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %s (verify: timeout)", limit))
	defer stop()
	image, err := s.testedImage(limited)
	if err != nil {
		return s.halt("verify: %w", err)
	}
	if err := ami.SetState(limited, s.clients.EC2(""), ami.Testing, image.ids()...); err != nil {
		return s.halt("verify: %w", err)
	}
	times, err := s.test(limited, image)
	switch {
	case err != nil && ctx.Err() != nil: // nothing is said about the image
		return s.halt("verify: the test of %s was ended: %w", s.imageID, err)
	case err != nil && limited.Err() != nil:
		return s.fail(ctx, image, fmt.Errorf("%w: %w", context.Cause(limited), err))
	case err != nil:
		return s.fail(ctx, image, err)
	}
	s.verification.passed = &times
	s.say("Image %s passed its test in %s", s.imageID, time.Since(began).Round(time.Second))
	return multistep.ActionContinue
}

// Cleanup terminates what Run could not, or did not come to.
func (s stepVerifyImage) Cleanup(multistep.StateBag) {
	if s.cfg.Verify != nil {
		s.remove(cloud.KindInstance)
	}
}

// test starts the instances, waits for them, compares them and runs the tests on the
// first one.
func (s stepVerifyImage) test(ctx context.Context, image testedImage) (bootTimes, error) {
	trials, err := s.launchTrials(ctx, image)
	if err != nil {
		return bootTimes{}, err
	}
	defer func() {
		for _, t := range trials {
			if t.close != nil {
				t.close()
			}
		}
	}()
	up, upCtx := errgroup.WithContext(ctx)
	for _, t := range trials {
		up.Go(func() error { return t.boot(upCtx) })
	}
	if err := up.Wait(); err != nil {
		return bootTimes{}, err
	}
	if s.cfg.Verify.UniqueIdentity {
		identities := []proof.Identity{s.verification.builder}
		for _, t := range trials {
			identities = append(identities, t.identity)
		}
		if err := proof.Distinct(identities...); err != nil {
			return bootTimes{}, fmt.Errorf("unique_identity: %w", err)
		}
		s.say("The two instances and the build instance share no host key, machine-id or host name")
	}
	if err := trials[0].runTests(ctx); err != nil {
		return bootTimes{}, err
	}
	return trials[0].times, s.endTrials(ctx, trials)
}

// endTrials has the instances end, and does not wait for it: what is left is removed at
// the end of the build.
func (s stepVerifyImage) endTrials(ctx context.Context, trials []*trial) error {
	ids := make([]string, 0, len(trials))
	for _, t := range trials {
		ids = append(ids, t.id)
	}
	s.say("Terminating %s", strings.Join(ids, ", "))
	_, err := s.clients.EC2("").TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids})
	if err != nil && !cloud.IsNotFound(err) {
		s.say("Warning: they could not be terminated yet: %s", cloud.Explain(err))
	}
	return context.Cause(ctx)
}

// markTimeout bounds the marking of an image whose build has failed.
const markTimeout = time.Minute

// fail marks the image, and tells the builds that wait for it before the cleaning up,
// which can take minutes.
func (s stepVerifyImage) fail(ctx context.Context, image testedImage, cause error) multistep.StepAction {
	s.verification.failed = true
	marking, stop := context.WithTimeout(context.WithoutCancel(ctx), markTimeout)
	defer stop()
	if err := ami.SetState(marking, s.clients.EC2(""), ami.Bad, image.ids()...); err != nil {
		s.ui.Error(s.explain(err))
	}
	fate := "it is removed (verify: on_failure)"
	if s.cfg.Verify.OnFailure == verifyKeep {
		fate = "it is kept with the state bad (verify: on_failure)"
	}
	err := fmt.Errorf("image %s failed its test, and %s: %w", s.imageID, fate, cause)
	reason := "its image failed its test: " + strings.SplitN(cause.Error(), "\n", 2)[0]
	if e := s.publish(layer.Result{Status: layer.Failed, Reason: reason}); e != nil {
		s.ui.Error(e.Error())
	}
	return s.halt("verify: %w", err)
}

// keepFailed is the end of an image that failed its test. The other builds of the run
// know already.
func (b *build) keepFailed(ctx context.Context) error {
	if b.cfg.Verify.OnFailure != verifyKeep {
		return nil
	}
	ids := b.liveImages(b.region())
	for _, id := range ids {
		b.ui.Error("Kept although it failed its test: " + id)
	}
	return b.ledger.Keep(ctx, ids...)
}
