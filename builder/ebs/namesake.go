package ebs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// namesake is an image that has the name the new one is to get.
type namesake struct {
	region, id  string
	snapshotIDs []string
}

func (n namesake) String() string { return n.id + " in " + n.region }

// namesakes finds the images of that name where force_deregister replaces them. One
// that is protected is an error now: found out later, it would cost a build.
func (b *build) namesakes(ctx context.Context, name string, regions []string) ([]namesake, error) {
	var found []namesake
	var errs []error
	for _, region := range regions {
		out, err := b.clients.EC2(region).DescribeImages(ctx, &ec2.DescribeImagesInput{
			Owners:            []string{"self"},
			Filters:           []types.Filter{{Name: aws.String("name"), Values: []string{name}}},
			IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("look for images named %q: %w", name, err))
			continue
		}
		for _, image := range out.Images {
			n := namesake{region: region, id: aws.ToString(image.ImageId)}
			if p := aws.ToString(image.DeregistrationProtection); p != "" && !strings.HasPrefix(p, "disabled") {
				errs = append(errs, fmt.Errorf("force_deregister: %s is protected against deregistration (%s); turn that off first (ec2:DisableImageDeregistrationProtection), or choose another ami_name", n, p))
			}
			for _, m := range image.BlockDeviceMappings {
				if m.Ebs != nil && m.Ebs.SnapshotId != nil {
					n.snapshotIDs = append(n.snapshotIDs, *m.Ebs.SnapshotId)
				}
			}
			found = append(found, n)
		}
	}
	return found, errors.Join(errs...)
}

// makeWay deregisters the namesakes and keeps their snapshots, so that what they
// held is not lost before the new image has their name.
func (b *build) makeWay(ctx context.Context) error {
	for _, n := range b.inTheWay {
		b.say("Deregistering %s, which the new image replaces (force_deregister)", n)
		_, err := b.clients.EC2(n.region).DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &n.id})
		if err != nil && !cloud.IsNotFound(err) {
			return fmt.Errorf("deregister %s: %w", n, err)
		}
	}
	return nil
}

// deleteReplaced deletes the snapshots of the images that were replaced. EC2 refuses
// those that another image uses, and they stay.
func (b *build) deleteReplaced(ctx context.Context) error {
	if !b.cfg.AMIForceDeleteSnapshot {
		return nil
	}
	var errs []error
	for _, n := range b.inTheWay {
		for _, id := range slices.Sorted(slices.Values(n.snapshotIDs)) {
			_, err := b.clients.EC2(n.region).DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &id})
			switch {
			case err == nil:
				b.say("Deleted snapshot %s of %s (force_delete_snapshot)", id, n)
			case cloud.IsInUse(err):
				b.say("Snapshot %s of %s stays: another image uses it", id, n)
			case !cloud.IsNotFound(err):
				errs = append(errs, fmt.Errorf("force_delete_snapshot: delete %s of %s: %w", id, n, err))
			}
		}
	}
	return errors.Join(errs...)
}
