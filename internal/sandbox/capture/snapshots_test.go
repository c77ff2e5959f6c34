package capture_test

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

func describeSnapshot(r *rig, client *ec2.Client, id string) error {
	return done(client.DescribeSnapshots(r.t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{id}}))
}

func deleteSnapshot(r *rig, id string, dry bool) error {
	return done(r.own().DeleteSnapshot(r.t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: aws.String(id), DryRun: aws.Bool(dry)}))
}

func shareSnapshot(r *rig, id string) {
	must(r, 0, done(r.own().ModifySnapshotAttribute(r.t.Context(), &ec2.ModifySnapshotAttributeInput{
		SnapshotId: aws.String(id), CreateVolumePermission: adds(sandboxtest.Partner),
	})))
}

func adds(accounts ...string) *types.CreateVolumePermissionModifications {
	m := &types.CreateVolumePermissionModifications{}
	for _, a := range accounts {
		m.Add = append(m.Add, types.CreateVolumePermission{UserId: aws.String(a)})
	}
	return m
}

func snapshotAttribute(r *rig, id string) error {
	return done(r.own().DescribeSnapshotAttribute(r.t.Context(), &ec2.DescribeSnapshotAttributeInput{
		SnapshotId: aws.String(id), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
	}))
}

// missing is the observation of reading an id that no snapshot has.
func missing(id string) []observation {
	text := "The snapshot '" + id + "' does not exist."
	return []observation{
		{
			did: "describe " + id, do: func(r *rig) error { return describeSnapshot(r, r.own(), id) },
			status: refusal, code: "InvalidSnapshot.NotFound", message: text,
		},
		{
			did: "permissions of " + id, do: func(r *rig) error { return snapshotAttribute(r, id) },
			status: refusal, code: "InvalidSnapshot.NotFound", message: text,
		},
	}
}

const upper = "snap-0400DC0055E85B9BF"

// snapshots are observations of describing and deleting.
var snapshots = append([]observation{
	{
		did: "describe a completed snapshot", do: func(r *rig) error { return describeSnapshot(r, r.own(), r.snapshot("snapshot")) }, status: success,
		has: []string{
			"<snapshotId>{snapshot}</snapshotId>", "<status>completed</status>", "<progress>100%</progress>", "<ownerId>{own}</ownerId>",
			"<volumeSize>1</volumeSize>", "<encrypted>false</encrypted>", "<storageTier>standard</storageTier>", "<transferType>standard</transferType>",
			"<completionTime>", "<fullSnapshotSizeInBytes>", "<key>suite</key>", "<description>empty</description>",
		}, lacks: []string{"<kmsKeyId>", "<statusMessage>"},
	},
	{
		did: "describe as the partner", do: func(r *rig) error {
			id := r.snapshot("snapshot")
			shareSnapshot(r, id)
			return describeSnapshot(r, r.partner(), id)
		}, status: success, has: []string{"<snapshotId>{snapshot}</snapshotId>", "<ownerId>{own}</ownerId>", "<completionTime>"},
		lacks: []string{"<key>suite</key>"},
	},
	{
		did: "delete while an image uses it", do: func(r *rig) error { r.image(); return deleteSnapshot(r, r.fill("{snapshot}"), false) },
		status: refusal, code: "InvalidSnapshot.InUse", message: "The snapshot {snapshot} is currently in use by {image}",
	},
	{
		did: "delete while two images use it", do: func(r *rig) error {
			r.image()
			r.clock.Pass(time.Minute)
			made, err := r.own().RegisterImage(r.t.Context(), register("newer", r.fill("{snapshot}")))
			r.keep("newer", *must(r, made, err).ImageId)
			return deleteSnapshot(r, r.fill("{snapshot}"), false)
		}, status: refusal, code: "InvalidSnapshot.InUse", message: "The snapshot {snapshot} is currently in use by {newer}, {image}",
	},
	{
		did: "try to delete while an image uses it", do: func(r *rig) error { r.image(); return deleteSnapshot(r, r.fill("{snapshot}"), true) },
		status: dryRun, code: "DryRunOperation", message: dryRunText,
	},
	{
		did: "delete when its image is gone", do: func(r *rig) error { deregistered(r); return deleteSnapshot(r, r.fill("{snapshot}"), false) },
		status: success, has: []string{"<return>true</return>"},
	},
	{
		did: "describe what was deleted", do: func(r *rig) error {
			must(r, 0, deleteSnapshot(r, r.snapshot("snapshot"), false))
			return describeSnapshot(r, r.own(), r.fill("{snapshot}"))
		}, status: refusal, code: "InvalidSnapshot.NotFound", message: "The snapshot '{snapshot}' does not exist.",
	},
	{
		did: "describe an id of capital digits", do: func(r *rig) error { return describeSnapshot(r, r.own(), upper) }, status: refusal,
		code: "InvalidParameterValue", message: "Value (" + upper + ") for parameter snapshotId is invalid. Expected: 'snap-...'.",
	},
	{
		did: "permissions of an id of capital digits", do: func(r *rig) error { return snapshotAttribute(r, upper) }, status: refusal,
		code: "InvalidParameterValue", message: "Value (" + upper + ") for parameter snapshotId is invalid. Expected: 'snap-...'.",
	},
	{
		did: "product codes", do: func(r *rig) error {
			return done(r.own().DescribeSnapshotAttribute(r.t.Context(), &ec2.DescribeSnapshotAttributeInput{
				SnapshotId: aws.String(r.snapshot("snapshot")), Attribute: types.SnapshotAttributeNameProductCodes,
			}))
		}, status: success, has: []string{"<snapshotId>{snapshot}</snapshotId>", "<productCodes/>"},
	},
	{
		did: "encryption by default of a fresh account", do: func(r *rig) error {
			return done(r.own().GetEbsEncryptionByDefault(r.t.Context(), &ec2.GetEbsEncryptionByDefaultInput{}))
		}, status: success, has: []string{"<ebsEncryptionByDefault>false</ebsEncryptionByDefault>"},
	},
	{
		did: "default key of a fresh account", do: func(r *rig) error {
			return done(r.own().GetEbsDefaultKmsKeyId(r.t.Context(), &ec2.GetEbsDefaultKmsKeyIdInput{}))
		}, status: success, has: []string{"<kmsKeyId>alias/aws/ebs</kmsKeyId>"},
	},
	{
		did: "block of public snapshots of a fresh account", do: func(r *rig) error {
			return done(r.own().GetSnapshotBlockPublicAccessState(r.t.Context(), &ec2.GetSnapshotBlockPublicAccessStateInput{}))
		}, status: success, has: []string{"<state>unblocked</state>", "<managedBy>account</managedBy>"},
	},
}, append(missing("snap-0fedcba9876543210"), append(missing("snap-5e85b9bf"), missing("snap-00000000")...)...)...)
