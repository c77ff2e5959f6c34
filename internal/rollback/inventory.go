package rollback

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// atOnce is how many Regions are worked on together.
const atOnce = 12

// regions are those that the roll-back works on, sorted.
func (e *Engine) regions(ctx context.Context, r Request) ([]string, error) {
	if len(r.Regions) > 0 {
		return slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(r.Regions), r.Home)))), nil
	}
	out, err := e.Clients.EC2(r.Home).DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
	if err != nil {
		return nil, fmt.Errorf("find out which Regions are enabled: %w", err)
	}
	var names []string
	for _, region := range out.Regions {
		names = append(names, aws.ToString(region.RegionName))
	}
	slices.Sort(names)
	return names, nil
}

// inventory finds the images of the family in all states, Region by Region.
func (e *Engine) inventory(ctx context.Context, r Request, regions []string) ([]ami.Image, error) {
	found := make([][]ami.Image, len(regions))
	err := each(regions, func(n int, region string) (err error) {
		found[n], err = ami.Find(ctx, e.Clients.EC2(region), region, ami.Query{
			Family: r.Family, Architecture: r.Architecture, States: ami.States(), IncludeExpired: true, Now: r.Now,
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w; where a Region is closed to you, list the others with the option regions", err)
	}
	return slices.Concat(found...), nil
}

// each works in all Regions at once and gives the errors in their order.
func each(regions []string, work func(n int, region string) error) error {
	errs := make([]error, len(regions))
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for n, region := range regions {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := work(n, region); err != nil {
				errs[n] = fmt.Errorf("%s: %w", region, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// releases sorts the images of the tier by version, newest first.
func releases(r Request, images []ami.Image) ([]Release, error) {
	byVersion := map[string]*Release{}
	architectures := map[string]bool{}
	for _, image := range images {
		if image.Tier != r.Tier {
			continue
		}
		architectures[image.Architecture] = true
		release := byVersion[image.Version]
		if release == nil {
			release = &Release{Version: image.Version, State: image.State}
			byVersion[image.Version] = release
		}
		release.Images = append(release.Images, image)
		if image.State == ami.Good {
			release.State = ami.Good
		}
	}
	if len(architectures) > 1 {
		return nil, fmt.Errorf("%s has images of several architectures: say with the option architecture which one is meant, such as %q", r.name(), firstOf(architectures))
	}
	all := make([]Release, 0, len(byVersion))
	for _, release := range byVersion {
		slices.SortFunc(release.Images, func(a, b ami.Image) int {
			return cmp.Or(cmp.Compare(notHome(r, a), notHome(r, b)), cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID))
		})
		all = append(all, *release)
	}
	slices.SortFunc(all, func(a, b Release) int { return cmp.Compare(b.Version, a.Version) })
	return all, nil
}

// notHome puts the images of the home Region first.
func notHome(r Request, i ami.Image) int {
	if i.Region == r.Home {
		return 0
	}
	return 1
}

func firstOf(names map[string]bool) string {
	all := make([]string, 0, len(names))
	for name := range names {
		all = append(all, name)
	}
	return slices.Min(all)
}
