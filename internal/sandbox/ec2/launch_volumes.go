package ec2

import (
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// attachVolumes makes the volumes of the image's mappings as the launch changes
// them: a mapping of the same device overrides field by field, NoDevice drops it,
// another device is added.
func (p *launchPlan) attachVolumes(c *action.Call, i *world.Instance) error {
	wanted, err := mergeMappings(p.image.Mappings, p.data.Mappings)
	if err != nil {
		return err
	}
	var made []*world.Volume
	for _, m := range wanted {
		v, err := newVolume(c, m, p.subnet.AvailabilityZone)
		if err != nil {
			return err
		}
		v.InstanceID, v.Device, v.State = i.ID, m.device, "in-use"
		made = append(made, v)
	}
	for _, v := range made {
		c.Mine().Volumes[v.ID] = v
		c.Mine().SetTags(v.ID, p.tags["volume"])
		i.Devices[v.Device] = v.ID
	}
	return nil
}

// wantedVolume is one EBS device after image and request were merged.
type wantedVolume struct {
	device, snapshotID, kind, keyID string
	size, iops, throughput          int64
	encrypted                       *bool
	deleteOnTermination             bool
	// foreign tells that the request, not the image, names the snapshot.
	foreign bool
}

func mergeMappings(image []world.Mapping, request []blockDeviceMapping) ([]wantedVolume, error) {
	byDevice := map[string]*wantedVolume{}
	for _, m := range image {
		if m.EBS == nil || m.NoDevice {
			continue
		}
		w := &wantedVolume{
			device: m.Device, snapshotID: m.EBS.SnapshotID, kind: m.EBS.Type, size: m.EBS.Size, iops: m.EBS.IOPS,
			throughput: m.EBS.Throughput, deleteOnTermination: m.EBS.DeleteOnTermination, keyID: m.EBS.KMSKeyID,
		}
		if m.EBS.Encrypted {
			yes := true
			w.encrypted = &yes
		}
		byDevice[m.Device] = w
	}
	for _, m := range request {
		if m.Device == "" {
			return nil, wire.Errorf("InvalidBlockDeviceMapping", "Device name is required")
		}
		if m.NoDevice != nil {
			delete(byDevice, m.Device)
			continue
		}
		if m.EBS == nil {
			delete(byDevice, m.Device) // an instance store takes its place
			continue
		}
		w := byDevice[m.Device]
		if w == nil {
			w = &wantedVolume{device: m.Device, deleteOnTermination: true}
			byDevice[m.Device] = w
		}
		if err := w.override(m); err != nil {
			return nil, err
		}
	}
	list := make([]wantedVolume, 0, len(byDevice))
	for _, w := range byDevice {
		list = append(list, *w)
	}
	sort.Slice(list, func(a, b int) bool { return list[a].device < list[b].device })
	return list, nil
}

func (w *wantedVolume) override(m blockDeviceMapping) error {
	e := m.EBS
	if e.Size > 0 && e.Size < w.size && w.snapshotID != "" && (e.SnapshotID == "" || e.SnapshotID == w.snapshotID) {
		return wire.Errorf("InvalidBlockDeviceMapping", "Volume of size %dGB is smaller than snapshot '%s', expect size >= %dGB", e.Size, w.snapshotID, w.size)
	}
	if e.SnapshotID != "" {
		w.foreign = w.foreign || e.SnapshotID != w.snapshotID
		w.snapshotID = e.SnapshotID
	}
	if e.Size > 0 {
		w.size = e.Size
	}
	if e.Type != "" {
		w.kind, w.iops, w.throughput = e.Type, 0, 0
	}
	if e.IOPS > 0 {
		w.iops = e.IOPS
	}
	if e.Throughput > 0 {
		w.throughput = e.Throughput
	}
	if e.Encrypted != nil {
		w.encrypted = e.Encrypted
	}
	if e.KMSKeyID != "" {
		w.keyID = e.KMSKeyID
	}
	if e.DeleteOnTermination != nil {
		w.deleteOnTermination = *e.DeleteOnTermination
	}
	return nil
}

func newVolume(c *action.Call, w wantedVolume, zone string) (*world.Volume, error) {
	var snapshot *world.Snapshot
	if w.snapshotID != "" {
		if snapshot = c.World.FindSnapshot(c.Region, w.snapshotID); snapshot == nil {
			return nil, wire.Errorf("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", w.snapshotID)
		}
		// The launch permission of an image covers its own snapshots; others need one of theirs.
		if w.foreign && !c.World.MayUse(snapshot, c.Account) {
			return nil, wire.Errorf("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", w.snapshotID)
		}
		if w.size == 0 {
			w.size = snapshot.Size
		}
	}
	if w.size == 0 {
		return nil, wire.Errorf("InvalidBlockDeviceMapping", "The device '%s' must have a volume size or a snapshot", w.device)
	}
	if err := w.checkPerformance(); err != nil {
		return nil, err
	}
	encrypted, key, err := volumeEncryption(c, w.encrypted, w.keyID, snapshot)
	if err != nil {
		return nil, err
	}
	v := &world.Volume{
		ID: c.World.NewID("vol"), AvailabilityZone: zone, SnapshotID: w.snapshotID, Type: first(w.kind, "gp2"), Size: w.size, IOPS: w.iops,
		Throughput: w.throughput, Encrypted: encrypted, KMSKeyARN: key, Created: c.Now, State: "available", DeleteOnTermination: w.deleteOnTermination,
	}
	switch v.Type {
	case "gp3":
		v.IOPS, v.Throughput = max(v.IOPS, 3000), max(v.Throughput, 125)
	case "gp2": // 3 IOPS per GiB (EBS User Guide, "General Purpose SSD volumes")
		v.IOPS = min(max(100, 3*v.Size), 16000)
	}
	return v, nil
}

// checkPerformance refuses figures that a kind of volume does not take, and io1
// and io2 without any.
func (w *wantedVolume) checkPerformance() error {
	switch kind := first(w.kind, "gp2"); {
	case (kind == "io1" || kind == "io2") && w.iops == 0:
		return wire.Errorf("InvalidParameterCombination", "The parameter iops must be specified for %s volumes.", kind)
	case w.iops > 0 && kind != "io1" && kind != "io2" && kind != "gp3":
		return wire.Errorf("InvalidParameterCombination", "The parameter iops is not supported for %s volumes.", kind)
	case w.throughput > 0 && kind != "gp3":
		return wire.Errorf("InvalidParameterCombination", "The parameter throughput is not supported for %s volumes.", kind)
	}
	return nil
}
