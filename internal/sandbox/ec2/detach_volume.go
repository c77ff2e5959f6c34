package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("DetachVolume", detachVolume) }

type detachVolumeInput struct {
	VolumeID   string `q:"VolumeId,required"`
	InstanceID string `q:"InstanceId"`
	Device     string `q:"Device"`
	Force      bool   `q:"Force" simplified:"no detachment waits for the guest, so that nothing needs force"`
}

// detachVolume takes a volume from its instance. The root volume can be taken of a
// stopped instance alone, which does not start without it.
func detachVolume(c *action.Call, in *detachVolumeInput) (*volumeAttachment, error) {
	v := c.Mine().Volumes[in.VolumeID]
	if v == nil {
		return nil, errNoVolume(in.VolumeID)
	}
	if in.InstanceID != "" {
		if _, err := findInstances(c, []string{in.InstanceID}); err != nil {
			return nil, err
		}
	}
	switch {
	case v.InstanceID == "":
		return nil, wire.Errorf("IncorrectState", "Volume '%s' is in the '%s' state.", v.ID, v.State)
	case in.InstanceID != "" && in.InstanceID != v.InstanceID:
		return nil, wire.Errorf("InvalidAttachment.NotFound", "The volume '%s' is not attached to instance '%s'", v.ID, in.InstanceID) // unverified: text
	case in.Device != "" && in.Device != v.Device:
		return nil, wire.Errorf("InvalidAttachment.NotFound", "The volume '%s' is not attached to instance '%s' as device '%s'", v.ID, v.InstanceID, in.Device) // unverified: text
	}
	i := c.Mine().Instances[v.InstanceID]
	if i != nil && v.Device == i.RootDeviceName {
		if i.State != world.StateStopped {
			return nil, wire.Errorf("IncorrectState", "Unable to detach root volume '%s' from instance '%s'", v.ID, i.ID)
		}
		v.GuestOf = i.ID
	}
	out := attachmentOf(v, "detaching")
	if i != nil {
		delete(i.Devices, v.Device)
	}
	v.InstanceID, v.Device, v.State = "", "", "available"
	return out, nil
}
