package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// disk is the snapshot of the image's root volume.
func (v view) disk(ctx context.Context, image ami.Image) (types.Snapshot, error) {
	if len(image.SnapshotIDs) == 0 {
		return types.Snapshot{}, fmt.Errorf("%s has no snapshot", image.ID)
	}
	found, err := v.ec2.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: image.SnapshotIDs[:1]})
	if err != nil {
		return types.Snapshot{}, err
	}
	if len(found.Snapshots) != 1 {
		return types.Snapshot{}, fmt.Errorf("%s: %d snapshots answer to %s", image.ID, len(found.Snapshots), image.SnapshotIDs[0])
	}
	return found.Snapshots[0], nil
}

// keyName gives the alias of the key that encrypts a snapshot, and its id.
func (v view) keyName(ctx context.Context, disk types.Snapshot) (string, error) {
	if !aws.ToBool(disk.Encrypted) {
		return "not encrypted", nil
	}
	arn := aws.ToString(disk.KmsKeyId)
	_, id, _ := strings.Cut(arn, ":key/")
	short, _, _ := strings.Cut(id, "-")
	aliases, err := v.kms.ListAliases(ctx, &kms.ListAliasesInput{KeyId: &arn})
	if err != nil {
		return "", err
	}
	if len(aliases.Aliases) == 0 {
		return short, nil
	}
	return aws.ToString(aliases.Aliases[0].AliasName) + " (" + short + ")", nil
}

func (v view) sharedWith(ctx context.Context, imageID string) (string, error) {
	got, err := v.ec2.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{
		ImageId: &imageID, Attribute: types.ImageAttributeNameLaunchPermission,
	})
	if err != nil {
		return "", err
	}
	var with []string
	for _, p := range got.LaunchPermissions {
		with = append(with, aws.ToString(p.UserId)+string(p.Group)+aws.ToString(p.OrganizationArn)+aws.ToString(p.OrganizationalUnitArn))
	}
	if len(with) == 0 {
		return "nobody", nil
	}
	return strings.Join(with, ", "), nil
}

// buildTime is the time from the launch of the build instance to the image, and
// for a copy the time that it took. EC2 shows a terminated instance for about an
// hour; later it tells when the image was built.
func (v view) buildTime(ctx context.Context, image ami.Image, disk types.Snapshot) (string, error) {
	if disk.CompletionTime == nil || disk.StartTime == nil {
		return "", fmt.Errorf("snapshot %s has no time of completion", aws.ToString(disk.SnapshotId))
	}
	if from := aws.ToString(image.Raw.SourceImageRegion); from != "" && from != v.region {
		return "copied in " + seconds(disk.CompletionTime.Sub(*disk.StartTime)), nil
	}
	instance, err := v.builtBy(ctx, image)
	if err != nil {
		return "", err
	}
	if instance == nil {
		return "built " + image.BuiltAt.Format(time.DateTime), nil
	}
	return seconds(disk.CompletionTime.Sub(*instance.LaunchTime)), nil
}

// builtBy is the last instance that was launched from the parent before the
// image was made, nil if EC2 has forgotten it.
func (v view) builtBy(ctx context.Context, image ami.Image) (*types.Instance, error) {
	found, err := v.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{
		Filters: []types.Filter{{Name: aws.String("image-id"), Values: []string{image.Parent}}},
	})
	if err != nil {
		return nil, err
	}
	var last *types.Instance
	for _, r := range found.Reservations {
		for i := range r.Instances {
			launched := r.Instances[i].LaunchTime
			if launched == nil || launched.After(image.Created) || last != nil && last.LaunchTime.After(*launched) {
				continue
			}
			last = &r.Instances[i]
		}
	}
	return last, nil
}
