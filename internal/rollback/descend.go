package rollback

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Built is an image that was built on a withdrawn one, or on what was built on it.
type Built struct {
	ID, Region, Name string
	On               string     // the image below, as far as it is known
	Image            *ami.Image // nil: it is none of ours, and has no state to change
}

// idsPerFilter is how many values EC2 takes in one filter.
const idsPerFilter = 200

// descent is the search for what was built on withdrawn images.
type descent struct {
	versions map[string]bool     // withdrawn, or built on such
	ids      map[string]bool     // the same as images
	frontier map[string][]string // by Region: images whose children were not asked for yet
	built    []Built
}

func (d *descent) add(region, id, version string) {
	d.ids[id] = true
	d.frontier[region] = append(d.frontier[region], id)
	if version != "" {
		d.versions[version] = true
	}
}

// descend finds what was built on the withdrawn images: by our tags within the
// family, and by EC2's own record among all images of the account.
func (e *Engine) descend(ctx context.Context, p *Plan, images []ami.Image) error {
	d := &descent{versions: map[string]bool{}, ids: map[string]bool{}, frontier: map[string][]string{}}
	for _, image := range p.withdrawn {
		d.add(image.Region, image.ID, image.Version)
	}
	for len(d.frontier) > 0 {
		asked := d.frontier
		d.frontier = map[string][]string{}
		d.byTags(images)
		found, err := e.copiedFrom(ctx, asked)
		switch {
		case err != nil && p.request.Cascade:
			return fmt.Errorf("find what was built on the images: %w", err)
		case err != nil:
			p.warn("what else was built on the images could not be found out: %s", err)
		}
		d.byRecord(found)
	}
	slices.SortFunc(d.built, func(a, b Built) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID))
	})
	p.Built = d.built
	if p.request.Cascade {
		p.revokeBuilt()
	}
	return nil
}

// rank puts parents before children, and what has no tier last.
func rank(b Built) int {
	if b.Image == nil {
		return len(ami.Tiers())
	}
	return b.Image.Tier.Rank()
}

// revokeBuilt adds what was built on withdrawn images to what is revoked.
func (p *Plan) revokeBuilt() {
	for _, b := range p.Built {
		if b.Image == nil {
			continue
		}
		p.withdrawn = append(p.withdrawn, *b.Image)
		if b.Image.State == ami.Good {
			p.Revoke = append(p.Revoke, *b.Image)
		}
	}
}

// byTags finds images of the family whose parent is among those found so far. Copies
// in other Regions name the parent of the build Region.
func (d *descent) byTags(images []ami.Image) {
	for _, image := range images {
		if d.ids[image.ID] || !d.versions[image.ParentVersion] && !d.ids[image.Parent] {
			continue
		}
		d.add(image.Region, image.ID, image.Version)
		d.built = append(d.built, Built{ID: image.ID, Region: image.Region, Name: image.Name, On: image.Parent, Image: &image})
	}
}

// record is what EC2 says an image came from.
type record struct {
	image  types.Image
	region string
}

// copiedFrom asks EC2 for images of the account that came from others.
func (e *Engine) copiedFrom(ctx context.Context, frontier map[string][]string) ([]record, error) {
	regions := make([]string, 0, len(frontier))
	for region := range frontier {
		regions = append(regions, region)
	}
	slices.Sort(regions)
	found := make([][]record, len(regions))
	err := each(regions, func(n int, region string) error {
		for ids := range slices.Chunk(frontier[region], idsPerFilter) {
			pages := ec2.NewDescribeImagesPaginator(e.Clients.EC2(region), &ec2.DescribeImagesInput{
				Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true), MaxResults: aws.Int32(500),
				Filters: []types.Filter{{Name: aws.String("source-image-id"), Values: ids}},
			})
			for pages.HasMorePages() {
				page, err := pages.NextPage(ctx)
				if err != nil {
					return fmt.Errorf("images that came from %s: %w", strings.Join(ids, ", "), err)
				}
				for _, image := range page.Images {
					found[n] = append(found[n], record{image: image, region: region})
				}
			}
		}
		return nil
	})
	return slices.Concat(found...), err
}

// byRecord adds what EC2 says. Copies are of the same version as their original, and
// were found in the inventory.
func (d *descent) byRecord(found []record) {
	for _, r := range found {
		id := aws.ToString(r.image.ImageId)
		if d.ids[id] {
			continue
		}
		b := Built{ID: id, Region: r.region, Name: aws.ToString(r.image.Name), On: aws.ToString(r.image.SourceImageId)}
		version := ""
		if image, ours := ami.FromEC2(r.image, r.region); ours {
			if version = image.Version; d.versions[version] {
				continue
			}
			b.Image = &image
		}
		d.add(r.region, id, version)
		d.built = append(d.built, b)
	}
}
