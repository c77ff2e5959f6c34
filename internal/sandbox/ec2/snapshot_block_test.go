package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func TestSnapshotBlockPublicAccess(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	first, second := c.rootSnapshot(c.home, c.build("one")), c.rootSnapshot(c.home, c.build("two"))
	publish := func(id string) error {
		_, err := c.home.ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{SnapshotId: aws.String(id), CreateVolumePermission: &types.CreateVolumePermissionModifications{
			Add: []types.CreateVolumePermission{{Group: types.PermissionGroupAll}},
		}})
		return err
	}
	state := func() types.SnapshotBlockPublicAccessState {
		out, err := c.home.GetSnapshotBlockPublicAccessState(t.Context(), &ec2.GetSnapshotBlockPublicAccessStateInput{})
		return must(t, out, err).State
	}
	seen := func() error {
		_, err := c.partner.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{first}})
		return err
	}
	block := func(state types.SnapshotBlockPublicAccessState) error {
		_, err := c.home.EnableSnapshotBlockPublicAccess(t.Context(), &ec2.EnableSnapshotBlockPublicAccessInput{State: state})
		return err
	}
	if got := state(); got != types.SnapshotBlockPublicAccessStateUnblocked {
		t.Errorf("at first: %s", got)
	}
	must(t, 0, publish(first))
	must(t, 0, block(types.SnapshotBlockPublicAccessStateBlockNewSharing))
	refused(t, publish(second), badRequest, "OperationNotPermitted", "You can't publicly share this snapshot because block public access for snapshots is enabled for this account.")
	must(t, 0, seen())
	must(t, 0, block(types.SnapshotBlockPublicAccessStateBlockAllSharing))
	refused(t, seen(), badRequest, "InvalidSnapshot.NotFound", "The snapshot '"+first+"' does not exist.")
	attribute, err := c.home.DescribeSnapshotAttribute(t.Context(), &ec2.DescribeSnapshotAttributeInput{SnapshotId: aws.String(first), Attribute: types.SnapshotAttributeNameCreateVolumePermission})
	if n := len(must(t, attribute, err).CreateVolumePermissions); n != 1 {
		t.Errorf("the permissions were touched: %d are left", n)
	}
	refused(t, block("unblocked"), badRequest, "InvalidRequest", "Value 'unblocked' for State is not valid. Valid values are 'block-all-sharing' and 'block-new-sharing'.")
	_, err = c.home.DisableSnapshotBlockPublicAccess(t.Context(), &ec2.DisableSnapshotBlockPublicAccessInput{})
	must(t, 0, err)
	must(t, 0, seen())
}
