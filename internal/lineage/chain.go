package lineage

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// maxChain bounds a chain: EC2's own record ends after 50 ancestors.
const maxChain = 60

// API is what reading a chain calls, in one Region.
type API interface {
	AncestryAPI
	ec2.DescribeImagesAPIClient
}

// Ref is an image in a Region.
type Ref struct {
	Region string `json:"region"`
	ID     string `json:"id"`
}

func (r Ref) isZero() bool { return r.ID == "" }

// Where a link comes from, best first.
const (
	FromAncestry = "ancestry" // EC2's record
	FromImage    = "image"    // the source that EC2 shows with the image
	FromTags     = "tags"     // what this program wrote on it
)

// Image is one link of a chain. What nobody can tell any more is left out.
type Image struct {
	Ref
	Name  string `json:"name,omitempty"`
	Owner string `json:"owner,omitempty"` // an account, or the alias of one
	// What the image's tags tell, where it is one of ours.
	Family        string `json:"family,omitempty"`
	Tier          string `json:"tier,omitempty"`
	Version       string `json:"version,omitempty"`
	Fingerprint   string `json:"fingerprint,omitempty"`
	Parent        string `json:"parent,omitempty"`
	ParentVersion string `json:"parent_version,omitempty"`
	BuiltAt       string `json:"built_at,omitempty"`
	ExpiresAt     string `json:"expires_at,omitempty"`
	// Source is the next image of the chain, and SourceFrom tells who says so.
	Source     *Ref   `json:"source,omitempty"`
	SourceFrom string `json:"source_from,omitempty"`
}

// Chain gives the images from one up to the vendor's. The second result is why EC2's
// own record could not be read; the chain follows the other sources then. The error
// is that of an image that could not be described.
func Chain(ctx context.Context, in func(region string) API, of Ref) (chain []Image, unread, err error) {
	recorded := map[Ref]link{}
	entries, unread := ancestry(ctx, in(of.Region), of.ID)
	for at, i := of, 0; i < len(entries); i++ {
		e := entries[i]
		next := Ref{Region: cmp.Or(aws.ToString(e.SourceImageRegion), at.Region), ID: aws.ToString(e.SourceImageId)}
		recorded[at] = link{next, FromAncestry}
		at = next
	}
	seen := map[Ref]bool{}
	for at := of; !at.isZero() && !seen[at] && len(chain) < maxChain; {
		seen[at] = true
		raw, err := describe(ctx, in(at.Region), at)
		if err != nil {
			return nil, unread, err
		}
		image, told := read(at, raw)
		next := firstLink(append([]link{recorded[at]}, told...))
		if !next.to.isZero() {
			image.Source, image.SourceFrom = &next.to, next.from
		}
		chain = append(chain, image)
		at = next.to
	}
	return chain, unread, nil
}

// link leads to the image that another was made of.
type link struct {
	to   Ref
	from string
}

func firstLink(links []link) link {
	for _, l := range links {
		if !l.to.isZero() {
			return l
		}
	}
	return link{}
}

// describe reads an image by filter, so that one that is gone or not to be seen is
// no error.
func describe(ctx context.Context, api API, at Ref) (types.Image, error) {
	out, err := api.DescribeImages(ctx, &ec2.DescribeImagesInput{
		Filters:           []types.Filter{{Name: aws.String("image-id"), Values: []string{at.ID}}},
		IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	if err != nil {
		return types.Image{}, fmt.Errorf("read the lineage: describe %s in %s: %w", at.ID, at.Region, err)
	}
	for _, image := range out.Images {
		if aws.ToString(image.ImageId) == at.ID {
			return image, nil
		}
	}
	return types.Image{}, nil
}

// read gives what an image tells of itself, and the links that it tells of.
func read(at Ref, raw types.Image) (Image, []link) {
	image := Image{Ref: at, Name: aws.ToString(raw.Name), Owner: cmp.Or(aws.ToString(raw.ImageOwnerAlias), aws.ToString(raw.OwnerId))}
	source := Ref{Region: cmp.Or(aws.ToString(raw.SourceImageRegion), at.Region), ID: aws.ToString(raw.SourceImageId)}
	links := append(make([]link, 0, 3), link{source, FromImage}, link{copiedFrom(raw.Tags), FromTags})
	meta, ours := ami.Parse(raw.Tags)
	if !ours {
		return image, links
	}
	image.Family, image.Tier, image.Version, image.Fingerprint = meta.Family, string(meta.Tier), meta.Version, meta.Fingerprint
	image.Parent, image.ParentVersion = meta.Parent, meta.ParentVersion
	image.BuiltAt = meta.BuiltAt.Format(time.RFC3339)
	if !meta.ExpiresAt.IsZero() {
		image.ExpiresAt = meta.ExpiresAt.Format(time.RFC3339)
	}
	return image, append(links, link{Ref{Region: at.Region, ID: meta.Parent}, FromTags})
}

// copiedFrom reads the tag of a copy; the zero Ref where there is none.
func copiedFrom(tags []types.Tag) Ref {
	for _, tag := range tags {
		if aws.ToString(tag.Key) != ami.TagCopiedFrom {
			continue
		}
		if region, id, found := strings.Cut(aws.ToString(tag.Value), ":"); found && region != "" && id != "" {
			return Ref{Region: region, ID: id}
		}
	}
	return Ref{}
}
