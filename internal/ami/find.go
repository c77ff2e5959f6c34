package ami

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// pageSize is below EC2's maximum of 1000 per page: a page of images with
// their tags and block devices is large.
const pageSize = 500

// Image is an image of ours in one Region.
type Image struct {
	Meta
	ID, Region, Name string
	Architecture     string
	Created          time.Time // of this copy; use Version to order images
	SnapshotIDs      []string
	Raw              types.Image
}

// Query says which images to find. The zero value of a field does not filter,
// except where its comment says otherwise.
type Query struct {
	Family       string
	Tier         Tier
	Architecture string // x86_64, arm64, ...
	Version      string
	Fingerprint  string
	Owners       []string // account ids; the caller's own account unless set
	States       []State  // good unless set
	// IncludeExpired keeps images past their shelf life.
	IncludeExpired bool
	// MinRemaining passes over images that have less of their shelf life left.
	MinRemaining time.Duration
	// Now is the time that expiry is judged at; the present unless set.
	Now time.Time
}

// Find gives the images that match, newest version first, ties by id. Images
// that EC2 does not report as available, that do not boot from EBS, or whose
// tags do not parse are never among them; deprecated ones are, because
// deprecation hides an image from others only. The error names the Region.
func Find(ctx context.Context, api ec2.DescribeImagesAPIClient, region string, q Query) ([]Image, error) {
	if len(q.Owners) == 0 {
		q.Owners = []string{"self"}
	}
	if len(q.States) == 0 {
		q.States = []State{Good}
	}
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	pages := ec2.NewDescribeImagesPaginator(api, &ec2.DescribeImagesInput{
		Owners:            q.Owners,
		Filters:           q.filters(),
		IncludeDeprecated: aws.Bool(true),
		MaxResults:        aws.Int32(pageSize),
	})
	seen := map[string]bool{"": true} // tokens; the first page has none
	var found []Image
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("find %s images of family %q in %s: %w", q.Tier, q.Family, region, err)
		}
		for _, raw := range page.Images {
			if image, ok := FromEC2(raw, region); ok && q.matches(image) {
				found = append(found, image)
			}
		}
		if token := aws.ToString(page.NextToken); token != "" && seen[token] {
			return nil, errors.New("find images in " + region + ": EC2 gave the same page token twice")
		}
		seen[aws.ToString(page.NextToken)] = true
	}
	slices.SortFunc(found, func(a, b Image) int {
		return cmp.Or(strings.Compare(b.Version, a.Version), strings.Compare(a.ID, b.ID))
	})
	return found, nil
}

// FromEC2 reads one image as EC2 describes it; false if it is not ours.
func FromEC2(raw types.Image, region string) (Image, bool) {
	meta, ok := Parse(raw.Tags)
	if !ok || aws.ToString(raw.ImageId) == "" {
		return Image{}, false
	}
	image := Image{
		Meta:         meta,
		ID:           aws.ToString(raw.ImageId),
		Region:       region,
		Name:         aws.ToString(raw.Name),
		Architecture: string(raw.Architecture),
		Raw:          raw,
	}
	if created, err := time.Parse(time.RFC3339, aws.ToString(raw.CreationDate)); err == nil {
		image.Created = created.UTC()
	}
	for _, device := range raw.BlockDeviceMappings {
		if device.Ebs != nil && aws.ToString(device.Ebs.SnapshotId) != "" {
			image.SnapshotIDs = append(image.SnapshotIDs, *device.Ebs.SnapshotId)
		}
	}
	return image, true
}

func (q Query) filters() []types.Filter {
	states := make([]string, 0, len(q.States))
	for _, s := range q.States {
		states = append(states, string(s))
	}
	filters := []types.Filter{
		filter("state", string(types.ImageStateAvailable)),
		filter("root-device-type", string(types.DeviceTypeEbs)),
		filter("tag:"+tagState, states...),
	}
	for _, wanted := range []struct{ name, value string }{
		{"tag:" + tagFamily, q.Family},
		{"tag:" + tagTier, string(q.Tier)},
		{"tag:" + tagVersion, q.Version},
		{"tag:" + tagFingerprint, q.Fingerprint},
		{"architecture", q.Architecture},
	} {
		if wanted.value != "" {
			filters = append(filters, filter(wanted.name, wanted.value))
		}
	}
	return filters
}

// matches repeats EC2's filters exactly: EC2 takes * and ? in a filter's value
// for wildcards, and choosing a wrong parent is worse than a comparison.
func (q Query) matches(i Image) bool {
	same := func(wanted, got string) bool { return wanted == "" || wanted == got }
	return i.Raw.State == types.ImageStateAvailable &&
		i.Raw.RootDeviceType == types.DeviceTypeEbs &&
		q.takes(i.Raw.OwnerId) &&
		slices.Contains(q.States, i.State) &&
		same(q.Family, i.Family) &&
		same(string(q.Tier), string(i.Tier)) &&
		same(q.Version, i.Version) &&
		same(q.Fingerprint, i.Fingerprint) &&
		same(q.Architecture, i.Architecture) &&
		(q.IncludeExpired || !i.Expired(q.Now.Add(q.MinRemaining)))
}

// takes tells whether the owner is one of those that were named. Which account self
// is only EC2 knows.
func (q Query) takes(owner *string) bool {
	return len(q.Owners) == 0 || slices.Contains(q.Owners, "self") || slices.Contains(q.Owners, aws.ToString(owner))
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}
