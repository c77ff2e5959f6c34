package fakeaws

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// available gives an image that may be changed. The caller holds the lock.
func (c *Cloud) available(s *state, id *string) (*image, error) {
	img, ok := s.images[aws.ToString(id)]
	if !ok || time.Now().Before(img.visible) {
		return nil, Error("InvalidAMIID.NotFound", "The image id '["+aws.ToString(id)+"]' does not exist")
	}
	c.settle(s, img)
	if img.State != types.ImageStateAvailable {
		return nil, Error("InvalidAMIID.Unavailable", "The image ID '"+*id+"' is currently "+string(img.State)+" and may not be used for this operation")
	}
	return img, nil
}

// CopyImage accepts at once and finds out about the key later. Names need not be
// unique; a token gives the image that it gave before, dead or alive.
func (r *Region) CopyImage(ctx context.Context, in *ec2.CopyImageInput, _ ...func(*ec2.Options)) (*ec2.CopyImageOutput, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := r.c.begin(r.name, "CopyImage", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	r.c.checkCopy(in)
	params := fmt.Sprintf("%s %s %s %s %v %s %v", *in.Name, *in.SourceImageId, *in.SourceRegion, aws.ToString(in.Description), aws.ToBool(in.Encrypted), aws.ToString(in.KmsKeyId), tagsOf(in))
	if t, used := s.tokens[*in.ClientToken]; used {
		if t.params != params {
			return nil, Error("IdempotentParameterMismatch", "the client token was used with other parameters")
		}
		return &ec2.CopyImageOutput{ImageId: aws.String(t.image)}, nil
	}
	src, ok := r.c.regions[*in.SourceRegion].images[*in.SourceImageId]
	if !ok || src.State != types.ImageStateAvailable {
		return nil, Error("InvalidAMIID.NotFound", "The image id '["+*in.SourceImageId+"]' does not exist")
	}
	id := r.c.startCopy(r.name, s, src, in)
	s.tokens[*in.ClientToken] = token{params, id}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(r.c.AnswerTakes):
	}
	return &ec2.CopyImageOutput{ImageId: aws.String(id)}, nil
}

func tagsOf(in *ec2.CopyImageInput) []string {
	var tags []string
	for _, spec := range in.TagSpecifications {
		for _, t := range spec.Tags {
			tags = append(tags, string(spec.ResourceType)+*t.Key+*t.Value)
		}
	}
	return tags
}

// checkCopy fails the test for what EC2 would take and we must not send.
func (c *Cloud) checkCopy(in *ec2.CopyImageInput) {
	if t := aws.ToString(in.ClientToken); t == "" || len(t) > 64 {
		c.t.Errorf("CopyImage: ClientToken %q must have 1 to 64 characters", t)
	}
	if in.KmsKeyId != nil && *in.KmsKeyId == "" {
		c.t.Errorf("CopyImage: KmsKeyId is empty instead of nil")
	}
	if in.Encrypted != nil && !*in.Encrypted || in.KmsKeyId != nil && in.Encrypted == nil {
		c.t.Errorf("CopyImage: Encrypted does not fit KmsKeyId")
	}
	kinds := make([]string, 0, len(in.TagSpecifications))
	for _, spec := range in.TagSpecifications {
		kinds = append(kinds, string(spec.ResourceType))
	}
	slices.Sort(kinds)
	if strings.Join(kinds, " ") != "image snapshot" {
		c.t.Errorf("CopyImage: tags for %v, not for image and snapshot", kinds)
	}
}

// startCopy makes the pending image. The caller holds the lock.
func (c *Cloud) startCopy(region string, s *state, src *image, in *ec2.CopyImageInput) string {
	id := c.newID("ami")
	takes, ok := c.RegionTakes[region]
	if !ok {
		takes = c.CopyTakes
	}
	img := &image{Image: src.Image, visible: time.Now().Add(c.HiddenFor), ready: time.Now().Add(takes), fail: c.FailCopy[region]}
	img.ImageId, img.Name, img.Description = aws.String(id), in.Name, in.Description
	img.State, img.Public, img.DeprecationTime, img.DeregistrationProtection = types.ImageStatePending, nil, nil, nil
	img.SourceImageId, img.SourceImageRegion = in.SourceImageId, in.SourceRegion
	img.CreationDate = aws.String(time.Now().UTC().Format(time.RFC3339))
	img.Tags, img.BlockDeviceMappings = nil, nil
	img.key = c.copyKey(s, src, in)
	var snapTags []types.Tag
	for _, spec := range in.TagSpecifications {
		switch {
		case c.DropCopyTags:
		case spec.ResourceType == types.ResourceTypeImage:
			img.Tags = append([]types.Tag(nil), spec.Tags...)
		default:
			snapTags = spec.Tags
		}
	}
	for _, m := range src.BlockDeviceMappings {
		snap := c.newID("snap")
		s.snapshots[snap] = &types.Snapshot{
			SnapshotId: aws.String(snap), State: types.SnapshotStatePending, Progress: aws.String("0%"), Encrypted: aws.Bool(false),
			VolumeSize: aws.Int32(0), StateMessage: aws.String("Metadata not updated"), Tags: append([]types.Tag(nil), snapTags...),
		}
		ebs := *m.Ebs
		ebs.SnapshotId = aws.String(snap)
		img.BlockDeviceMappings = append(img.BlockDeviceMappings, types.BlockDeviceMapping{DeviceName: m.DeviceName, Ebs: &ebs})
	}
	s.images[id] = img
	return id
}

// copyKey is the ARN of the key that EC2 encrypts a copy with; empty: with none.
func (c *Cloud) copyKey(s *state, src *image, in *ec2.CopyImageInput) string {
	sourceEncrypted := aws.ToBool(src.BlockDeviceMappings[0].Ebs.Encrypted)
	switch {
	case in.KmsKeyId != nil:
		return aws.ToString(s.keys[*in.KmsKeyId].Arn)
	case in.Encrypted != nil, sourceEncrypted, s.defaultEncrypt:
		return aws.ToString(s.keys[s.defaultKey].Arn)
	}
	return ""
}

// CreateTags adds or replaces tags of images and snapshots.
func (r *Region) CreateTags(_ context.Context, in *ec2.CreateTagsInput, _ ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error) {
	s, err := r.c.begin(r.name, "CreateTags", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		r.c.t.Errorf("CreateTags without tags")
	}
	for _, id := range in.Resources {
		switch {
		case s.images[id] != nil:
			s.images[id].Tags = merge(s.images[id].Tags, in.Tags)
		case s.snapshots[id] != nil:
			s.snapshots[id].Tags = merge(s.snapshots[id].Tags, in.Tags)
		default:
			return nil, Error("InvalidID", "The ID '"+id+"' is not valid")
		}
	}
	return &ec2.CreateTagsOutput{}, nil
}

func merge(have, more []types.Tag) []types.Tag {
	out := slices.DeleteFunc(slices.Clone(have), func(t types.Tag) bool {
		return slices.ContainsFunc(more, func(m types.Tag) bool { return *m.Key == *t.Key })
	})
	return append(out, more...)
}

// ModifyImageAttribute changes one attribute.
func (r *Region) ModifyImageAttribute(_ context.Context, in *ec2.ModifyImageAttributeInput, _ ...func(*ec2.Options)) (*ec2.ModifyImageAttributeOutput, error) {
	s, err := r.c.begin(r.name, "ModifyImageAttribute", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	img, err := r.c.available(s, in.ImageId)
	if err != nil {
		return nil, err
	}
	kinds := 0
	if in.LaunchPermission != nil {
		kinds++
		for _, id := range img.BlockDeviceMappings {
			key := s.keys[aws.ToString(s.snapshots[*id.Ebs.SnapshotId].KmsKeyId)]
			if key != nil && key.KeyManager == "AWS" {
				return nil, Error("InvalidParameter", "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.")
			}
		}
		img.users = append(img.users, in.LaunchPermission.Add...)
	}
	if in.Description != nil {
		kinds++
		img.Description = in.Description.Value
	}
	if in.ImdsSupport != nil {
		kinds++
		img.ImdsSupport = types.ImdsSupportValues(*in.ImdsSupport.Value)
	}
	if len(in.ProductCodes) > 0 {
		kinds++
		for _, code := range in.ProductCodes {
			img.ProductCodes = append(img.ProductCodes, types.ProductCode{ProductCodeId: aws.String(code)})
		}
	}
	if kinds != 1 {
		return nil, Error("InvalidParameterCombination", "Fields for multiple attribute types specified")
	}
	return &ec2.ModifyImageAttributeOutput{}, nil
}

// ModifySnapshotAttribute adds users; 500 changes at most.
func (r *Region) ModifySnapshotAttribute(_ context.Context, in *ec2.ModifySnapshotAttributeInput, _ ...func(*ec2.Options)) (*ec2.ModifySnapshotAttributeOutput, error) {
	s, err := r.c.begin(r.name, "ModifySnapshotAttribute", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if n := len(in.CreateVolumePermission.Add); n == 0 || n > 500 {
		r.c.t.Errorf("ModifySnapshotAttribute with %d changes", n)
	}
	id := aws.ToString(in.SnapshotId)
	if s.snapshots[id] == nil || s.snapshots[id].State != types.SnapshotStateCompleted {
		return nil, Error("InvalidSnapshot.NotFound", "The snapshot '"+id+"' does not exist.")
	}
	s.volumeUsers[id] = append(s.volumeUsers[id], in.CreateVolumePermission.Add...)
	return &ec2.ModifySnapshotAttributeOutput{}, nil
}

// EnableImageDeprecation keeps minutes, and takes no date in the past.
func (r *Region) EnableImageDeprecation(_ context.Context, in *ec2.EnableImageDeprecationInput, _ ...func(*ec2.Options)) (*ec2.EnableImageDeprecationOutput, error) {
	s, err := r.c.begin(r.name, "EnableImageDeprecation", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	img, err := r.c.available(s, in.ImageId)
	if err != nil {
		return nil, err
	}
	if in.DeprecateAt.Before(time.Now()) {
		return nil, Error("InvalidParameter", "The date is in the past")
	}
	img.DeprecationTime = aws.String(in.DeprecateAt.UTC().Round(time.Minute).Format("2006-01-02T15:04:05.000Z"))
	return &ec2.EnableImageDeprecationOutput{Return: aws.Bool(true)}, nil
}

// EnableImageDeregistrationProtection protects an image.
func (r *Region) EnableImageDeregistrationProtection(_ context.Context, in *ec2.EnableImageDeregistrationProtectionInput, _ ...func(*ec2.Options)) (*ec2.EnableImageDeregistrationProtectionOutput, error) {
	s, err := r.c.begin(r.name, "EnableImageDeregistrationProtection", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	img, err := r.c.available(s, in.ImageId)
	if err != nil {
		return nil, err
	}
	img.DeregistrationProtection = aws.String("enabled-without-cooldown")
	if aws.ToBool(in.WithCooldown) {
		img.DeregistrationProtection = aws.String("enabled-with-cooldown")
	}
	return &ec2.EnableImageDeregistrationProtectionOutput{Return: aws.String("true")}, nil
}

// EnableFastLaunch turns fast launch on for a Windows image.
func (r *Region) EnableFastLaunch(_ context.Context, in *ec2.EnableFastLaunchInput, _ ...func(*ec2.Options)) (*ec2.EnableFastLaunchOutput, error) {
	s, err := r.c.begin(r.name, "EnableFastLaunch", in)
	defer r.c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	img, err := r.c.available(s, in.ImageId)
	if err != nil {
		return nil, err
	}
	if img.Platform != types.PlatformValuesWindows {
		return nil, Error("InvalidParameter", "fast launch is for Windows images")
	}
	s.fastLaunch[*in.ImageId] = true
	return &ec2.EnableFastLaunchOutput{}, nil
}
