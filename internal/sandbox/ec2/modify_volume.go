package ec2

import (
	"strconv"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("ModifyVolume", modifyVolume)
	read("DescribeVolumesModifications", describeVolumesModifications)
}

type modifyVolumeInput struct {
	ID         string `q:"VolumeId,required"`
	Size       *int64 `q:"Size" simplified:"a running guest's disk keeps its size"`
	Type       string `q:"VolumeType"`
	IOPS       *int64 `q:"Iops"`
	Throughput *int64 `q:"Throughput"`
}

type modifyVolumeOutput struct {
	Modification volumeModification `xml:"volumeModification"`
}

type volumeModification struct {
	ID               string     `xml:"volumeId"`
	State            string     `xml:"modificationState" simplified:"modifying in the answer, completed when the next call looks: there is no optimizing"`
	TargetSize       int64      `xml:"targetSize"`
	TargetType       string     `xml:"targetVolumeType"`
	TargetIOPS       int64      `xml:"targetIops,omitempty"`
	TargetThroughput int64      `xml:"targetThroughput,omitempty"`
	OldSize          int64      `xml:"originalSize"`
	OldType          string     `xml:"originalVolumeType"`
	OldIOPS          int64      `xml:"originalIops,omitempty"`
	OldThroughput    int64      `xml:"originalThroughput,omitempty"`
	Progress         int64      `xml:"progress"`
	Started          wire.Time  `xml:"startTime"`
	Ended            *wire.Time `xml:"endTime,omitempty"`
}

// mostModifications is how often a volume may be modified in modificationSpan (EBS
// User Guide, "Modify an EBS volume", since 2026).
const (
	mostModifications = 4
	modificationSpan  = 24 * time.Hour
)

// modifyVolume changes size, type and performance of a volume. It cannot shrink.
func modifyVolume(c *action.Call, in *modifyVolumeInput) (*modifyVolumeOutput, error) {
	v := c.Mine().Volumes[in.ID]
	if v == nil {
		return nil, errNoVolume(in.ID)
	}
	if in.Size == nil && in.Type == "" && in.IOPS == nil && in.Throughput == nil {
		return nil, wire.Errorf("InvalidParameterCombination", "No volume attributes to modify were specified.") // unverified: code and text
	}
	target, err := in.target(v)
	if err != nil {
		return nil, err
	}
	recent := 0
	for _, m := range v.Modifications {
		if c.Now.Sub(m.Started) < modificationSpan {
			recent++
		}
	}
	if recent >= mostModifications {
		return nil, wire.Errorf("VolumeModificationRateExceeded", "You've reached the maximum modification rate per volume limit. "+
			"You can modify a volume up to %d times in 24 hours.", mostModifications) // unverified: the text after the first sentence
	}
	was := figuresOf(v)
	v.Size, v.Type, v.IOPS, v.Throughput = target.Size, target.Type, target.IOPS, target.Throughput
	m := world.VolumeModification{From: was, To: target, Started: c.Now}
	v.Modifications = append(v.Modifications, m)
	item := modificationOf(v.ID, m)
	item.State, item.Progress, item.Ended = "modifying", 0, nil
	return &modifyVolumeOutput{Modification: item}, nil
}

func figuresOf(v *world.Volume) world.VolumeFigures {
	return world.VolumeFigures{Type: v.Type, Size: v.Size, IOPS: v.IOPS, Throughput: v.Throughput}
}

// target is what the volume becomes: what the call leaves out stays, but for the
// performance of another type, which begins at that type's own.
func (in *modifyVolumeInput) target(v *world.Volume) (world.VolumeFigures, error) {
	t := figuresOf(v)
	if in.Size != nil {
		if *in.Size < v.Size {
			return t, wire.Errorf("InvalidParameterValue", "New size cannot be smaller than existing size")
		}
		t.Size = *in.Size
	}
	t.Type = first(strings.ToLower(in.Type), v.Type)
	kind, known := volumeKinds[t.Type]
	if !known {
		return t, wire.Errorf("UnknownVolumeType", "Unsupported volume type '%s' for volume creation. ", t.Type) // unverified: text
	}
	iops, throughput := in.IOPS, in.Throughput
	if t.Type == v.Type {
		iops, throughput = unchanged(iops, v.IOPS, kind.leastIOPS), unchanged(throughput, v.Throughput, kind.mostThroughput)
	}
	check := &createVolumeInput{Type: t.Type, Size: &t.Size, IOPS: iops, Throughput: throughput}
	if err := check.checkFigures(kind, t.Size); err != nil {
		return t, err
	}
	t.IOPS, t.Throughput = figure(iops), figure(throughput)
	t.IOPS, t.Throughput = ownPerformance(t)
	return t, nil
}

// unchanged is what the call asks for, or what the volume has where its type lets one
// choose.
func unchanged(asked *int64, has, choice int64) *int64 {
	if asked == nil && choice > 0 && has > 0 {
		return &has
	}
	return asked
}

// ownPerformance are IOPS and throughput with what the type gives of its own.
func ownPerformance(t world.VolumeFigures) (iops, throughput int64) {
	switch t.Type {
	case "gp3":
		return max(t.IOPS, baseIOPS), max(t.Throughput, 125)
	case "gp2": // 3 IOPS per GiB (EBS User Guide, "General Purpose SSD volumes")
		return min(max(100, 3*t.Size), 16000), 0
	}
	return t.IOPS, t.Throughput
}

func modificationOf(id string, m world.VolumeModification) volumeModification {
	started := wire.Time(m.Started)
	return volumeModification{
		ID: id, State: "completed", Progress: 100, Started: started, Ended: &started,
		TargetSize: m.To.Size, TargetType: m.To.Type, TargetIOPS: m.To.IOPS, TargetThroughput: m.To.Throughput,
		OldSize: m.From.Size, OldType: m.From.Type, OldIOPS: m.From.IOPS, OldThroughput: m.From.Throughput,
	}
}

type describeVolumesModificationsInput struct {
	IDs []string `q:"VolumeId"`
	described
}

type describeVolumesModificationsOutput struct {
	Modifications wire.Set[volumeModification] `xml:"volumeModificationSet"`
	NextToken     string                       `xml:"nextToken,omitempty"`
}

// describeVolumesModifications gives the latest modification of each volume that
// had one; a volume that is named and had none is refused.
func describeVolumesModifications(c *action.Call, in *describeVolumesModificationsInput) (*describeVolumesModificationsOutput, error) {
	mine := c.Mine()
	ids, err := selected(mine.Volumes, in.IDs, "InvalidVolume.NotFound", "The volume '%s' does not exist.")
	if err != nil {
		return nil, err
	}
	if err := knownFilters(in.Filters, (&volumeModification{}).values); err != nil {
		return nil, err
	}
	var all []volumeModification
	for _, id := range seen(c, ids, func(id string) string { return id }) {
		done := mine.Volumes[id].Modifications
		if len(done) == 0 {
			if len(in.IDs) > 0 {
				return nil, wire.Errorf("InvalidVolumeModification.NotFound", "Modification for volume '%s' does not exist.", id)
			}
			continue
		}
		item := modificationOf(id, done[len(done)-1])
		match, err := matchAll(in.Filters, item.values)
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, item)
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, mostItems)
	return &describeVolumesModificationsOutput{Modifications: part, NextToken: next}, err
}

// values are those of a filter (EC2 API reference, DescribeVolumesModifications).
func (m *volumeModification) values(name string) ([]string, bool) {
	number := func(n int64) ([]string, bool) { return one(strconv.FormatInt(n, 10)) }
	switch name {
	case "volume-id":
		return one(m.ID)
	case "modification-state":
		return one(m.State)
	case "original-size":
		return number(m.OldSize)
	case "original-volume-type":
		return one(m.OldType)
	case "original-iops":
		return number(m.OldIOPS)
	case "target-size":
		return number(m.TargetSize)
	case "target-volume-type":
		return one(m.TargetType)
	case "target-iops":
		return number(m.TargetIOPS)
	}
	return nil, false
}
