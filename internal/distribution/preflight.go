package distribution

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// Preflight reports, before any byte moves, everything that is known to make
// Execute fail: all findings at once, joined, in AWS's words where AWS refused
// something. It makes read calls only. source.ImageID may be empty while the
// image does not exist yet; what depends on the image is then left out.
func (e *Engine) Preflight(ctx context.Context, source Source, spec Spec) error {
	plan, err := NewPlan(source, spec)
	if err != nil {
		return err
	}
	f := &findings{}
	image := e.preflightSource(ctx, plan, f)
	if at := plan.spec.DeprecateAt; !at.IsZero() && at.Before(time.Now()) {
		f.add(fmt.Errorf("the deprecation date %s is in the past", at.UTC().Format(time.RFC3339)))
	}
	usable := e.usableRegions(ctx, plan, f)
	var wg sync.WaitGroup
	for _, rp := range plan.Regions {
		if !usable(rp.Region) {
			continue
		}
		wg.Go(func() {
			defer f.recover(rp.Region)
			e.preflightRegion(ctx, plan, rp, image, f)
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("preflight: %w", err)
	}
	return f.err()
}

// findings collects from every Region; the order they are told in is sorted.
type findings struct {
	mu   sync.Mutex
	errs []error
}

func (f *findings) add(err error) {
	if err == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

func (f *findings) recover(region string) {
	if p := recover(); p != nil {
		f.add(fmt.Errorf("%s: internal error, please report it: %v", region, p))
	}
}

func (f *findings) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	slices.SortStableFunc(f.errs, func(a, b error) int {
		switch x, y := a.Error(), b.Error(); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return errors.Join(f.errs...)
}

// preflightSource gives nil where there is no image to look at yet, and where it
// found that there is something wrong with it.
func (e *Engine) preflightSource(ctx context.Context, plan *Plan, f *findings) *sourceImage {
	src := plan.Source
	if src.ImageID == "" {
		return nil
	}
	api := e.Clients.EC2(src.Region)
	image, found, err := describeImage(ctx, api, src.ImageID)
	switch {
	case err != nil:
		f.add(fmt.Errorf("source image %s in %s: %w", src.ImageID, src.Region, err))
		return nil
	case !found:
		f.add(fmt.Errorf("source image %s does not exist in %s, or is not shared with this account", src.ImageID, src.Region))
		return nil
	case image.State != types.ImageStateAvailable && image.State != types.ImageStatePending:
		f.add(fmt.Errorf("source image %s in %s is %s%s", src.ImageID, src.Region, image.State, reasonForPeople(image.StateReason)))
		return nil
	}
	snapshots, err := describeSnapshots(ctx, api, snapshotIDs(image))
	if err != nil {
		f.add(fmt.Errorf("snapshots of source image %s in %s: %w", src.ImageID, src.Region, err))
	}
	s := newSourceImage(image, snapshots)
	if s.meta != nil && withdrawn(s.meta.State) {
		f.add(withdrawnError(src.Region, src.ImageID, s.meta.State))
	}
	f.add(plan.complete(s))
	if slices.ContainsFunc(plan.Regions, func(rp RegionPlan) bool { return rp.Mode != ModeSource }) {
		e.preflightSourceKeys(ctx, src, s, f)
	}
	return s
}

// preflightSourceKeys checks that what is to be copied can be decrypted.
func (e *Engine) preflightSourceKeys(ctx context.Context, src Source, s *sourceImage, f *findings) {
	for _, arn := range keyARNs(s.snapshots) {
		key, err := describeKey(ctx, e.Clients.KMS(src.Region), arn)
		switch {
		case err != nil:
			e.unchecked(f, src.Region, "key "+arn+" of the source image", err)
		case key.KeyState != kmstypes.KeyStateEnabled:
			f.add(fmt.Errorf("source image %s in %s cannot be copied: its key %s is %s: %s", src.ImageID, src.Region, arn, key.KeyState, keyRemedy(key)))
		}
	}
}

func reasonForPeople(r *types.StateReason) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf(" (%s: %s)", aws.ToString(r.Code), aws.ToString(r.Message))
}

// usableRegions asks once which Regions this account has. A Region that is not
// enabled would refuse every call as if the credentials were wrong (AuthFailure).
func (e *Engine) usableRegions(ctx context.Context, plan *Plan, f *findings) func(string) bool {
	names := make([]string, 0, len(plan.Regions))
	for _, rp := range plan.Regions {
		names = append(names, rp.Region)
	}
	all := func(string) bool { return true }
	if len(names) == 0 {
		return all
	}
	var out *ec2.DescribeRegionsOutput
	err := retry(ctx, 0, nil, func(ctx context.Context) (err error) {
		out, err = e.Clients.EC2(plan.Source.Region).DescribeRegions(ctx, &ec2.DescribeRegionsInput{
			AllRegions: aws.Bool(true),
			Filters:    []types.Filter{{Name: aws.String("region-name"), Values: names}},
		})
		return err
	})
	if err != nil {
		e.unchecked(f, plan.Source.Region, "whether the Regions are enabled", err)
		return all
	}
	status := make(map[string]string, len(out.Regions))
	for _, r := range out.Regions {
		status[aws.ToString(r.RegionName)] = aws.ToString(r.OptInStatus)
	}
	for _, name := range names {
		if s, ok := status[name]; !ok {
			f.add(fmt.Errorf("%s: there is no such Region in this partition", name))
		} else if s == "not-opted-in" {
			f.add(fmt.Errorf("%s: the Region is not enabled for this account: enable it under Account, AWS Regions, or take it off the list", name))
		}
	}
	return func(name string) bool { s, ok := status[name]; return ok && s != "not-opted-in" }
}

// unchecked turns the error of a check into a warning where it says only that
// the check cannot be made, and into a finding otherwise.
func (e *Engine) unchecked(f *findings, region, what string, err error) {
	switch cloud.Code(err) {
	case "UnauthorizedOperation", "AccessDenied", "AccessDeniedException",
		"InvalidAction", "UnsupportedOperation", "UnknownOperationException":
		if e.Warn != nil {
			e.Warn(fmt.Sprintf("%s: could not check %s: %s", region, what, cloud.Explain(err)))
		}
	default:
		f.add(fmt.Errorf("%s: check %s: %w", region, what, err))
	}
}
