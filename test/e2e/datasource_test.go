//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// TestImageDataSource builds the example that starts from a golden image.
func TestImageDataSource(t *testing.T) {
	e := startEndpoint(t, "instant", "--instances", "none")
	e.env["AWS_POLL_DELAY_SECONDS"] = "1" // amazon-ebs's own setting for its waits
	args := []string{"-var", "communicator=none", "example/from-golden"}

	output := e.mustFail(t, args...)
	if !strings.Contains(output, "no good image of web/hybrid") || !strings.Contains(output, "the family has no image there") {
		t.Errorf("without an image it says:\n%s", output)
	}
	soon := e.golden(t, "soon", func(m *ami.Meta) { m.ExpiresAt = time.Now().Add(24 * time.Hour) })
	output = e.mustFail(t, args...)
	if !strings.Contains(output, soon+" (version") || !strings.Contains(output, "expires on") {
		t.Errorf("with one that expires soon it says:\n%s", output)
	}
	id := e.golden(t, "good", nil)
	e.golden(t, "revoked", func(m *ami.Meta) { m.State = ami.Revoked })

	for _, validate := range [][]string{{"validate"}, {"validate", "-evaluate-datasources"}} {
		if out, err := startPacker(t, e.environ(), append(validate, args...)...).wait(t, time.Minute); err != nil {
			t.Errorf("packer %q: %v\n%s", validate, err, out)
		}
	}
	e.mustBuild(t, args...)
	made, err := e.ec2(home).DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filter("name", "billing-*")}})
	if err != nil || len(made.Images) != 1 {
		t.Fatalf("images made: %v, %v", made, err)
	}
	if i := made.Images[0]; aws.ToString(i.SourceImageId) != id || tagsOf(i.Tags)["golden_image"] != id || tagsOf(i.Tags)["golden_until"] == "" {
		t.Errorf("the image is made of %s with tags %v, not of %s", aws.ToString(i.SourceImageId), tagsOf(i.Tags), id)
	}
}

// golden makes a good hybrid image of the vendor's, changed by change, which gets a
// higher version than those before it.
func (e *endpoint) golden(t *testing.T, name string, change func(*ami.Meta)) string {
	t.Helper()
	api, now := e.ec2(home), time.Now().UTC().Truncate(time.Second)
	vendor, err := api.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"136693071363"}, Filters: []types.Filter{filter("name", "debian-12-amd64-*")}})
	if err != nil || len(vendor.Images) == 0 {
		t.Fatalf("the vendor's image: %v, %v", vendor, err)
	}
	meta := ami.Meta{
		Family: family, Tier: ami.Hybrid, State: ami.Good, Version: ami.NewVersion(time.Now()), Fingerprint: "ab",
		Parent: *vendor.Images[0].ImageId, Root: *vendor.Images[0].ImageId, BuiltAt: now, ExpiresAt: now.Add(30 * 24 * time.Hour),
	}
	if change != nil {
		change(&meta)
	}
	made, err := api.CopyImage(t.Context(), &ec2.CopyImageInput{
		Name: &name, SourceImageId: vendor.Images[0].ImageId, SourceRegion: aws.String(home),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: ami.EC2Tags(meta.Tags())}},
	})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the image "+name, time.Minute, func() bool {
		found, err := api.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*made.ImageId}})
		return err == nil && len(found.Images) == 1 && found.Images[0].State == types.ImageStateAvailable
	})
	return *made.ImageId
}
