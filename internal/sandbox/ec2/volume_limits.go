package ec2

import (
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// volumeKind is what EBS allows of a type of volume. Sizes are GiB, throughput is
// MiB/s. Figures are EC2's own answers where a limit was passed; the ratio of io2 is
// the EBS User Guide's.
type volumeKind struct {
	leastSize int64
	// leastIOPS is 0 for a type whose IOPS cannot be chosen, perGiB the most of them.
	leastIOPS, perGiB int64
	// iopsNeeded is for types that have none of their own.
	iopsNeeded bool
	// mostThroughput is 0 for a type whose throughput cannot be chosen.
	mostThroughput int64
}

var volumeKinds = map[string]volumeKind{
	"gp2":      {leastSize: 1},
	"gp3":      {leastSize: 1, leastIOPS: 100, perGiB: 500, mostThroughput: 2000},
	"io1":      {leastSize: 4, leastIOPS: 100, perGiB: 50, iopsNeeded: true},
	"io2":      {leastSize: 4, leastIOPS: 100, perGiB: 1000, iopsNeeded: true},
	"st1":      {leastSize: 125},
	"sc1":      {leastSize: 125},
	"standard": {leastSize: 1},
}

const (
	baseIOPS = 3000
	// mostPerIOPS is how much throughput gp3 gives per IOPS.
	mostPerIOPS = 0.25
)

// CheckDry refuses under DryRun what CreateVolume refuses: EC2 looks at all
// parameters first.
func (in *createVolumeInput) CheckDry(c *action.Call) error {
	_, err := in.check(c)
	return err
}

// check gives the name of the zone for the volume.
func (in *createVolumeInput) check(c *action.Call) (string, error) {
	zone, err := in.zone(c.Region)
	if err != nil {
		return "", err
	}
	in.Type = first(strings.ToLower(in.Type), "gp2")
	kind, known := volumeKinds[in.Type]
	switch {
	case in.SnapshotID == "" && in.Size == nil:
		return "", wire.ErrMissing("size/snapshot")
	case !known:
		return "", wire.Errorf("UnknownVolumeType", "Unsupported volume type '%s' for volume creation. ", in.Type)
	}
	size := int64(0)
	if in.SnapshotID != "" {
		s, err := in.snapshot(c)
		if err != nil {
			return "", err
		}
		size = s.Size
	}
	if in.Size != nil {
		size = *in.Size
	}
	return zone, in.checkFigures(kind, size)
}

// zone finds the zone by its name or by its id.
func (in *createVolumeInput) zone(region string) (string, error) {
	switch {
	case in.Zone != "" && in.ZoneID != "":
		return "", wire.Errorf("InvalidParameterCombination", "AvailabilityZone and AvailabilityZoneId can't be used together. Specify only one of these parameters.")
	case in.Zone == "" && in.ZoneID == "":
		return "", wire.ErrMissing("zone")
	}
	zones := world.Zones(region)
	at := slices.IndexFunc(zones, func(z world.Zone) bool { return z.Name == in.Zone || z.ID == in.ZoneID })
	if at < 0 {
		return "", wire.Errorf("InvalidZone.NotFound", "The zone '%s' does not exist.", in.Zone+in.ZoneID)
	}
	return zones[at].Name, nil
}

func (in *createVolumeInput) snapshot(c *action.Call) (*world.Snapshot, error) {
	if err := checkSnapshotID(in.SnapshotID); err != nil {
		return nil, err
	}
	s := c.World.FindSnapshot(c.Region, in.SnapshotID)
	if s == nil || !c.World.MayUse(s, c.Account) {
		return nil, wire.Errorf("InvalidSnapshot.NotFound", "Snapshot does not exist")
	}
	return s, nil
}

// checkFigures compares size, IOPS and throughput with the limits of the type.
func (in *createVolumeInput) checkFigures(kind volumeKind, size int64) error {
	for _, f := range []struct {
		name  string
		value *int64
	}{{"size", in.Size}, {"iops", in.IOPS}, {"throughput", in.Throughput}} {
		if f.value != nil && *f.value < 0 {
			return wire.Errorf("InvalidParameterValue", "Value (%d) for parameter %s is invalid. Value must be a positive integer.", *f.value, f.name)
		}
	}
	switch {
	case in.IOPS != nil && kind.leastIOPS == 0:
		return wire.Errorf("InvalidParameterCombination", "The parameter iops is not supported for %s volumes.", in.Type)
	case in.IOPS == nil && kind.iopsNeeded:
		return wire.Errorf("InvalidParameterCombination", "The parameter iops must be specified for %s volumes.", in.Type)
	case in.Throughput != nil && kind.mostThroughput == 0:
		return wire.Errorf("InvalidParameterCombination", "The throughput parameter is not supported for %s volumes.", in.Type)
	case size < kind.leastSize:
		return wire.Errorf("InvalidParameterValue", "The volume size is invalid for %[1]s volumes: %[2]d GiB. %[1]s volumes must be at least %[3]d GiB in size. "+
			"Please specify a volume size above the minimum limit.", in.Type, size, kind.leastSize)
	}
	iops := int64(baseIOPS)
	if in.IOPS != nil {
		if *in.IOPS < kind.leastIOPS {
			return wire.Errorf("InvalidParameterValue", "Volume iops of %d is too low; minimum is %d.", *in.IOPS, kind.leastIOPS)
		}
		if ratio := float64(*in.IOPS) / float64(size); ratio > float64(kind.perGiB) {
			return wire.Errorf("InvalidParameterValue", "Iops to volume size ratio of %f is too high; maximum is %d", ratio, kind.perGiB)
		}
		iops = max(iops, *in.IOPS)
	}
	if in.Throughput == nil {
		return nil
	}
	if *in.Throughput > kind.mostThroughput {
		return wire.Errorf("InvalidParameterValue", "Volume throughput of %d is too high; maximum is %d.", *in.Throughput, kind.mostThroughput)
	}
	if ratio := float64(*in.Throughput) / float64(iops); ratio > mostPerIOPS {
		return wire.Errorf("InvalidParameterValue", "Throughput (MiBps) to iops ratio of %f is too high; maximum is %f MiBps per iops", ratio, mostPerIOPS)
	}
	return nil
}
