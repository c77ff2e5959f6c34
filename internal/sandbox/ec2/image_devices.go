package ec2

import (
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// imageDevice is a device of an image in the making, with the volume whose
// snapshot it gets; nil where the mapping stands for itself.
type imageDevice struct {
	mapping world.Mapping
	volume  *world.Volume
}

// imageDevices are the volumes of an instance as the request's mappings change
// them: NoDevice leaves one out, another size or type is taken over, a device that
// the instance does not have is added.
func imageDevices(c *action.Call, i *world.Instance, request []blockDeviceMapping) ([]imageDevice, error) {
	var devices []imageDevice
	for _, device := range sortedKeys(i.Devices) {
		v := c.Mine().Volumes[i.Devices[device]]
		if v == nil {
			continue
		}
		ebs := &world.MappedVolume{
			Type: v.Type, Size: v.Size, IOPS: v.IOPS, Throughput: v.Throughput, Encrypted: v.Encrypted, DeleteOnTermination: v.DeleteOnTermination,
		}
		if v.Type == "gp2" {
			ebs.IOPS = 0 // it follows from the size
		}
		devices = append(devices, imageDevice{volume: v, mapping: world.Mapping{Device: device, EBS: ebs}})
	}
	for _, device := range sortedKeys(i.Ephemeral) {
		devices = append(devices, imageDevice{mapping: world.Mapping{Device: device, VirtualName: i.Ephemeral[device]}})
	}
	for _, m := range request {
		at := slices.IndexFunc(devices, func(d imageDevice) bool { return d.mapping.Device == m.Device })
		switch {
		case m.Device == "":
			return nil, wire.Errorf("InvalidBlockDeviceMapping", "Device name is required")
		case m.NoDevice != nil && m.Device == i.RootDeviceName:
			return nil, wire.Errorf("InvalidBlockDeviceMapping", "The root device %s cannot be left out of the image", m.Device)
		case m.NoDevice != nil && at >= 0:
			devices = slices.Delete(devices, at, at+1)
		case m.NoDevice != nil:
			devices = append(devices, imageDevice{mapping: world.Mapping{Device: m.Device, NoDevice: true}})
		case at >= 0 && devices[at].mapping.EBS == nil: // an instance store gives way
			mapping, err := newMapping(c, m)
			if err != nil {
				return nil, err
			}
			devices[at] = imageDevice{mapping: mapping}
		case at >= 0:
			if err := changeDevice(devices[at].mapping.EBS, m); err != nil {
				return nil, err
			}
		default:
			mapping, err := newMapping(c, m)
			if err != nil {
				return nil, err
			}
			devices = append(devices, imageDevice{mapping: mapping})
		}
	}
	// EC2 gives the root device first.
	slices.SortStableFunc(devices, func(a, b imageDevice) int {
		return strings.Compare(rank(a, i.RootDeviceName), rank(b, i.RootDeviceName))
	})
	return devices, nil
}

func rank(d imageDevice, root string) string {
	if d.mapping.Device == root {
		return ""
	}
	return d.mapping.Device
}

// changeDevice lays a request's mapping over the device of an attached volume.
func changeDevice(to *world.MappedVolume, m blockDeviceMapping) error {
	e := m.EBS
	if e == nil {
		return nil
	}
	if e.Encrypted != nil || e.KMSKeyID != "" {
		return errEncryptedFlag(m.Device)
	}
	if e.Size > 0 && e.Size < to.Size {
		return wire.Errorf("InvalidBlockDeviceMapping", "Volume of size %dGB is smaller than the attached volume, expect size >= %dGB", e.Size, to.Size)
	}
	if e.Size > 0 {
		to.Size = e.Size
	}
	if e.Type != "" && e.Type != to.Type {
		to.Type, to.IOPS, to.Throughput = e.Type, 0, 0
	}
	return fillVolume(to, m)
}

func errEncryptedFlag(device string) error {
	return wire.Errorf("InvalidBlockDeviceMapping", "the encrypted flag cannot be specified since device %s has a snapshot specified.", device)
}

// newMapping is a device that stands for itself: an instance store, a snapshot
// that exists, or an empty volume.
func newMapping(c *action.Call, m blockDeviceMapping) (world.Mapping, error) {
	mapping := world.Mapping{Device: m.Device, VirtualName: m.VirtualName, NoDevice: m.NoDevice != nil}
	if m.EBS == nil {
		return mapping, nil
	}
	v := &world.MappedVolume{SnapshotID: m.EBS.SnapshotID, Size: m.EBS.Size, Type: first(m.EBS.Type, "gp2"), DeleteOnTermination: true}
	mapping.EBS = v
	if v.SnapshotID == "" {
		if v.Size == 0 {
			return mapping, wire.Errorf("MissingParameter", "The request must contain the parameter size or snapshotId")
		}
		v.Encrypted = m.EBS.Encrypted != nil && *m.EBS.Encrypted
		return mapping, fillVolume(v, m)
	}
	s := c.World.FindSnapshot(c.Region, v.SnapshotID)
	switch {
	case s == nil || !c.World.MayUse(s, c.Account):
		return mapping, wire.Errorf("InvalidSnapshotID.NotFound", "The snapshot ID '%s' does not exist", v.SnapshotID)
	case s.State(c.Now) != "completed":
		// unverified: text; the code is documented
		return mapping, wire.Errorf("IncorrectState", "Snapshot %s is in state %s, expected completed", s.ID, s.State(c.Now))
	case m.EBS.Encrypted != nil || m.EBS.KMSKeyID != "":
		return mapping, errEncryptedFlag(m.Device)
	case v.Size > 0 && v.Size < s.Size:
		return mapping, wire.Errorf("InvalidBlockDeviceMapping", "Volume of size %dGB is smaller than snapshot '%s', expect size >= %dGB", v.Size, s.ID, s.Size)
	}
	v.Encrypted, v.Size = s.Encrypted, max(v.Size, s.Size)
	return mapping, fillVolume(v, m)
}

// fillVolume sets performance and life of a mapped volume; gp3 has a base of 3000
// IOPS and 125 MiB/s, and only io1, io2 and gp3 take a figure.
func fillVolume(v *world.MappedVolume, m blockDeviceMapping) error {
	if m.EBS.IOPS > 0 {
		if v.Type != "io1" && v.Type != "io2" && v.Type != "gp3" {
			return wire.Errorf("InvalidParameterCombination", "The parameter iops is not supported for %s volumes.", v.Type)
		}
		v.IOPS = m.EBS.IOPS
	}
	if m.EBS.Throughput > 0 {
		if v.Type != "gp3" {
			return wire.Errorf("InvalidParameterCombination", "The parameter throughput is not supported for %s volumes.", v.Type)
		}
		v.Throughput = m.EBS.Throughput
	}
	if v.Type == "gp3" {
		v.IOPS, v.Throughput = max(v.IOPS, 3000), max(v.Throughput, 125)
	}
	if m.EBS.DeleteOnTermination != nil {
		v.DeleteOnTermination = *m.EBS.DeleteOnTermination
	}
	return nil
}
