package distribution

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// verify proves that the image is what was asked for and fills in the result.
// Nothing is shared before it returns nil.
func (w *worker) verify(ctx context.Context, image types.Image) ([]types.Snapshot, error) {
	ids := snapshotIDs(image)
	snapshots, err := w.completedSnapshots(ctx, ids)
	if err != nil {
		return nil, err
	}
	w.result.SnapshotIDs = ids
	w.result.KMSKeyARNs = keyARNs(snapshots)
	model := w.source.image
	if w.plan.spec.IMDSv2 {
		model.ImdsSupport = "" // is set afterwards, and may be on the source already
	}
	findings := append(differences(model, image), w.encryptionFindings(snapshots)...)
	if len(findings) > 0 {
		advice := "it is not shared; deregister it and run again"
		if w.result.Adopted {
			advice = "it existed before this run; deregister it, or give the copy another name"
		}
		return nil, w.errorf("the image is not what was asked for: %w (%s)", errors.Join(findings...), advice)
	}
	w.event(Event{Kind: EventVerified, Detail: encryptionForPeople(w.result.KMSKeyARNs)})
	return snapshots, nil
}

// completedSnapshots reads all snapshots; a copy that still runs shows neither
// its size nor its encryption, so it is not judged before it is completed.
func (w *worker) completedSnapshots(ctx context.Context, ids []string) ([]types.Snapshot, error) {
	if w.isSource() && len(w.source.snapshots) == len(ids) && allCompleted(w.source.snapshots) {
		return w.source.snapshots, nil
	}
	var snapshots []types.Snapshot
	err := retry(ctx, 0, nil, func(ctx context.Context) (err error) {
		snapshots, err = describeSnapshots(ctx, w.ec2, ids)
		if err != nil {
			return err
		}
		if len(snapshots) != len(ids) || !allCompleted(snapshots) {
			return errNotCompleted
		}
		return nil
	})
	if err != nil {
		return nil, w.errorf("read snapshots %s: %w", strings.Join(ids, ", "), err)
	}
	return snapshots, nil
}

func allCompleted(snapshots []types.Snapshot) bool {
	return !slices.ContainsFunc(snapshots, func(s types.Snapshot) bool { return s.State != types.SnapshotStateCompleted })
}

// encryptionFindings compares each snapshot with the key that was asked for.
func (w *worker) encryptionFindings(snapshots []types.Snapshot) []error {
	if !w.region.Encrypted {
		return nil
	}
	var errs []error
	for _, s := range snapshots {
		id, key := aws.ToString(s.SnapshotId), aws.ToString(s.KmsKeyId)
		switch {
		case !aws.ToBool(s.Encrypted):
			errs = append(errs, fmt.Errorf("snapshot %s is not encrypted", id))
		case w.keyARN != "" && key != w.keyARN:
			errs = append(errs, fmt.Errorf("snapshot %s is encrypted with %s, not with %s", id, key, w.keyARN))
		}
	}
	return errs
}

// differences compares what a copy must have in common with its source. What
// EC2 decides anew (ids, dates, owner, public) and what this package changes
// (description, IMDS, tags, permissions, deprecation, protection) is left out.
func differences(source, image types.Image) []error {
	var errs []error
	compare := func(what string, want, got any) {
		if want != got {
			errs = append(errs, fmt.Errorf("%s is %q and was %q", what, fmt.Sprint(got), fmt.Sprint(want)))
		}
	}
	compare("architecture", source.Architecture, image.Architecture)
	compare("virtualization type", source.VirtualizationType, image.VirtualizationType)
	compare("root device type", source.RootDeviceType, image.RootDeviceType)
	compare("root device", aws.ToString(source.RootDeviceName), aws.ToString(image.RootDeviceName))
	compare("boot mode", source.BootMode, image.BootMode)
	compare("ENA support", aws.ToBool(source.EnaSupport), aws.ToBool(image.EnaSupport))
	compare("SR-IOV support", aws.ToString(source.SriovNetSupport), aws.ToString(image.SriovNetSupport))
	compare("TPM support", source.TpmSupport, image.TpmSupport)
	compare("platform", source.Platform, image.Platform)
	compare("platform details", aws.ToString(source.PlatformDetails), aws.ToString(image.PlatformDetails))
	compare("usage operation (what AWS bills)", aws.ToString(source.UsageOperation), aws.ToString(image.UsageOperation))
	if source.ImdsSupport != "" {
		compare("IMDS support", source.ImdsSupport, image.ImdsSupport)
	}
	return append(errs, volumeDifferences(source, image)...)
}

func volumeDifferences(source, image types.Image) []error {
	var errs []error
	want, got := volumes(source), volumes(image)
	for _, device := range sortedKeys(want) {
		v, ok := got[device]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("volume %s is missing", device))
		case v != want[device]:
			errs = append(errs, fmt.Errorf("volume %s is %s and was %s", device, v, want[device]))
		}
	}
	for _, device := range sortedKeys(got) {
		if _, ok := want[device]; !ok {
			errs = append(errs, fmt.Errorf("volume %s is not in the source", device))
		}
	}
	return errs
}

// volumes describes the EBS volumes of an image by device.
func volumes(image types.Image) map[string]string {
	out := make(map[string]string)
	for _, m := range image.BlockDeviceMappings {
		if m.Ebs != nil {
			out[aws.ToString(m.DeviceName)] = fmt.Sprintf("%d GiB %s", aws.ToInt32(m.Ebs.VolumeSize), m.Ebs.VolumeType)
		}
	}
	return out
}

func encryptionForPeople(arns []string) string {
	if len(arns) == 0 {
		return "not encrypted"
	}
	return "encrypted with " + strings.Join(arns, ", ")
}
