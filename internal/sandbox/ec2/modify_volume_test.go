package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func TestVolumesAreModified(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id, untouched := c.newVolume("us-east-1a"), c.newVolume("us-east-1a")
	modify := func(change func(*ec2.ModifyVolumeInput)) (*ec2.ModifyVolumeOutput, error) {
		in := &ec2.ModifyVolumeInput{VolumeId: &id}
		change(in)
		return c.home.ModifyVolume(t.Context(), in)
	}
	for _, bad := range []struct {
		change     func(*ec2.ModifyVolumeInput)
		code, text string
	}{
		{func(*ec2.ModifyVolumeInput) {}, "InvalidParameterCombination", "No volume attributes to modify were specified."},
		{func(in *ec2.ModifyVolumeInput) { in.Size = aws.Int32(7) }, "InvalidParameterValue", "New size cannot be smaller than existing size"},
		{func(in *ec2.ModifyVolumeInput) { in.Iops = aws.Int32(99) }, "InvalidParameterValue", "Volume iops of 99 is too low; minimum is 100."},
		{func(in *ec2.ModifyVolumeInput) { in.VolumeType = "io2" }, "InvalidParameterCombination", "The parameter iops must be specified for io2 volumes."},
		{func(in *ec2.ModifyVolumeInput) { in.VolumeId = aws.String("vol-0123456789abcdef0") }, "InvalidVolume.NotFound", "The volume 'vol-0123456789abcdef0' does not exist."},
	} {
		_, err := modify(bad.change)
		refused(t, err, badRequest, bad.code, bad.text)
	}
	_, err := c.home.DescribeVolumesModifications(t.Context(), &ec2.DescribeVolumesModificationsInput{VolumeIds: []string{untouched}})
	refused(t, err, badRequest, "InvalidVolumeModification.NotFound", "Modification for volume '"+untouched+"' does not exist.")

	out, err := modify(func(in *ec2.ModifyVolumeInput) { in.Size, in.Iops = aws.Int32(20), aws.Int32(4000) })
	if m := must(t, out, err).VolumeModification; m.ModificationState != types.VolumeModificationStateModifying || *m.OriginalSize != 8 || *m.TargetSize != 20 ||
		*m.OriginalIops != 3000 || *m.TargetIops != 4000 || *m.TargetThroughput != 125 || m.EndTime != nil {
		t.Errorf("the answer: %+v", m)
	}
	if v := c.volume(id); *v.Size != 20 || *v.Iops != 4000 || *v.Throughput != 125 {
		t.Errorf("the volume: %+v", v)
	}
	out, err = modify(func(in *ec2.ModifyVolumeInput) { in.VolumeType = types.VolumeTypeGp2 })
	must(t, out, err)
	if v := c.volume(id); v.VolumeType != types.VolumeTypeGp2 || *v.Iops != 100 || v.Throughput != nil {
		t.Errorf("as gp2: %+v", v)
	}
	for _, f := range []types.Filter{filter("target-volume-type", "gp2"), filter("original-size", "20"), filter("modification-state", "completed"), filter("volume-id", id)} {
		seen, err := c.home.DescribeVolumesModifications(t.Context(), &ec2.DescribeVolumesModificationsInput{Filters: []types.Filter{f}})
		if all := must(t, seen, err).VolumesModifications; len(all) != 1 || *all[0].VolumeId != id || *all[0].Progress != 100 || all[0].OriginalVolumeType != types.VolumeTypeGp3 {
			t.Errorf("by %s: %+v", *f.Name, all)
		}
	}
	for size := range int32(2) {
		out, err := modify(func(in *ec2.ModifyVolumeInput) { in.Size = aws.Int32(30 + size) })
		must(t, out, err)
	}
	more := func(in *ec2.ModifyVolumeInput) { in.Size = aws.Int32(50) }
	_, err = modify(more)
	refused(t, err, badRequest, "VolumeModificationRateExceeded", "You've reached the maximum modification rate per volume limit. You can modify a volume up to 4 times in 24 hours.")
	c.clock.Pass(24 * time.Hour)
	out, err = modify(more)
	must(t, out, err)
}

// Fleets of type instant are described where they are named, and only there.
func TestFleetsAreDescribed(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	made := c.fleet(nil)
	describe := func(in *ec2.DescribeFleetsInput) []types.FleetData {
		out, err := c.home.DescribeFleets(t.Context(), in)
		return must(t, out, err).Fleets
	}
	all := describe(&ec2.DescribeFleetsInput{FleetIds: []string{*made.FleetId}, Filters: []types.Filter{filter("type", "instant"), filter("fleet-state", "active")}})
	if len(all) != 1 || *all[0].FleetId != *made.FleetId || all[0].Type != types.FleetTypeInstant || len(all[0].Instances) != 1 || all[0].Instances[0].InstanceIds[0] != made.Instances[0].InstanceIds[0] {
		t.Errorf("by its id: %+v", all)
	}
	if all := describe(&ec2.DescribeFleetsInput{FleetIds: []string{*made.FleetId}, Filters: []types.Filter{filter("type", "maintain")}}); len(all) != 0 {
		t.Errorf("of another type: %+v", all)
	}
	if all := describe(&ec2.DescribeFleetsInput{}); len(all) != 0 {
		t.Errorf("without ids: %+v", all)
	}
	_, err := c.home.DescribeFleets(t.Context(), &ec2.DescribeFleetsInput{FleetIds: []string{"fleet-0123456789abcdef0"}})
	refused(t, err, badRequest, "InvalidFleetId.NotFound", "The fleet ID 'fleet-0123456789abcdef0' does not exist")
}
