package distribution

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// groupAll is everybody.
const groupAll = "all"

// EC2 takes 500 changes of a snapshot's permissions per call, and 10,000 of an
// image's; the smaller number serves both.
const permissionsPerCall = 500

// launchers are all who may launch the image: sorted, each once.
func (s Share) launchers() []string {
	return distinct(s.Accounts, s.Groups, s.OrgARNs, s.OUARNs)
}

// snapshotUsers are all who may use the snapshots: sorted, each once.
func (s Share) snapshotUsers() []string { return distinct(s.SnapshotAccounts, s.SnapshotGroups) }

func distinct(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

// shareImage adds the launch permissions that are missing and reads all of them
// back: EC2 answers before the change is everywhere.
func (w *worker) shareImage(ctx context.Context, _ types.Image, _ []types.Snapshot) error {
	want := w.plan.spec.Share.launchers()
	if len(want) == 0 {
		return nil
	}
	have, err := w.reconcile(ctx, "the image", want, w.launchPermissions, w.addLaunchPermissions)
	if err != nil {
		return err
	}
	w.result.SharedWith = have
	return nil
}

// shareSnapshots lets accounts make volumes of the snapshots, which they need to
// copy the image. Organizations cannot be given that.
func (w *worker) shareSnapshots(ctx context.Context, _ types.Image, snapshots []types.Snapshot) error {
	want := w.plan.spec.Share.snapshotUsers()
	if len(want) == 0 {
		return nil
	}
	for _, s := range snapshots {
		id := aws.ToString(s.SnapshotId)
		_, err := w.reconcile(ctx, "snapshot "+id, want,
			func(ctx context.Context) ([]string, error) { return w.volumePermissions(ctx, id) },
			func(ctx context.Context, who []string) error { return w.addVolumePermissions(ctx, id, who) })
		if err != nil {
			return err
		}
	}
	return nil
}

// reconcile adds to the permissions of one thing what is missing of want, and
// returns what EC2 says afterwards, sorted.
func (w *worker) reconcile(ctx context.Context, what string, want []string,
	read func(context.Context) ([]string, error), add func(context.Context, []string) error,
) ([]string, error) {
	var have []string
	load := func(ctx context.Context) (err error) {
		have, err = read(ctx)
		return err
	}
	if err := w.call(ctx, "read who may use "+what, load); err != nil {
		return nil, err
	}
	missing := without(want, have)
	if len(missing) == 0 {
		return have, nil
	}
	for part := range slices.Chunk(missing, permissionsPerCall) {
		err := w.call(ctx, fmt.Sprintf("share %s with %s", what, strings.Join(part, ", ")), func(ctx context.Context) error {
			return add(ctx, part)
		})
		if err != nil {
			return nil, err
		}
	}
	err := w.call(ctx, "read back who may use "+what, func(ctx context.Context) error {
		if err := load(ctx); err != nil {
			return err
		}
		if left := without(want, have); len(left) > 0 {
			return fmt.Errorf("%w: EC2 does not show %s", errNotApplied, strings.Join(left, ", "))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.event(Event{Kind: EventShared, Detail: fmt.Sprintf("%s with %s", what, strings.Join(missing, ", "))})
	return have, nil
}

func (w *worker) launchPermissions(ctx context.Context) ([]string, error) {
	out, err := w.ec2.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{
		ImageId: aws.String(w.result.ImageID), Attribute: types.ImageAttributeNameLaunchPermission,
	})
	if err != nil {
		return nil, err
	}
	who := make([]string, 0, len(out.LaunchPermissions))
	for _, p := range out.LaunchPermissions {
		for _, name := range []string{aws.ToString(p.UserId), string(p.Group), aws.ToString(p.OrganizationArn), aws.ToString(p.OrganizationalUnitArn)} {
			if name != "" {
				who = append(who, name)
			}
		}
	}
	return distinct(who), nil
}

func (w *worker) addLaunchPermissions(ctx context.Context, who []string) error {
	add := make([]types.LaunchPermission, 0, len(who))
	for _, name := range who {
		var p types.LaunchPermission
		switch {
		case name == groupAll:
			p.Group = types.PermissionGroupAll
		case orgARNPattern.MatchString(name):
			p.OrganizationArn = aws.String(name)
		case ouARNPattern.MatchString(name):
			p.OrganizationalUnitArn = aws.String(name)
		default:
			p.UserId = aws.String(name)
		}
		add = append(add, p)
	}
	_, err := w.ec2.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{
		ImageId:          aws.String(w.result.ImageID),
		LaunchPermission: &types.LaunchPermissionModifications{Add: add},
	})
	return err
}

func (w *worker) volumePermissions(ctx context.Context, snapshot string) ([]string, error) {
	out, err := w.ec2.DescribeSnapshotAttribute(ctx, &ec2.DescribeSnapshotAttributeInput{
		SnapshotId: aws.String(snapshot), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
	})
	if err != nil {
		return nil, err
	}
	who := make([]string, 0, len(out.CreateVolumePermissions))
	for _, p := range out.CreateVolumePermissions {
		for _, name := range []string{aws.ToString(p.UserId), string(p.Group)} {
			if name != "" {
				who = append(who, name)
			}
		}
	}
	return distinct(who), nil
}

func (w *worker) addVolumePermissions(ctx context.Context, snapshot string, who []string) error {
	add := make([]types.CreateVolumePermission, 0, len(who))
	for _, name := range who {
		if name == groupAll {
			add = append(add, types.CreateVolumePermission{Group: types.PermissionGroupAll})
		} else {
			add = append(add, types.CreateVolumePermission{UserId: aws.String(name)})
		}
	}
	_, err := w.ec2.ModifySnapshotAttribute(ctx, &ec2.ModifySnapshotAttributeInput{
		SnapshotId:             aws.String(snapshot),
		Attribute:              types.SnapshotAttributeNameCreateVolumePermission,
		CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: add},
	})
	return err
}

// without gives the elements of all that are not in some.
func without(all, some []string) []string {
	var left []string
	for _, s := range all {
		if !slices.Contains(some, s) {
			left = append(left, s)
		}
	}
	return left
}
