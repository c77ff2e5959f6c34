package capture_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/sandboxtest"
)

const permissionAttribute = types.SnapshotAttributeNameCreateVolumePermission

// changed makes one change to a snapshot that the partner may use already.
func changed(change func(*ec2.ModifySnapshotAttributeInput)) func(r *rig) error {
	return func(r *rig) error {
		id := r.snapshot("snapshot")
		shareSnapshot(r, id)
		in := &ec2.ModifySnapshotAttributeInput{SnapshotId: aws.String(id)}
		change(in)
		return done(r.own().ModifySnapshotAttribute(r.t.Context(), in))
	}
}

// then reads the permissions after a change that succeeds.
func then(change func(*ec2.ModifySnapshotAttributeInput)) func(r *rig) error {
	return func(r *rig) error {
		must(r, 0, changed(change)(r))
		return snapshotAttribute(r, r.fill("{snapshot}"))
	}
}

// unchanged reads the permissions after a change that is refused.
func unchanged(change func(*ec2.ModifySnapshotAttributeInput)) func(r *rig) error {
	return func(r *rig) error {
		if changed(change)(r) == nil {
			r.t.Error("the change was not refused")
		}
		return snapshotAttribute(r, r.fill("{snapshot}"))
	}
}

var (
	partnerOnly = []string{"<createVolumePermission><item><userId>{partner}</userId></item></createVolumePermission>"}
	allToo      = []string{"<createVolumePermission><item><group>all</group></item><item><userId>{partner}</userId></item></createVolumePermission>"}
	nobody      = []string{"<createVolumePermission/>"}
)

func removes(account string) *types.CreateVolumePermissionModifications {
	return &types.CreateVolumePermissionModifications{Remove: []types.CreateVolumePermission{{UserId: aws.String(account)}}}
}

func group(name string) []types.CreateVolumePermission {
	return []types.CreateVolumePermission{{Group: types.PermissionGroup(name)}}
}

func older(in *ec2.ModifySnapshotAttributeInput, operation string, accounts ...string) {
	in.Attribute, in.OperationType, in.UserIds = permissionAttribute, types.OperationType(operation), accounts
}

// noAccount is the observation of sharing with what is no account.
func noAccount(name string) observation {
	return observation{
		did: "share with " + name, do: changed(func(in *ec2.ModifySnapshotAttributeInput) { in.CreateVolumePermission = adds(name) }),
		status: refusal, code: "InvalidAMIAttributeItemValue", message: "UserId " + name,
	}
}

const noOperation = "No operation specified for createVolumePermission attribute."

// snapshotSharing are observations of create-volume permissions.
var snapshotSharing = []observation{
	{
		did: "change nothing", do: changed(func(*ec2.ModifySnapshotAttributeInput) {}), status: refusal,
		code: "InvalidParameterCombination", message: "No attributes specified.",
	},
	{
		did: "name the attribute only", do: changed(func(in *ec2.ModifySnapshotAttributeInput) { in.Attribute = permissionAttribute }), status: refusal,
		code: "InvalidParameterCombination", message: noOperation,
	},
	{
		did: "older spelling without an operation", do: changed(func(in *ec2.ModifySnapshotAttributeInput) { older(in, "", sandboxtest.Partner) }),
		status: refusal, code: "InvalidParameterCombination", message: noOperation,
	},
	{
		did: "older spelling with an operation that is none", status: refusal, code: "InvalidParameterCombination", message: noOperation,
		do: changed(func(in *ec2.ModifySnapshotAttributeInput) { older(in, "replace", sandboxtest.Partner) }),
	},
	{
		did: "older spelling without the attribute", status: refusal, code: "MissingParameter",
		message: "Value for parameter attribute is invalid. Parameter may not be null or empty.",
		do: changed(func(in *ec2.ModifySnapshotAttributeInput) {
			in.OperationType, in.UserIds = types.OperationTypeAdd, []string{sandboxtest.Partner}
		}),
	},
	{
		did: "older spelling of another attribute", status: refusal, code: "InvalidParameterValue", message: "Unrecognized attribute.",
		do: changed(func(in *ec2.ModifySnapshotAttributeInput) {
			older(in, "add", sandboxtest.Partner)
			in.Attribute = types.SnapshotAttributeNameProductCodes
		}),
	},
	{
		did: "an attribute that is none beside a structure", status: success, has: partnerOnly,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) {
			in.Attribute, in.CreateVolumePermission = "invalid", adds(sandboxtest.Partner)
		}),
	},
	{
		did: "older spelling adds", status: success, has: partnerOnly,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) { older(in, "add", sandboxtest.Partner) }),
	},
	{
		did: "older spelling adds twice", status: success, has: partnerOnly,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) {
			older(in, "add", sandboxtest.Partner, sandboxtest.Partner)
		}),
	},
	{
		did: "older spelling removes", status: success, has: nobody,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) { older(in, "remove", sandboxtest.Partner) }),
	},
	{
		did: "a structure that adds beside an older spelling that removes", status: success, has: partnerOnly,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) {
			older(in, "remove", sandboxtest.Partner)
			in.CreateVolumePermission = adds(sandboxtest.Partner)
		}),
	},
	{
		did: "add twice", status: success, has: partnerOnly,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) {
			in.CreateVolumePermission = adds(sandboxtest.Partner, sandboxtest.Partner)
		}),
	},
	{
		did: "share with the owner itself", status: success, has: partnerOnly,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) { in.CreateVolumePermission = adds(sandboxtest.Home) }),
	},
	{
		did: "remove the owner itself", status: success, has: partnerOnly,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) { in.CreateVolumePermission = removes(sandboxtest.Home) }),
	},
	{
		did: "remove", status: success, has: nobody,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) { in.CreateVolumePermission = removes(sandboxtest.Partner) }),
	},
	{
		did: "add and remove", status: refusal, code: "InvalidParameterCombination",
		message: "One and only one operation type may be specified for createVolumePermissions",
		do: changed(func(in *ec2.ModifySnapshotAttributeInput) {
			in.CreateVolumePermission = adds(sandboxtest.Home)
			in.CreateVolumePermission.Remove = removes(sandboxtest.Partner).Remove
		}),
	},
	noAccount("123"),
	noAccount("not-an-account"),
	noAccount("9175-4600-8205"),
	noAccount(""),
	{
		did: "permissions after an account and what is none", status: success, has: partnerOnly,
		do: unchanged(func(in *ec2.ModifySnapshotAttributeInput) { in.CreateVolumePermission = adds("222233334444", "123") }),
	},
	{
		did: "share with all", status: success, has: allToo,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) {
			in.CreateVolumePermission = &types.CreateVolumePermissionModifications{Add: group("all")}
		}),
	},
	{
		did: "older spelling shares with all", status: success, has: allToo,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) {
			older(in, "add")
			in.GroupNames = []string{"all"}
		}),
	},
	{
		did: "share with an account and all in one member", status: success, has: allToo,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) {
			in.CreateVolumePermission = adds(sandboxtest.Partner)
			in.CreateVolumePermission.Add[0].Group = types.PermissionGroupAll
		}),
	},
	{
		did: "remove all, who were not there", status: success, has: partnerOnly,
		do: then(func(in *ec2.ModifySnapshotAttributeInput) {
			in.CreateVolumePermission = &types.CreateVolumePermissionModifications{Remove: group("all")}
		}),
	},
	{
		did: "reset what nobody may use", status: success, has: nobody, do: func(r *rig) error {
			id := r.snapshot("snapshot")
			must(r, 0, done(r.own().ResetSnapshotAttribute(r.t.Context(), &ec2.ResetSnapshotAttributeInput{SnapshotId: aws.String(id), Attribute: permissionAttribute})))
			return snapshotAttribute(r, id)
		},
	},
	{
		did: "share with a group that is none", status: refusal, code: "InvalidAMIAttributeItemValue", message: "UserGroup everyone",
		do: changed(func(in *ec2.ModifySnapshotAttributeInput) {
			in.CreateVolumePermission = &types.CreateVolumePermissionModifications{Add: group("everyone")}
		}),
	},
	{
		did: "remove a group that is none", status: refusal, code: "InvalidAMIAttributeItemValue", message: "UserGroup everyone",
		do: changed(func(in *ec2.ModifySnapshotAttributeInput) {
			in.CreateVolumePermission = &types.CreateVolumePermissionModifications{Remove: group("everyone")}
		}),
	},
	{
		did: "share with an empty member", status: refusal, code: "InvalidParameterCombination", message: "No attributes specified.",
		do: changed(func(in *ec2.ModifySnapshotAttributeInput) {
			in.CreateVolumePermission = &types.CreateVolumePermissionModifications{Add: []types.CreateVolumePermission{{}}}
		}),
	},
	{
		did: "reset", status: success, has: nobody,
		do: func(r *rig) error {
			id := r.snapshot("snapshot")
			shareSnapshot(r, id)
			must(r, 0, done(r.own().ResetSnapshotAttribute(r.t.Context(), &ec2.ResetSnapshotAttributeInput{SnapshotId: aws.String(id), Attribute: permissionAttribute})))
			return snapshotAttribute(r, id)
		},
	},
}
