package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// newVolume makes a volume of 8 GiB in a zone.
func (c *cloud) newVolume(zone string) string {
	c.t.Helper()
	out, err := c.home.CreateVolume(c.t.Context(), &ec2.CreateVolumeInput{AvailabilityZone: aws.String(zone), Size: aws.Int32(8), VolumeType: types.VolumeTypeGp3})
	return *must(c.t, out, err).VolumeId
}

func (c *cloud) volume(id string) types.Volume {
	c.t.Helper()
	out, err := c.home.DescribeVolumes(c.t.Context(), &ec2.DescribeVolumesInput{VolumeIds: []string{id}})
	return must(c.t, out, err).Volumes[0]
}

func (c *cloud) attachVolume(volume, instance, device string) (*ec2.AttachVolumeOutput, error) {
	return c.home.AttachVolume(c.t.Context(), &ec2.AttachVolumeInput{VolumeId: &volume, InstanceId: &instance, Device: &device})
}

// stop stops an instance and waits until it is.
func (c *cloud) stop(id string) {
	c.t.Helper()
	out, err := c.home.StopInstances(c.t.Context(), &ec2.StopInstancesInput{InstanceIds: []string{id}})
	must(c.t, out, err)
	c.until("stopped", func() bool { return c.instanceState(id) == types.InstanceStateNameStopped })
}

func TestVolumesAreAttachedAndDetached(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id, volume := c.launch(), c.newVolume("us-east-1a")
	c.clock.Pass(time.Hour)
	out, err := c.attachVolume(volume, id, "/dev/sdf")
	if a := must(t, out, err); a.State != types.VolumeAttachmentStateAttaching || *a.Device != "/dev/sdf" || *a.InstanceId != id || *a.DeleteOnTermination {
		t.Errorf("attaching: %+v", a)
	}
	v := c.volume(volume)
	if v.State != types.VolumeStateInUse || len(v.Attachments) != 1 || v.Attachments[0].State != types.VolumeAttachmentStateAttached || v.Attachments[0].AttachTime.Sub(*v.CreateTime) < time.Hour {
		t.Errorf("attached: %+v", v)
	}
	seen, err := c.home.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if m := must(t, seen, err).Reservations[0].Instances[0].BlockDeviceMappings; len(m) != 2 || *m[0].DeviceName != "/dev/sdf" || *m[0].Ebs.VolumeId != volume {
		t.Errorf("devices: %+v", m)
	}
	gone, err := c.home.DetachVolume(t.Context(), &ec2.DetachVolumeInput{VolumeId: &volume, InstanceId: &id, Device: aws.String("/dev/sdf"), Force: aws.Bool(true)})
	if a := must(t, gone, err); a.State != types.VolumeAttachmentStateDetaching || *a.InstanceId != id || *a.Device != "/dev/sdf" {
		t.Errorf("detaching: %+v", a)
	}
	if v := c.volume(volume); v.State != types.VolumeStateAvailable || len(v.Attachments) != 0 {
		t.Errorf("detached: %+v", v)
	}
	// What is attached later outlives its instance.
	again, err := c.attachVolume(volume, id, "/dev/sdf")
	must(t, again, err)
	ended, err := c.home.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	must(t, ended, err)
	c.until("terminated", func() bool { return c.instanceState(id) == types.InstanceStateNameTerminated })
	if v := c.volume(volume); v.State != types.VolumeStateAvailable {
		t.Errorf("after its instance: %+v", v)
	}
	_, err = c.attachVolume(volume, id, "/dev/sdf")
	refused(t, err, badRequest, "IncorrectState", "Instance '"+id+"' is not 'running'.")
}

func TestAttachmentsAreRefused(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id, here, elsewhere := c.launch(), c.newVolume("us-east-1a"), c.newVolume("us-east-1b")
	_, err := c.attachVolume("vol-0123456789abcdef0", id, "/dev/sdf")
	refused(t, err, badRequest, "InvalidVolume.NotFound", "The volume 'vol-0123456789abcdef0' does not exist.")
	_, err = c.attachVolume(here, "i-0123456789abcdef0", "/dev/sdf")
	refused(t, err, badRequest, "InvalidInstanceID.NotFound", "The instance ID 'i-0123456789abcdef0' does not exist")
	_, err = c.attachVolume(here, id, "/dev/floppy")
	refused(t, err, badRequest, "InvalidParameterValue", "Value (/dev/floppy) for parameter device is invalid. /dev/floppy is not a valid EBS device name.")
	_, err = c.attachVolume(elsewhere, id, "/dev/sdf")
	refused(t, err, badRequest, "InvalidVolume.ZoneMismatch", "The volume '"+elsewhere+"' is not in the same availability zone as instance '"+id+"'")
	_, err = c.attachVolume(here, id, "/dev/xvda")
	refused(t, err, badRequest, "InvalidParameterValue", "Invalid value '/dev/xvda' for unixDevice. Attachment point /dev/xvda is already in use")
	out, err := c.attachVolume(here, id, "/dev/sdf")
	must(t, out, err)
	_, err = c.attachVolume(here, id, "/dev/sdg")
	refused(t, err, badRequest, "VolumeInUse", here+" is already attached to an instance")
	detach := func(volume, instance, device *string) error {
		_, err := c.home.DetachVolume(t.Context(), &ec2.DetachVolumeInput{VolumeId: volume, InstanceId: instance, Device: device})
		return err
	}
	other := c.launch()
	refused(t, detach(&elsewhere, nil, nil), badRequest, "IncorrectState", "Volume '"+elsewhere+"' is in the 'available' state.")
	refused(t, detach(&here, &other, nil), badRequest, "InvalidAttachment.NotFound", "The volume '"+here+"' is not attached to instance '"+other+"'")
	refused(t, detach(&here, nil, aws.String("/dev/sdg")), badRequest, "InvalidAttachment.NotFound", "The volume '"+here+"' is not attached to instance '"+id+"' as device '/dev/sdg'")
}

func TestRootVolumesAreDetachedOfStoppedInstances(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.launch()
	seen, err := c.home.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	root := *must(t, seen, err).Reservations[0].Instances[0].BlockDeviceMappings[0].Ebs.VolumeId
	detach := func() error {
		_, err := c.home.DetachVolume(t.Context(), &ec2.DetachVolumeInput{VolumeId: &root})
		return err
	}
	refused(t, detach(), badRequest, "IncorrectState", "Unable to detach root volume '"+root+"' from instance '"+id+"'")
	c.stop(id)
	must(t, 0, detach())
	noRoot := "Invalid value '" + id + "' for instanceId. Instance does not have a volume attached at root (/dev/xvda)"
	_, err = c.home.StartInstances(t.Context(), &ec2.StartInstancesInput{InstanceIds: []string{id}})
	refused(t, err, badRequest, "InvalidParameterValue", noRoot)
	_, err = c.home.CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: &id, Name: aws.String("rootless")})
	refused(t, err, badRequest, "InvalidParameterValue", noRoot)
	// A snapshot of it has the guest's disk.
	snapshot, err := c.home.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &root})
	must(t, snapshot, err)
	c.until("the disk of the snapshot", func() bool { return c.snapshot(c.home, *snapshot.SnapshotId).State == types.SnapshotStateCompleted })
	c.World().Do(func() {
		if s := c.World().FindSnapshot(here, *snapshot.SnapshotId); len(s.Layers) == 0 {
			t.Error("the snapshot is empty")
		}
	})
	other := c.newVolume("us-east-1a")
	_, err = c.attachVolume(other, id, "/dev/xvda")
	refused(t, err, badRequest, "UnsupportedOperation", "The root volume of '"+id+"' cannot be replaced by another here: the disk of a guest stays with its instance.")
	back, err := c.attachVolume(root, id, "/dev/xvda")
	must(t, back, err)
	started, err := c.home.StartInstances(t.Context(), &ec2.StartInstancesInput{InstanceIds: []string{id}})
	must(t, started, err)
	c.until("running again", func() bool { return c.instanceState(id) == types.InstanceStateNameRunning })
}
