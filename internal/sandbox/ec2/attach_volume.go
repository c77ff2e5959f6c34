package ec2

import (
	"regexp"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("AttachVolume", attachVolume) }

type attachVolumeInput struct {
	VolumeID   string `q:"VolumeId,required"`
	InstanceID string `q:"InstanceId,required"`
	Device     string `q:"Device,required" simplified:"the guest does not see it; at the root only the volume that was detached from there"`
}

// volumeAttachment is the answer to attaching and detaching.
type volumeAttachment struct {
	VolumeID            string    `xml:"volumeId"`
	InstanceID          string    `xml:"instanceId"`
	Device              string    `xml:"device"`
	Status              string    `xml:"status" simplified:"attaching and detaching in the answer, and done when the next call looks"`
	Attached            wire.Time `xml:"attachTime"`
	DeleteOnTermination bool      `xml:"deleteOnTermination"`
}

func attachmentOf(v *world.Volume, status string) *volumeAttachment {
	return &volumeAttachment{
		VolumeID: v.ID, InstanceID: v.InstanceID, Device: v.Device, Status: status,
		Attached: wire.Time(attachedAt(v)), DeleteOnTermination: v.DeleteOnTermination,
	}
}

// deviceName are the names of block devices (EC2 User Guide, "Device names for
// volumes on Amazon EC2 instances").
var deviceName = regexp.MustCompile(`^(/dev/(sd[a-z][0-9]{0,2}|xvd[a-z][a-z]?[0-9]{0,2}|hd[a-z][0-9]{0,2})|xvd[a-z][a-z]?)$`)

// attachVolume gives a volume to a running or stopped instance of its zone. A
// volume that is attached in this way outlives the instance.
func attachVolume(c *action.Call, in *attachVolumeInput) (*volumeAttachment, error) {
	v := c.Mine().Volumes[in.VolumeID]
	if v == nil {
		return nil, errNoVolume(in.VolumeID)
	}
	found, err := findInstances(c, []string{in.InstanceID})
	if err != nil {
		return nil, err
	}
	i := found[0]
	if err := in.check(v, i); err != nil {
		return nil, err
	}
	v.InstanceID, v.Device, v.State, v.Attached, v.DeleteOnTermination = i.ID, in.Device, "in-use", c.Now, false
	i.Devices[in.Device] = v.ID
	return attachmentOf(v, "attaching"), nil
}

func (in *attachVolumeInput) check(v *world.Volume, i *world.Instance) error {
	switch {
	case !deviceName.MatchString(in.Device):
		return wire.Errorf("InvalidParameterValue", "Value (%[1]s) for parameter device is invalid. %[1]s is not a valid EBS device name.", in.Device) // unverified: text
	case v.InstanceID != "":
		return wire.Errorf("VolumeInUse", "%s is already attached to an instance", v.ID)
	case v.State != "available":
		return wire.Errorf("IncorrectState", "%s is not 'available'.", v.ID)
	case i.State != world.StateRunning && i.State != world.StateStopped:
		return wire.Errorf("IncorrectState", "Instance '%s' is not 'running'.", i.ID)
	case v.AvailabilityZone != i.AvailabilityZone:
		return wire.Errorf("InvalidVolume.ZoneMismatch", "The volume '%s' is not in the same availability zone as instance '%s'", v.ID, i.ID)
	case i.Devices[in.Device] != "" || i.Ephemeral[in.Device] != "":
		return wire.Errorf("InvalidParameterValue", "Invalid value '%[1]s' for unixDevice. Attachment point %[1]s is already in use", in.Device)
	case in.Device == i.RootDeviceName && v.GuestOf != i.ID:
		return wire.Errorf("UnsupportedOperation", "The root volume of '%s' cannot be replaced by another here: the disk of a guest stays with its instance.", i.ID)
	}
	return nil
}

// errNoRoot refuses what needs the root volume of an instance that was detached.
func errNoRoot(i *world.Instance) error {
	if i.RootDeviceName == "" || i.Devices[i.RootDeviceName] != "" {
		return nil
	}
	return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for instanceId. Instance does not have a volume attached at root (%s)", i.ID, i.RootDeviceName)
}
