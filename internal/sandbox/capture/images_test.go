package capture_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func describeImage(r *rig, client *ec2.Client, id string) error {
	return done(client.DescribeImages(r.t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}}))
}

func registered(change func(*ec2.RegisterImageInput)) func(r *rig) error {
	return func(r *rig) error {
		return done(r.own().RegisterImage(r.t.Context(), register("probe", r.snapshot("snapshot"), change)))
	}
}

// images are observations of registering, describing and deregistering.
var images = []observation{
	{
		did: "describe an image registered of a snapshot with nothing else said",
		do:  func(r *rig) error { return describeImage(r, r.own(), r.image()) }, status: success,
		has: []string{
			"<imageLocation>{own}/base</imageLocation>", "<imageState>available</imageState>", "<imageOwnerId>{own}</imageOwnerId>",
			"<isPublic>false</isPublic>", "<architecture>x86_64</architecture>", "<imageType>machine</imageType>", "<name>base</name>",
			"<rootDeviceType>ebs</rootDeviceType>", "<rootDeviceName>/dev/sda1</rootDeviceName>", "<virtualizationType>hvm</virtualizationType>",
			"<hypervisor>xen</hypervisor>", "<platformDetails>Linux/UNIX</platformDetails>", "<usageOperation>RunInstances</usageOperation>",
			"<deregistrationProtection>disabled</deregistrationProtection>", "<volumeType>gp2</volumeType>", "<volumeSize>1</volumeSize>",
			"<deleteOnTermination>true</deleteOnTermination>", "<encrypted>false</encrypted>", "<snapshotId>{snapshot}</snapshotId>",
			"<freeTierEligible>true</freeTierEligible>", "<key>suite</key>",
		},
		lacks: []string{"<description>", "<bootMode>", "<imdsSupport>", "<sourceInstanceId>", "<sourceImageId>", "<deprecationTime>", "<iops>", "<lastLaunchedTime>"},
	},
	{
		did: "register a name that the account has", do: func(r *rig) error {
			r.image()
			return done(r.own().RegisterImage(r.t.Context(), register("base", r.snapshot("other"))))
		},
		status: refusal, code: "InvalidAMIName.Duplicate", message: "AMI name base is already in use by AMI {image}",
	},
	{
		did: "register a root device that no mapping has",
		do:  registered(func(in *ec2.RegisterImageInput) { in.RootDeviceName = aws.String("/dev/missing") }), status: refusal,
		code: "InvalidBlockDeviceMapping", message: "No root snapshot specified in device mapping.",
	},
	{
		did: "register an empty volume as root and a snapshot beside it",
		do: registered(func(in *ec2.RegisterImageInput) {
			data := types.BlockDeviceMapping{DeviceName: aws.String("/dev/sdf"), Ebs: in.BlockDeviceMappings[0].Ebs}
			in.BlockDeviceMappings = []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sda1"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(1)}}, data}
		}), status: refusal, code: "InvalidBlockDeviceMapping", message: "No root snapshot specified in device mapping.",
	},
	{
		did: "register a name of one letter", do: registered(func(in *ec2.RegisterImageInput) { in.Name = aws.String("x") }), status: refusal,
		code:    "InvalidAMIName.Malformed",
		message: "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
	},
	{
		did: "register a snapshot that does not exist", do: registered(func(in *ec2.RegisterImageInput) {
			in.BlockDeviceMappings[0].Ebs.SnapshotId = aws.String("snap-00000000000000000")
		}), status: refusal, code: "InvalidSnapshotID.NotFound", message: "The snapshot ID 'snap-00000000000000000' does not exist",
	},
	{
		did:    "register a snapshot with the encrypted flag",
		do:     registered(func(in *ec2.RegisterImageInput) { in.BlockDeviceMappings[0].Ebs.Encrypted = aws.Bool(false) }),
		status: refusal, code: "InvalidParameter",
		message: "Parameter encrypted is invalid. You cannot specify the encrypted flag if specifying a snapshot id in a block device mapping.",
	},
	{
		did: "register a snapshot that another account shares", do: func(r *rig) error {
			id := r.snapshot("snapshot")
			shareSnapshot(r, id)
			return done(r.partner().RegisterImage(r.t.Context(), register("probe", id)))
		}, status: refusal, code: "InvalidParameterValue",
		message: "Invalid value '{snapshot}' for snapshotId. Snapshot does not belong to {partner}",
	},
	{
		did: "describe an image with a data volume", do: func(r *rig) error {
			root, data := r.snapshot("root"), r.snapshot("data")
			made, err := r.own().RegisterImage(r.t.Context(), register("probe", root, func(in *ec2.RegisterImageInput) {
				in.BlockDeviceMappings = append(in.BlockDeviceMappings, types.BlockDeviceMapping{
					DeviceName: aws.String("/dev/sdf"), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(data)},
				})
			}))
			return describeImage(r, r.own(), *must(r, made, err).ImageId)
		}, status: success, has: []string{"<snapshotId>{root}</snapshotId>", "<deviceName>/dev/sdf</deviceName>", "<snapshotId>{data}</snapshotId>"},
	},
	{
		did: "describe pages of one", do: func(r *rig) error {
			return done(r.own().DescribeImages(r.t.Context(), &ec2.DescribeImagesInput{Owners: []string{"self"}, MaxResults: aws.Int32(1)}))
		}, status: refusal, code: "InvalidParameterValue", message: "Invalid value '1' for maxResults. Expecting a value greater than 5.",
	},
	{
		did: "describe ids in pages", do: func(r *rig) error {
			return done(r.own().DescribeImages(r.t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{r.image()}, MaxResults: aws.Int32(5)}))
		}, status: refusal, code: "InvalidParameterCombination", message: "The parameter imageIdsSet cannot be used with the parameter maxResults",
	},
	{
		did: "describe an id of zeros", do: func(r *rig) error { return describeImage(r, r.own(), "ami-00000000000000000") }, status: refusal,
		code: "InvalidAMIID.Malformed", message: `Invalid id: "ami-00000000000000000"`,
	},
	{
		did: "describe a long id that does not begin with zero", do: func(r *rig) error { return describeImage(r, r.own(), "ami-11111111111111111") },
		status: refusal, code: "InvalidAMIID.Malformed", message: `Invalid id: "ami-11111111111111111"`,
	},
	{
		did: "describe an id that no image has", do: func(r *rig) error { return describeImage(r, r.own(), "ami-0ffffffffffffffff") }, status: refusal,
		code: "InvalidAMIID.NotFound", message: "The image id '[ami-0ffffffffffffffff]' does not exist",
	},
	{
		did: "describe an empty id", do: func(r *rig) error { return describeImage(r, r.own(), "") }, status: refusal,
		code: "MissingParameter", message: "The request must contain the parameter ImageId",
	},
	{
		did: "deregister", do: func(r *rig) error {
			return done(r.own().DeregisterImage(r.t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String(r.image())}))
		}, status: success, has: []string{"<return>true</return>"}, lacks: []string{"<snapshotId>"},
	},
	{
		did: "describe after deregistering", do: func(r *rig) error { return describeImage(r, r.own(), deregistered(r)) }, status: success,
		lacks: []string{"<imageId>"},
	},
	{
		did: "deregister twice", do: func(r *rig) error {
			return done(r.own().DeregisterImage(r.t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String(deregistered(r))}))
		}, status: refusal, code: "InvalidAMIID.Unavailable", message: "The image ID '{image}' is no longer available",
	},
}

func deregistered(r *rig) string {
	id := r.image()
	must(r, 0, done(r.own().DeregisterImage(r.t.Context(), &ec2.DeregisterImageInput{ImageId: aws.String(id)})))
	return id
}
