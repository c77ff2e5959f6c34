package cloud

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// Deleter deletes resources of every kind that is recorded.
type Deleter struct {
	clients *Clients
	pause   func(context.Context, time.Duration) error
}

// NewDeleter gives a Deleter that works with c.
func NewDeleter(c *Clients) *Deleter { return &Deleter{clients: c, pause: sleep} }

// Delete takes r away and returns when it is gone. It can be repeated: what does
// not exist any more is a success. It refuses what belongs to another account
// than the credentials do. What something else still uses, or EC2 does not show
// yet, is tried again until ctx ends; give ctx a deadline.
func (d *Deleter) Delete(ctx context.Context, r Resource) error {
	if r.Account != "" {
		mine, err := d.clients.Account(ctx)
		if err != nil {
			return err
		}
		if mine != r.Account {
			return fmt.Errorf("%s belongs to account %s, and these are credentials of account %s: not deleted", r, r.Account, mine)
		}
	}
	remove, ok := d.removers()[r.Kind]
	if !ok {
		return fmt.Errorf("%s: nothing is known about deleting a %q", r, r.Kind)
	}
	if r.ID == "" && (r.Kind != KindKeyPair || r.Name == "") {
		return fmt.Errorf("a %s without an id cannot be deleted", r.Kind)
	}
	if err := d.patiently(ctx, func() error { return remove(ctx, r) }); err != nil {
		return fmt.Errorf("delete %s: %w", r, err)
	}
	return nil
}

func (d *Deleter) removers() map[Kind]func(context.Context, Resource) error {
	return map[Kind]func(context.Context, Resource) error{
		KindInstance:            d.instance,
		KindImage:               d.image,
		KindSnapshot:            d.snapshot,
		KindVolume:              d.volume,
		KindKeyPair:             d.keyPair,
		KindSecurityGroup:       d.securityGroup,
		KindLaunchTemplate:      d.launchTemplate,
		KindRole:                d.role,
		KindRolePolicy:          d.rolePolicy,
		KindInstanceProfile:     d.instanceProfile,
		KindInstanceProfileRole: d.instanceProfileRole,
	}
}

// patiently repeats what fails only because something else has to go first: an
// instance's network interface outlives it by a minute, a snapshot is in use for
// some seconds after its image was deregistered.
func (d *Deleter) patiently(ctx context.Context, try func() error) error {
	for wait := time.Second; ; wait = min(2*wait, 10*time.Second) {
		err := try()
		passes := IsInUse(err) || IsThrottle(err) || Code(err) == "IncorrectState"
		if !passes {
			return err
		}
		if stop := d.pause(ctx, wait); stop != nil {
			return errors.Join(err, stop)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// gone makes success of what has no object any more.
func gone(err error) error {
	if IsNotFound(err) {
		return nil
	}
	return err
}

// instance terminates and waits for the end: groups, volumes and profiles can be
// deleted only then.
func (d *Deleter) instance(ctx context.Context, r Resource) error {
	api := d.clients.EC2(r.Region)
	_, err := api.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{r.ID}})
	if err != nil {
		return gone(err)
	}
	for {
		out, err := api.DescribeInstances(ctx, &ec2.DescribeInstancesInput{
			Filters: []types.Filter{{Name: aws.String("instance-id"), Values: []string{r.ID}}},
		})
		if err != nil && !IsTransient(err) && !IsThrottle(err) {
			return fmt.Errorf("it was told to terminate, but whether it did is not known: %w", err)
		}
		if err == nil && terminated(out) {
			return nil
		}
		if err := d.pause(ctx, 3*time.Second); err != nil {
			return fmt.Errorf("it was told to terminate and has not yet: %w", err)
		}
	}
}

func terminated(out *ec2.DescribeInstancesOutput) bool {
	for _, group := range out.Reservations {
		for _, i := range group.Instances {
			if i.State == nil || i.State.Name != types.InstanceStateNameTerminated {
				return false
			}
		}
	}
	return true
}

// image deregisters with the snapshots in one call, which leaves those that
// another image uses. An endpoint that does not know the parameter, and what the
// one call left, get a call for each snapshot.
func (d *Deleter) image(ctx context.Context, r Resource) error {
	api := d.clients.EC2(r.Region)
	snapshots, err := d.snapshotsOf(ctx, r)
	if err != nil {
		return err
	}
	out, err := api.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &r.ID, DeleteAssociatedSnapshots: aws.Bool(true)})
	if IsUnsupported(err) {
		out, err = api.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &r.ID})
	}
	if err != nil {
		if IsNotFound(err) {
			return d.leftoverSnapshots(ctx, r.Region, snapshots, nil)
		}
		if IsProtected(err) {
			return fmt.Errorf("it is protected against deregistration; disable the protection first (24 hours before, if it has a cooldown): %w", err)
		}
		return err
	}
	return d.leftoverSnapshots(ctx, r.Region, snapshots, out.DeleteSnapshotResults)
}

// snapshotsOf lists an image's snapshots before it goes, for afterwards nothing
// connects them. It is nil for an image that is not there.
func (d *Deleter) snapshotsOf(ctx context.Context, r Resource) ([]string, error) {
	out, err := d.clients.EC2(r.Region).DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners:  []string{"self"},
		Filters: []types.Filter{{Name: aws.String("image-id"), Values: []string{r.ID}}},
	})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, image := range out.Images {
		for _, m := range image.BlockDeviceMappings {
			if m.Ebs != nil && m.Ebs.SnapshotId != nil {
				ids = append(ids, *m.Ebs.SnapshotId)
			}
		}
	}
	return ids, nil
}

func (d *Deleter) leftoverSnapshots(ctx context.Context, region string, all []string, done []types.DeleteSnapshotReturnCode) error {
	settled := map[string]bool{}
	for _, s := range done {
		// Skipped: another image needs it.
		if s.ReturnCode == types.SnapshotReturnCodesSuccess || s.ReturnCode == types.SnapshotReturnCodesWarnSkipped {
			settled[aws.ToString(s.SnapshotId)] = true
		}
	}
	var errs []error
	for _, id := range all {
		if settled[id] {
			continue
		}
		err := d.patiently(ctx, func() error { return d.snapshot(ctx, Resource{ID: id, Region: region}) })
		if err != nil {
			errs = append(errs, fmt.Errorf("the image is gone, its snapshot %s is not: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

func (d *Deleter) snapshot(ctx context.Context, r Resource) error {
	_, err := d.clients.EC2(r.Region).DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &r.ID})
	return gone(err)
}

func (d *Deleter) volume(ctx context.Context, r Resource) error {
	_, err := d.clients.EC2(r.Region).DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: &r.ID})
	return gone(err)
}

func (d *Deleter) keyPair(ctx context.Context, r Resource) error {
	in := &ec2.DeleteKeyPairInput{}
	if r.ID != "" {
		in.KeyPairId = &r.ID
	} else {
		in.KeyName = &r.Name
	}
	_, err := d.clients.EC2(r.Region).DeleteKeyPair(ctx, in)
	return gone(err)
}

func (d *Deleter) securityGroup(ctx context.Context, r Resource) error {
	_, err := d.clients.EC2(r.Region).DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &r.ID})
	return gone(err)
}

func (d *Deleter) launchTemplate(ctx context.Context, r Resource) error {
	_, err := d.clients.EC2(r.Region).DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: &r.ID})
	return gone(err)
}

func (d *Deleter) role(ctx context.Context, r Resource) error {
	_, err := d.clients.IAM().DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &r.ID})
	return gone(err)
}

func (d *Deleter) rolePolicy(ctx context.Context, r Resource) error {
	role, policy, _ := strings.Cut(r.ID, "/")
	_, err := d.clients.IAM().DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &role, PolicyName: &policy})
	return gone(err)
}

func (d *Deleter) instanceProfile(ctx context.Context, r Resource) error {
	_, err := d.clients.IAM().DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: &r.ID})
	return gone(err)
}

func (d *Deleter) instanceProfileRole(ctx context.Context, r Resource) error {
	profile, role, _ := strings.Cut(r.ID, "/")
	_, err := d.clients.IAM().RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{
		InstanceProfileName: &profile, RoleName: &role,
	})
	return gone(err)
}
