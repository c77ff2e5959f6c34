package fakeaws

import (
	"context"
	"errors"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// Region has the calls of EC2 and KMS in one Region.
type Region struct {
	c    *Cloud
	name string
}

// Region gives the clients of a Region, which need not exist.
func (c *Cloud) Region(name string) *Region { return &Region{c, name} }

// DescribeImages knows the filters image-id and name, and the owner self.
func (r *Region) DescribeImages(ctx context.Context, in *ec2.DescribeImagesInput, _ ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := r.c.begin(r.name, "DescribeImages", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	filters := r.c.only(in.Filters, "image-id", "name")
	if len(in.ImageIds) > 0 || in.MaxResults != nil {
		r.c.t.Errorf("fakeaws: DescribeImages was asked by id or page, which the engine must not need")
	}
	out := &ec2.DescribeImagesOutput{}
	for id, img := range s.images {
		r.c.settle(s, img)
		if time.Now().Before(img.visible) ||
			filters["image-id"] != nil && !contains(filters["image-id"], id) ||
			filters["name"] != nil && !contains(filters["name"], aws.ToString(img.Name)) {
			continue
		}
		out.Images = append(out.Images, shown(img))
	}
	sort.Slice(out.Images, func(i, j int) bool { return *out.Images[i].ImageId < *out.Images[j].ImageId })
	return out, nil
}

// shown leaves out what EC2 leaves out of an image that is pending.
func shown(img *image) types.Image {
	out := img.Image
	out.Tags = append([]types.Tag(nil), img.Tags...)
	out.BlockDeviceMappings = nil
	if img.State == types.ImageStateAvailable {
		for _, m := range img.BlockDeviceMappings {
			ebs := *m.Ebs
			out.BlockDeviceMappings = append(out.BlockDeviceMappings, types.BlockDeviceMapping{DeviceName: m.DeviceName, Ebs: &ebs})
		}
	}
	return out
}

// DescribeSnapshots knows the filters snapshot-id, status and tag:KEY.
func (r *Region) DescribeSnapshots(ctx context.Context, in *ec2.DescribeSnapshotsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := r.c.begin(r.name, "DescribeSnapshots", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	for _, img := range s.images {
		r.c.settle(s, img)
	}
	filters := r.c.only(in.Filters, "snapshot-id", "status")
	out := &ec2.DescribeSnapshotsOutput{}
	for id, snap := range s.snapshots {
		ok := true
		for name, values := range filters {
			switch name {
			case "snapshot-id":
				ok = ok && contains(values, id)
			case "status":
				ok = ok && contains(values, string(snap.State))
			default:
				ok = ok && contains(values, tagOf(snap.Tags, strings.TrimPrefix(name, "tag:")))
			}
		}
		if ok {
			copied := *snap
			copied.Tags = append([]types.Tag(nil), snap.Tags...)
			out.Snapshots = append(out.Snapshots, copied)
		}
	}
	return out, nil
}

func tagOf(tags []types.Tag, key string) string {
	for _, t := range tags {
		if *t.Key == key {
			return *t.Value
		}
	}
	return ""
}

// DescribeInstances is there because pollers ask for it; nothing may call it.
func (r *Region) DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	r.c.t.Errorf("fakeaws: DescribeInstances was called")
	return nil, errors.New("fakeaws: nothing may call DescribeInstances")
}

// DescribeImageAttribute tells launch permissions.
func (r *Region) DescribeImageAttribute(_ context.Context, in *ec2.DescribeImageAttributeInput, _ ...func(*ec2.Options)) (*ec2.DescribeImageAttributeOutput, error) {
	s, err := r.c.begin(r.name, "DescribeImageAttribute", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if in.Attribute != types.ImageAttributeNameLaunchPermission {
		r.c.t.Errorf("fakeaws: DescribeImageAttribute of %q", in.Attribute)
	}
	img, err := r.c.available(s, in.ImageId)
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeImageAttributeOutput{LaunchPermissions: append([]types.LaunchPermission(nil), img.users...)}, nil
}

// DescribeSnapshotAttribute tells who may make volumes.
func (r *Region) DescribeSnapshotAttribute(_ context.Context, in *ec2.DescribeSnapshotAttributeInput, _ ...func(*ec2.Options)) (*ec2.DescribeSnapshotAttributeOutput, error) {
	s, err := r.c.begin(r.name, "DescribeSnapshotAttribute", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if in.Attribute != types.SnapshotAttributeNameCreateVolumePermission {
		r.c.t.Errorf("fakeaws: DescribeSnapshotAttribute of %q", in.Attribute)
	}
	return &ec2.DescribeSnapshotAttributeOutput{
		CreateVolumePermissions: append([]types.CreateVolumePermission(nil), s.volumeUsers[aws.ToString(in.SnapshotId)]...),
	}, nil
}

// DescribeFastLaunchImages tells where fast launch is on.
func (r *Region) DescribeFastLaunchImages(_ context.Context, in *ec2.DescribeFastLaunchImagesInput, _ ...func(*ec2.Options)) (*ec2.DescribeFastLaunchImagesOutput, error) {
	s, err := r.c.begin(r.name, "DescribeFastLaunchImages", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeFastLaunchImagesOutput{}
	for _, id := range in.ImageIds {
		if s.fastLaunch[id] {
			out.FastLaunchImages = append(out.FastLaunchImages, types.DescribeFastLaunchImagesSuccessItem{
				ImageId: aws.String(id), State: types.FastLaunchStateCodeEnabling,
			})
		}
	}
	return out, nil
}

// DescribeRegions knows the filter region-name and wants AllRegions.
func (r *Region) DescribeRegions(_ context.Context, in *ec2.DescribeRegionsInput, _ ...func(*ec2.Options)) (*ec2.DescribeRegionsOutput, error) {
	_, err := r.c.begin(r.name, "DescribeRegions", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if !aws.ToBool(in.AllRegions) {
		r.c.t.Errorf("fakeaws: DescribeRegions without AllRegions hides Regions that are not enabled")
	}
	names := r.c.only(in.Filters, "region-name")["region-name"]
	out := &ec2.DescribeRegionsOutput{}
	for name, s := range r.c.regions {
		if contains(names, name) {
			out.Regions = append(out.Regions, types.Region{RegionName: aws.String(name), OptInStatus: aws.String(s.optIn)})
		}
	}
	return out, nil
}

// GetEbsEncryptionByDefault tells whether EBS encrypts everything.
func (r *Region) GetEbsEncryptionByDefault(_ context.Context, in *ec2.GetEbsEncryptionByDefaultInput, _ ...func(*ec2.Options)) (*ec2.GetEbsEncryptionByDefaultOutput, error) {
	s, err := r.c.begin(r.name, "GetEbsEncryptionByDefault", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return &ec2.GetEbsEncryptionByDefaultOutput{EbsEncryptionByDefault: aws.Bool(s.defaultEncrypt)}, nil
}

// GetEbsDefaultKmsKeyId tells the default key.
func (r *Region) GetEbsDefaultKmsKeyId(_ context.Context, in *ec2.GetEbsDefaultKmsKeyIdInput, _ ...func(*ec2.Options)) (*ec2.GetEbsDefaultKmsKeyIdOutput, error) {
	s, err := r.c.begin(r.name, "GetEbsDefaultKmsKeyId", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return &ec2.GetEbsDefaultKmsKeyIdOutput{KmsKeyId: aws.String(s.defaultKey)}, nil
}

// GetImageBlockPublicAccessState tells whether images may be made public.
func (r *Region) GetImageBlockPublicAccessState(_ context.Context, in *ec2.GetImageBlockPublicAccessStateInput, _ ...func(*ec2.Options)) (*ec2.GetImageBlockPublicAccessStateOutput, error) {
	s, err := r.c.begin(r.name, "GetImageBlockPublicAccessState", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return &ec2.GetImageBlockPublicAccessStateOutput{ImageBlockPublicAccessState: aws.String(s.publicState)}, nil
}

// DescribeKey tells about a key by id, alias or ARN.
func (r *Region) DescribeKey(_ context.Context, in *kms.DescribeKeyInput, _ ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	s, err := r.c.begin(r.name, "DescribeKey", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	key, ok := s.keys[aws.ToString(in.KeyId)]
	if !ok {
		return nil, Error("NotFoundException", "Key '"+aws.ToString(in.KeyId)+"' does not exist")
	}
	copied := *key
	return &kms.DescribeKeyOutput{KeyMetadata: &copied}, nil
}
