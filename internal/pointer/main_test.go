package pointer_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"go.uber.org/goleak"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/pointer"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

const (
	home = "eu-west-1"
	away = "us-east-1"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Connections of a test server that was closed end by themselves.
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"),
	)
}

// rig is an endpoint with images of a family, and a mover on it.
type rig struct {
	*sandboxtest.Started
	t     *testing.T
	mover *pointer.Mover
}

type clients struct{ s *sandboxtest.Started }

func (c clients) EC2(region string) pointer.EC2 { return c.s.EC2(sandboxtest.Home, region) }
func (c clients) SSM(region string) pointer.SSM { return c.s.SSM(sandboxtest.Home, region) }

func newRig(t *testing.T) *rig {
	t.Helper()
	s := sandboxtest.Start(t, sandbox.Options{})
	return &rig{Started: s, t: t, mover: &pointer.Mover{Clients: clients{s}}}
}

// image makes a good image in each Region and gives the ids.
func (r *rig) image(regions ...string) map[string]string {
	r.t.Helper()
	meta := ami.Meta{Family: "web", Tier: ami.Full, State: ami.Good, Version: ami.NewVersion(time.Now()), BuiltAt: time.Now().UTC().Truncate(time.Second)}
	ids := map[string]string{}
	for _, region := range regions {
		api := r.EC2(sandboxtest.Home, region)
		volume, err := api.CreateVolume(r.t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: aws.String(region + "a"), Size: aws.Int32(1)})
		r.must(err)
		snapshot, err := api.CreateSnapshot(r.t.Context(), &ec2.CreateSnapshotInput{VolumeId: volume.VolumeId})
		r.must(err)
		made, err := api.RegisterImage(r.t.Context(), &ec2.RegisterImageInput{
			Name: aws.String("web-" + meta.Version), RootDeviceName: aws.String("/dev/xvda"), Architecture: types.ArchitectureValuesX8664,
			VirtualizationType:  aws.String("hvm"),
			BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: snapshot.SnapshotId}}},
			TagSpecifications:   []types.TagSpecification{{ResourceType: types.ResourceTypeImage, Tags: ami.EC2Tags(meta.Tags())}},
		})
		r.must(err)
		ids[region] = *made.ImageId
	}
	return ids
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) follow(images map[string]string, w pointer.Wish) []pointer.Moved {
	r.t.Helper()
	moved, err := r.mover.Follow(r.t.Context(), images, w)
	r.must(err)
	return moved
}

// writes counts the calls since a moment that change anything.
func (r *rig) writes(since int) (names []string) {
	for _, c := range r.Calls()[since:] {
		switch c.Action {
		case "DescribeLaunchTemplates", "DescribeLaunchTemplateVersions", "DescribeImages", "GetParameter":
		default:
			names = append(names, c.Action)
		}
	}
	return names
}

// template gives the launch template and its default version.
func (r *rig) template(region string) (*pointer.Found, types.ResponseLaunchTemplateData) {
	r.t.Helper()
	api := r.EC2(sandboxtest.Home, region)
	found, err := pointer.ByName(r.t.Context(), api, "web-full")
	r.must(err)
	if found == nil {
		return nil, types.ResponseLaunchTemplateData{}
	}
	out, err := api.DescribeLaunchTemplateVersions(r.t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &found.ID, Versions: []string{"$Default"},
	})
	r.must(err)
	return found, *out.LaunchTemplateVersions[0].LaunchTemplateData
}

func (r *rig) parameter(region string) string {
	r.t.Helper()
	value, err := pointer.Read(r.t.Context(), r.SSM(sandboxtest.Home, region), "/golden/web/full")
	r.must(err)
	if value == nil {
		return ""
	}
	return value.Text
}

func (r *rig) meta(region, id string) ami.Meta {
	r.t.Helper()
	out, err := r.EC2(sandboxtest.Home, region).DescribeImages(r.t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}})
	r.must(err)
	meta, ok := ami.Parse(out.Images[0].Tags)
	if !ok {
		r.t.Fatalf("the tags of %s do not parse: %v", id, out.Images[0].Tags)
	}
	return meta
}

func wish() pointer.Wish {
	owner := ami.Meta{Family: "web", Tier: ami.Full}.OwnerTags()
	return pointer.Wish{
		Template:   &pointer.Template{Name: "web-full", Description: "first", Tags: owner, UserData: []byte("#!/bin/sh\n")},
		Parameters: []pointer.Parameter{{Name: "/golden/web/full", Tags: map[string]string{"team": "blue"}}},
	}
}
