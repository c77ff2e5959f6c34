package ebs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// decoy makes an image that is newer than the good one, with the tags that change
// leaves of it.
func (r *rig) decoy(account, name string, like ami.Meta, change func(*ami.Meta, map[string]string)) string {
	t := r.t
	t.Helper()
	api := r.EC2(account, region)
	like.Version = ami.NewVersion(time.Now().Add(time.Hour))
	tags := like.Tags()
	if change != nil {
		more := map[string]string{}
		change(&like, more)
		tags = like.Tags()
		for key, value := range more {
			tags[ami.TagPrefix+key] = value
		}
	}
	out, err := api.CopyImage(t.Context(), &ec2.CopyImageInput{
		Name: &name, SourceImageId: &like.Root, SourceRegion: aws.String(region),
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: ami.EC2Tags(tags)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	waiter := ec2.NewImageAvailableWaiter(api, func(o *ec2.ImageAvailableWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 10*time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*out.ImageId}}, time.Minute); err != nil {
		t.Fatal(err)
	}
	return *out.ImageId
}

// vendor is the image that the source_ami_filter of the tests finds.
func (r *rig) vendor() string {
	r.t.Helper()
	out, err := r.EC2(sandboxtest.Home, region).DescribeImages(r.t.Context(), &ec2.DescribeImagesInput{
		Owners: []string{"137112412989"}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{"al2023-ami-2023*-x86_64"}}},
	})
	if err != nil || len(out.Images) == 0 {
		r.t.Fatalf("the vendor's image: %v, %v", out, err)
	}
	return *out.Images[0].ImageId
}

// spoil changes an image as no caller of EC2 can.
func (r *rig) spoil(id string, how func(*world.Image)) {
	w := r.World()
	w.Do(func() { how(w.Region(sandboxtest.Home, region).Images.Get(id)) })
}

// decoys are images of which none may become a parent, each newer than the good one.
func (r *rig) decoys(good ami.Meta) []string {
	t := r.t
	t.Helper()
	api := r.EC2(sandboxtest.Home, region)
	var all []string
	home := func(name string, change func(*ami.Meta, map[string]string)) string {
		id := r.decoy(sandboxtest.Home, name, good, change)
		all = append(all, id)
		return id
	}
	r.spoil(home("pending", nil), func(i *world.Image) { i.Held = true })
	r.spoil(home("failed", nil), func(i *world.Image) { i.Failure = &world.Reason{Code: "Server.InternalError", Message: "lost"} })
	if _, err := api.DisableImage(t.Context(), &ec2.DisableImageInput{ImageId: aws.String(home("disabled", nil))}); err != nil {
		t.Fatal(err)
	}
	expired := home("expired", func(m *ami.Meta, _ map[string]string) { m.ExpiresAt = time.Now().Add(-time.Minute) })
	r.spoil(expired, func(i *world.Image) { i.DeprecateAt = time.Now().Add(-time.Minute) })
	for _, state := range []ami.State{ami.Building, ami.Testing, ami.Bad, ami.Revoked, ami.Retired} {
		home(string(state), func(m *ami.Meta, _ map[string]string) { m.State = state })
	}
	home("another family", func(m *ami.Meta, _ map[string]string) { m.Family = "web2" })
	home("another tier", func(m *ami.Meta, _ map[string]string) { m.Tier = ami.Full })
	for tag, value := range map[string]string{"schema": "2", "version": "latest", "built-at": "yesterday", "expires-at": "never", "state": "Good"} {
		home("malformed "+tag, func(_ *ami.Meta, more map[string]string) { more[tag] = value })
	}
	foreign := r.decoy(sandboxtest.Partner, "foreign", good, func(_ *ami.Meta, more map[string]string) { more["x"] = "y" })
	_, err := r.EC2(sandboxtest.Partner, region).ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{
		ImageId: &foreign, LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{UserId: aws.String(sandboxtest.Home)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(all, foreign)
}

func TestOnlyAGoodImageBecomesAParent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	now := time.Now().UTC().Truncate(time.Second)
	meta := ami.Meta{
		Family: "web", Tier: ami.OSOnly, State: ami.Good, Version: ami.NewVersion(now), Fingerprint: "ab", Root: r.vendor(),
		BuiltAt: now, ExpiresAt: now.Add(24 * time.Hour),
	}
	base := r.decoy(sandboxtest.Home, "good", meta, func(m *ami.Meta, _ map[string]string) { m.Version = meta.Version })
	decoys := r.decoys(meta)
	child := r.build(r.tier("hybrid", nil)).Images[region]
	got, _ := ami.Parse(r.image(region, child).Tags)
	if got.Parent != base || got.ParentVersion != meta.Version || got.Root != meta.Root {
		t.Errorf("the child is built on %s, not on %s (decoy: %v)", got.Parent, base, slices.Contains(decoys, got.Parent))
	}
	if err := ami.SetState(t.Context(), r.EC2(sandboxtest.Home, region), ami.Revoked, base); err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string]fields{
		"of this account":  nil,
		"of a named owner": {"parent": fields{"owners": []string{sandboxtest.Partner}}},
	} {
		if a, err := r.run(t.Context(), r.tier("hybrid", options)); err == nil || !strings.Contains(err.Error(), "no good image of") {
			t.Errorf("%s: without a good parent: %v, %v", name, a, err)
		}
	}
}
