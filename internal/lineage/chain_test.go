package lineage

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

const (
	home = "us-east-1"
	eu   = "eu-west-1"
)

// world is EC2 as this package sees it: images by Region, and which of them have a
// record of their ancestry.
type world struct {
	images   map[Ref]types.Image
	recorded bool
	refuses  error // DescribeImages
}

type regional struct {
	*world
	region string
}

func (w *world) in(region string) API { return regional{w, region} }

func (r regional) DescribeImages(_ context.Context, in *ec2.DescribeImagesInput, _ ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error) {
	if r.refuses != nil {
		return nil, r.refuses
	}
	if !aws.ToBool(in.IncludeDeprecated) || !aws.ToBool(in.IncludeDisabled) || len(in.Filters) != 1 {
		return nil, errors.New("images that are old are not asked for")
	}
	out := &ec2.DescribeImagesOutput{}
	if image, ok := r.images[Ref{r.region, in.Filters[0].Values[0]}]; ok {
		out.Images = append(out.Images, image)
	}
	return out, nil
}

func (r regional) GetImageAncestry(_ context.Context, in *ec2.GetImageAncestryInput, _ ...func(*ec2.Options)) (*ec2.GetImageAncestryOutput, error) {
	if !r.recorded {
		return nil, errors.New("InvalidAction")
	}
	out := &ec2.GetImageAncestryOutput{}
	for at := (Ref{r.region, *in.ImageId}); at.ID != ""; {
		image := r.images[at]
		out.ImageAncestryEntries = append(out.ImageAncestryEntries, types.ImageAncestryEntry{
			ImageId: aws.String(at.ID), SourceImageId: image.SourceImageId, SourceImageRegion: image.SourceImageRegion,
		})
		next := Ref{at.Region, aws.ToString(image.SourceImageId)}
		if image.SourceImageRegion != nil {
			next.Region = *image.SourceImageRegion
		}
		at = next
	}
	return out, nil
}

// image is one as EC2 describes it; source is empty for a vendor's.
func image(id, source, region string, tags map[string]string) types.Image {
	i := types.Image{ImageId: aws.String(id), Name: aws.String("n-" + id), OwnerId: aws.String("123456789012"), Tags: ami.EC2Tags(tags)}
	if source != "" {
		i.SourceImageId, i.SourceImageRegion = aws.String(source), aws.String(region)
	}
	return i
}

var builtAt = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func tagged(tier ami.Tier, parent string) map[string]string {
	return ami.Meta{
		Family: "web", Tier: tier, State: ami.Good, Version: ami.NewVersion(builtAt), Fingerprint: "ab",
		Parent: parent, Root: "ami-vendor", BuiltAt: builtAt, ExpiresAt: builtAt.Add(time.Hour),
	}.Tags()
}

// family is a copy in another Region of a full image on a hybrid one on the vendor's.
func family() *world {
	copied := tagged(ami.Full, "ami-hybrid")
	copied[ami.TagCopiedFrom] = home + ":ami-full"
	vendor := image("ami-vendor", "", "", nil)
	vendor.ImageOwnerAlias = aws.String("amazon")
	return &world{recorded: true, images: map[Ref]types.Image{
		{eu, "ami-copy"}:     image("ami-copy", "ami-full", home, copied),
		{home, "ami-full"}:   image("ami-full", "ami-hybrid", home, tagged(ami.Full, "ami-hybrid")),
		{home, "ami-hybrid"}: image("ami-hybrid", "ami-vendor", home, tagged(ami.Hybrid, "ami-vendor")),
		{home, "ami-vendor"}: vendor,
	}}
}

func (w *world) change(at Ref, how func(*types.Image)) {
	i := w.images[at]
	how(&i)
	w.images[at] = i
}

func TestChainLeadsToTheVendor(t *testing.T) {
	t.Parallel()
	want := []Ref{{eu, "ami-copy"}, {home, "ami-full"}, {home, "ami-hybrid"}, {home, "ami-vendor"}}
	for name, tc := range map[string]struct {
		change func(*world)
		from   []string
		unread bool
	}{
		"by the record":                {func(*world) {}, []string{FromAncestry, FromAncestry, FromAncestry, ""}, false},
		"without a record, by sources": {func(w *world) { w.recorded = false }, []string{FromImage, FromImage, FromImage, ""}, true},
		"without sources, by tags": {func(w *world) {
			w.recorded = false
			for at := range w.images {
				w.change(at, func(i *types.Image) { i.SourceImageId, i.SourceImageRegion = nil, nil })
			}
		}, []string{FromTags, FromTags, FromTags, ""}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := family()
			tc.change(w)
			chain, unread, err := Chain(t.Context(), w.in, want[0])
			if err != nil || (unread != nil) != tc.unread {
				t.Fatalf("unread %v, error %v", unread, err)
			}
			var got []Ref
			var from []string
			for _, link := range chain {
				got, from = append(got, link.Ref), append(from, link.SourceFrom)
			}
			if !slices.Equal(got, want) || !slices.Equal(from, tc.from) {
				t.Errorf("chain %v by %v", got, from)
			}
			if i := chain[2]; i.Tier != "hybrid" || i.Family != "web" || i.BuiltAt != "2026-11-20T12:00:00Z" || i.ExpiresAt != "2026-11-20T13:00:00Z" ||
				i.Parent != "ami-vendor" || i.Name != "n-ami-hybrid" || i.Owner != "123456789012" {
				t.Errorf("link %+v", i)
			}
			if chain[3].Owner != "amazon" || chain[3].Family != "" {
				t.Errorf("the vendor's is %+v", chain[3])
			}
		})
	}
}

func TestChainGoesOverWhatIsGone(t *testing.T) {
	t.Parallel()
	w := family()
	delete(w.images, Ref{home, "ami-hybrid"})
	chain, _, err := Chain(t.Context(), w.in, Ref{home, "ami-full"})
	if err != nil || len(chain) != 2 || chain[1].ID != "ami-hybrid" || chain[1].Name != "" {
		t.Errorf("chain %+v, %v", chain, err)
	}
	w = family()
	w.refuses = errors.New("UnauthorizedOperation")
	if _, _, err := Chain(t.Context(), w.in, Ref{home, "ami-full"}); !errors.Is(err, w.refuses) || !strings.Contains(err.Error(), "ami-full in "+home) {
		t.Errorf("error %v", err)
	}
}

func TestChainEndsWhereItGoesInACircle(t *testing.T) {
	t.Parallel()
	w := family()
	w.recorded = false
	w.change(Ref{home, "ami-vendor"}, func(i *types.Image) { i.SourceImageId = aws.String("ami-full") })
	chain, _, err := Chain(t.Context(), w.in, Ref{home, "ami-full"})
	if err != nil || len(chain) != 3 {
		t.Errorf("%d links, %v", len(chain), err)
	}
}

func TestCheckComparesTheParent(t *testing.T) {
	t.Parallel()
	w := family()
	var mismatch *MismatchError
	if err := Check(t.Context(), w.in(home), "ami-full", "ami-hybrid"); err != nil {
		t.Error(err)
	}
	err := Check(t.Context(), w.in(home), "ami-full", "ami-other")
	if !errors.As(err, &mismatch) || mismatch.Got != "ami-hybrid" || mismatch.Want != "ami-other" {
		t.Errorf("another parent: %v", err)
	}
	for name, at := range map[string]string{"an image without a source": "ami-vendor", "an image that is not there": "ami-none"} {
		if err := Check(t.Context(), w.in(home), at, "ami-hybrid"); err == nil || errors.As(err, &mismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.recorded = false
	if err := Check(t.Context(), w.in(home), "ami-full", "ami-hybrid"); err == nil || errors.As(err, &mismatch) {
		t.Errorf("without a record: %v", err)
	}
}

func TestDocumentsAreEqualByteForByte(t *testing.T) {
	t.Parallel()
	w := family()
	chain, _, err := Chain(t.Context(), w.in, Ref{eu, "ami-copy"})
	if err != nil {
		t.Fatal(err)
	}
	one, err1 := NewDocument([]Ref{{home, "ami-full"}, {eu, "ami-copy"}}, chain, true).JSON()
	two, err2 := NewDocument([]Ref{{eu, "ami-copy"}, {home, "ami-full"}}, chain, true).JSON()
	if err1 != nil || err2 != nil || !bytes.Equal(one, two) || !strings.Contains(string(one), `"recorded_by_ec2": true`) || !strings.HasSuffix(string(one), "}\n") {
		t.Errorf("%s\nand\n%s\n%v, %v", one, two, err1, err2)
	}
}
