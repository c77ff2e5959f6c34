package distribution

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/wait"
)

// sourceImage is what is known of the image that is distributed.
type sourceImage struct {
	image     types.Image
	snapshots []types.Snapshot // empty where the owner of the image keeps them to itself
	name      string
	tags      map[string]string // without those that AWS or this program own
	seal      map[string]string // the tag that tells of its seal, if it has one
	meta      *ami.Meta         // nil if the image is not one of ours
}

// loadSource reads the image, waiting for one that is still being made.
func (e *Engine) loadSource(ctx context.Context, plan *Plan) (*sourceImage, error) {
	src := plan.Source
	if src.ImageID == "" {
		return nil, errors.New("distribute: there is no source image")
	}
	api := e.Clients.EC2(src.Region)
	image, found, err := describeImage(ctx, api, src.ImageID)
	if err != nil {
		return nil, fmt.Errorf("source image %s in %s: %w", src.ImageID, src.Region, err)
	}
	if !found || image.State != types.ImageStateAvailable || hasUnknownSnapshots(image) {
		image, err = e.Poller.Image(ctx, src.Region, src.ImageID, wait.ImageOptions{Deadline: plan.timeout()})
		if err != nil {
			return nil, fmt.Errorf("source image %s in %s: %w", src.ImageID, src.Region, err)
		}
	}
	snapshots, err := describeSnapshots(ctx, api, snapshotIDs(image))
	if err != nil {
		return nil, fmt.Errorf("snapshots of source image %s in %s: %w", src.ImageID, src.Region, err)
	}
	s := newSourceImage(image, snapshots)
	if s.meta != nil && withdrawn(s.meta.State) {
		return nil, withdrawnError(src.Region, src.ImageID, s.meta.State)
	}
	return s, nil
}

func newSourceImage(image types.Image, snapshots []types.Snapshot) *sourceImage {
	s := &sourceImage{image: image, snapshots: snapshots, name: aws.ToString(image.Name), tags: make(map[string]string), seal: ami.SealTag(image.Tags)}
	for _, t := range image.Tags {
		key := aws.ToString(t.Key)
		if !strings.HasPrefix(key, "aws:") && !ami.Owned(key) {
			s.tags[key] = aws.ToString(t.Value)
		}
	}
	if meta, ok := ami.Parse(image.Tags); ok {
		s.meta = &meta
	}
	return s
}

// fits says whether the source itself is what rp asks for, with arn the key.
func (s *sourceImage) fits(rp RegionPlan, arn string) bool {
	if !rp.Encrypted {
		return true
	}
	if len(s.snapshots) == 0 {
		return false
	}
	return !slices.ContainsFunc(s.snapshots, func(snap types.Snapshot) bool {
		return !aws.ToBool(snap.Encrypted) || (arn != "" && aws.ToString(snap.KmsKeyId) != arn)
	})
}

// encrypted says whether any volume of the source is.
func (s *sourceImage) encrypted() bool {
	return slices.ContainsFunc(s.image.BlockDeviceMappings, func(m types.BlockDeviceMapping) bool {
		return m.Ebs != nil && aws.ToBool(m.Ebs.Encrypted)
	}) || len(keyARNs(s.snapshots)) > 0
}

// withdrawn says whether images in this state must not be handed on.
func withdrawn(s ami.State) bool {
	return s == ami.Bad || s == ami.Revoked || s == ami.Retired
}

func withdrawnError(region, id string, s ami.State) error {
	return fmt.Errorf("image %s in %s is marked %q and is not handed on: build a new one, or change the mark if it is wrong", id, region, s)
}

// describeImage reads one image by filter: an id that is not visible yet gives
// found == false and no error.
func describeImage(ctx context.Context, api imageReader, id string) (image types.Image, found bool, err error) {
	in := &ec2.DescribeImagesInput{
		Filters:           []types.Filter{{Name: aws.String("image-id"), Values: []string{id}}},
		IncludeDeprecated: aws.Bool(true),
	}
	err = retry(ctx, 0, nil, func(ctx context.Context) error {
		out, err := api.DescribeImages(ctx, in)
		if err == nil && len(out.Images) > 0 {
			image, found = out.Images[0], true
		}
		return err
	})
	return image, found, err
}

// describeSnapshots reads the snapshots with these ids, in their order. Those
// that EC2 does not show are left out.
func describeSnapshots(ctx context.Context, api imageReader, ids []string) ([]types.Snapshot, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	in := &ec2.DescribeSnapshotsInput{Filters: []types.Filter{{Name: aws.String("snapshot-id"), Values: ids}}}
	var found []types.Snapshot
	err := retry(ctx, 0, nil, func(ctx context.Context) error {
		out, err := api.DescribeSnapshots(ctx, in)
		if err == nil {
			found = out.Snapshots
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	sort.Slice(found, func(i, j int) bool {
		return slices.Index(ids, aws.ToString(found[i].SnapshotId)) < slices.Index(ids, aws.ToString(found[j].SnapshotId))
	})
	return found, nil
}

// snapshotIDs are the snapshots of an image in the order of its devices.
func snapshotIDs(image types.Image) []string {
	var ids []string
	for _, m := range image.BlockDeviceMappings {
		if m.Ebs != nil && aws.ToString(m.Ebs.SnapshotId) != "" {
			ids = append(ids, aws.ToString(m.Ebs.SnapshotId))
		}
	}
	return ids
}

// hasUnknownSnapshots tells an EBS image whose mapping EC2 does not show yet.
func hasUnknownSnapshots(image types.Image) bool {
	return image.RootDeviceType != types.DeviceTypeInstanceStore && len(snapshotIDs(image)) == 0
}

// keyARNs are the distinct keys of the snapshots, sorted.
func keyARNs(snapshots []types.Snapshot) []string {
	var arns []string
	for _, s := range snapshots {
		if aws.ToBool(s.Encrypted) && aws.ToString(s.KmsKeyId) != "" {
			arns = append(arns, aws.ToString(s.KmsKeyId))
		}
	}
	slices.Sort(arns)
	return slices.Compact(arns)
}
