package capture_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func create(r *rig, change func(*ec2.CreateVolumeInput)) error {
	in := &ec2.CreateVolumeInput{}
	change(in)
	return done(r.own().CreateVolume(r.t.Context(), in))
}

func volume(change func(*ec2.CreateVolumeInput)) func(r *rig) error {
	return func(r *rig) error { return create(r, change) }
}

// sized is a call for a volume of a size and type in a zone; a negative figure of
// IOPS or throughput stands for itself, nil for none.
func sized(kind types.VolumeType, size int32, iops, throughput *int32) func(*ec2.CreateVolumeInput) {
	return func(in *ec2.CreateVolumeInput) {
		in.AvailabilityZone, in.Size, in.VolumeType, in.Iops, in.Throughput = aws.String(zone), aws.Int32(size), kind, iops, throughput
	}
}

// dry makes the same call with DryRun.
func dry(change func(*ec2.CreateVolumeInput)) func(*ec2.CreateVolumeInput) {
	return func(in *ec2.CreateVolumeInput) { change(in); in.DryRun = aws.Bool(true) }
}

// refusedBoth is an observation of a refusal that DryRun does not change.
func refusedBoth(did string, change func(*ec2.CreateVolumeInput), code, message string) []observation {
	return []observation{
		{did: did, do: volume(change), status: refusal, code: code, message: message},
		{did: "try to " + did, do: volume(dry(change)), status: refusal, code: code, message: message},
	}
}

func inZone(name string) func(*ec2.CreateVolumeInput) {
	return func(in *ec2.CreateVolumeInput) { in.AvailabilityZone, in.Size = aws.String(name), aws.Int32(1) }
}

func inZoneID(id string) func(*ec2.CreateVolumeInput) {
	return func(in *ec2.CreateVolumeInput) { in.AvailabilityZoneId, in.Size = aws.String(id), aws.Int32(1) }
}

func ofSnapshot(id string) func(*ec2.CreateVolumeInput) {
	return func(in *ec2.CreateVolumeInput) {
		in.AvailabilityZone, in.SnapshotId, in.VolumeType = aws.String(zone), aws.String(id), types.VolumeTypeGp3
	}
}

func both(in *ec2.CreateVolumeInput) { inZone(zone)(in); inZoneID(zoneID)(in) }

func flat(lists ...[]observation) []observation {
	var all []observation
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// zoneID is the id of the zone; accounts differ in it.
const zoneID = "use1-az1"

const noZone = "The request must contain the parameter zone"

// volumes are observations of what a volume needs.
var volumes = flat(
	[]observation{
		{
			did: "create by the id of a zone", do: volume(inZoneID(zoneID)), status: success,
			has: []string{
				"<availabilityZone>us-east-1a</availabilityZone>", "<availabilityZoneId>" + zoneID + "</availabilityZoneId>", "<volumeType>gp2</volumeType>",
				"<iops>100</iops>", "<multiAttachEnabled>false</multiAttachEnabled>", "<size>1</size>", "<snapshotId/>", "<status>creating</status>",
				"<encrypted>false</encrypted>",
			}, lacks: []string{"<throughput>", "<kmsKeyId>"},
		},
		{
			did: "describe what was created", do: func(r *rig) error {
				must(r, 0, create(r, inZone(zone)))
				return done(r.own().DescribeVolumes(r.t.Context(), &ec2.DescribeVolumesInput{}))
			}, status: success, has: []string{"<status>available</status>", "<availabilityZoneId>" + zoneID + "</availabilityZoneId>"},
		},
		{
			did: "create of the kind standard", do: volume(sized(types.VolumeTypeStandard, 1, nil, nil)), status: success,
			has: []string{"<volumeType>standard</volumeType>"}, lacks: []string{"<iops>", "<throughput>"},
		},
		{
			did: "create of a kind in capitals", do: volume(sized("GP3", 1, nil, nil)), status: success,
			has: []string{"<volumeType>gp3</volumeType>", "<iops>3000</iops>", "<throughput>125</throughput>"},
		},
		{
			did: "try to create", do: volume(dry(inZone(zone))), status: dryRun, code: "DryRunOperation", message: dryRunText,
		},
	},
	refusedBoth("create with nothing", func(*ec2.CreateVolumeInput) {}, "MissingParameter", noZone),
	refusedBoth("create without a zone", func(in *ec2.CreateVolumeInput) { in.Size = aws.Int32(1) }, "MissingParameter", noZone),
	refusedBoth("create in an empty zone", inZone(""), "MissingParameter", noZone),
	refusedBoth("create in an empty zone id", inZoneID(""), "MissingParameter", noZone),
	refusedBoth("create without a size", func(in *ec2.CreateVolumeInput) { in.AvailabilityZone = aws.String(zone) },
		"MissingParameter", "The request must contain the parameter size/snapshot"),
	refusedBoth("create in a zone that is none", inZone("not-a-zone"), "InvalidZone.NotFound", "The zone 'not-a-zone' does not exist."),
	refusedBoth("create in a zone id that is none", inZoneID("use1-az999"), "InvalidZone.NotFound", "The zone 'use1-az999' does not exist."),
	refusedBoth("create in a zone by name and id", both, "InvalidParameterCombination",
		"AvailabilityZone and AvailabilityZoneId can't be used together. Specify only one of these parameters."),
	refusedBoth("create of a snapshot that does not exist", ofSnapshot("snap-0fedcba9876543210"), "InvalidSnapshot.NotFound", "Snapshot does not exist"),
	refusedBoth("create of a snapshot id in capitals", ofSnapshot(upper), "InvalidParameterValue",
		"Value ("+upper+") for parameter snapshotId is invalid. Expected: 'snap-...'."),
	refusedBoth("create of a kind that is none", sized("bad", 1, nil, nil), "UnknownVolumeType", "Unsupported volume type 'bad' for volume creation. "),
)

func tooSmall(kind, size, least string) string {
	return "The volume size is invalid for " + kind + " volumes: " + size + " GiB. " + kind + " volumes must be at least " + least +
		" GiB in size. Please specify a volume size above the minimum limit."
}

func works(did string, change func(*ec2.CreateVolumeInput), has ...string) observation {
	return observation{did: did, do: volume(change), status: success, has: has}
}

const (
	invalid     = "InvalidParameterValue"
	combination = "InvalidParameterCombination"
	gp3, io1    = types.VolumeTypeGp3, types.VolumeTypeIo1
	io2, gp2    = types.VolumeTypeIo2, types.VolumeTypeGp2
)

// volumePerformance are observations of sizes, IOPS and throughput.
var volumePerformance = flat(
	[]observation{
		works("gp3 with IOPS below its base", sized(gp3, 1, aws.Int32(500), nil), "<iops>3000</iops>"),
		works("gp3 with a throughput below its base", sized(gp3, 1, nil, aws.Int32(124)), "<throughput>125</throughput>"),
		works("gp3 with no throughput at all", sized(gp3, 1, nil, aws.Int32(0)), "<throughput>125</throughput>", "<iops>3000</iops>"),
		works("io1 with the least IOPS", sized(io1, 4, aws.Int32(100), nil), "<iops>100</iops>", "<volumeType>io1</volumeType>"),
		works("io2 with the least IOPS", sized(io2, 4, aws.Int32(100), nil), "<iops>100</iops>", "<volumeType>io2</volumeType>"),
	},
	refusedBoth("size zero", sized(gp3, 0, nil, nil), invalid, tooSmall("gp3", "0", "1")),
	refusedBoth("a negative size", sized(gp3, -1, nil, nil), invalid, "Value (-1) for parameter size is invalid. Value must be a positive integer."),
	refusedBoth("io1 too small", sized(io1, 1, aws.Int32(100), nil), invalid, tooSmall("io1", "1", "4")),
	refusedBoth("io2 too small", sized(io2, 1, aws.Int32(100), nil), invalid, tooSmall("io2", "1", "4")),
	refusedBoth("st1 too small", sized(types.VolumeTypeSt1, 1, nil, nil), invalid, tooSmall("st1", "1", "125")),
	refusedBoth("sc1 too small", sized(types.VolumeTypeSc1, 1, nil, nil), invalid, tooSmall("sc1", "1", "125")),
	refusedBoth("negative IOPS", sized(gp3, 1, aws.Int32(-1), nil), invalid, "Value (-1) for parameter iops is invalid. Value must be a positive integer."),
	refusedBoth("gp3 with zero IOPS", sized(gp3, 1, aws.Int32(0), nil), invalid, "Volume iops of 0 is too low; minimum is 100."),
	refusedBoth("gp3 with one IOPS", sized(gp3, 1, aws.Int32(1), nil), invalid, "Volume iops of 1 is too low; minimum is 100."),
	refusedBoth("gp3 with too many IOPS for its size", sized(gp3, 1, aws.Int32(501), nil), invalid,
		"Iops to volume size ratio of 501.000000 is too high; maximum is 500"),
	refusedBoth("a negative throughput", sized(gp3, 1, nil, aws.Int32(-1)), invalid,
		"Value (-1) for parameter throughput is invalid. Value must be a positive integer."),
	refusedBoth("gp3 with too much throughput", sized(gp3, 1, nil, aws.Int32(2001)), invalid, "Volume throughput of 2001 is too high; maximum is 2000."),
	refusedBoth("gp3 with too much throughput for its IOPS", sized(gp3, 1, nil, aws.Int32(751)), invalid,
		"Throughput (MiBps) to iops ratio of 0.250333 is too high; maximum is 0.250000 MiBps per iops"),
	refusedBoth("gp2 with IOPS", sized(gp2, 1, aws.Int32(100), nil), combination, "The parameter iops is not supported for gp2 volumes."),
	refusedBoth("gp2 with throughput", sized(gp2, 1, nil, aws.Int32(125)), combination, "The throughput parameter is not supported for gp2 volumes."),
	refusedBoth("standard with IOPS", sized(types.VolumeTypeStandard, 1, aws.Int32(100), nil), combination,
		"The parameter iops is not supported for standard volumes."),
	refusedBoth("standard with throughput", sized(types.VolumeTypeStandard, 1, nil, aws.Int32(125)), combination,
		"The throughput parameter is not supported for standard volumes."),
	refusedBoth("io1 without IOPS", sized(io1, 1, nil, nil), combination, "The parameter iops must be specified for io1 volumes."),
	refusedBoth("io2 without IOPS", sized(io2, 1, nil, nil), combination, "The parameter iops must be specified for io2 volumes."),
	refusedBoth("io1 with too few IOPS", sized(io1, 4, aws.Int32(99), nil), invalid, "Volume iops of 99 is too low; minimum is 100."),
	refusedBoth("io2 with too few IOPS", sized(io2, 4, aws.Int32(99), nil), invalid, "Volume iops of 99 is too low; minimum is 100."),
	refusedBoth("io1 with too many IOPS for its size", sized(io1, 4, aws.Int32(201), nil), invalid,
		"Iops to volume size ratio of 50.250000 is too high; maximum is 50"),
)
