package ec2

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("GetSnapshotBlockPublicAccessState", getSnapshotBlock)
	add("EnableSnapshotBlockPublicAccess", enableSnapshotBlock)
	add("DisableSnapshotBlockPublicAccess", disableSnapshotBlock)
}

const (
	unblocked       = "unblocked"
	blockAllSharing = "block-all-sharing"
	blockNewSharing = "block-new-sharing"
)

type snapshotBlock struct {
	State     string `xml:"state"`
	ManagedBy string `xml:"managedBy,omitempty"`
}

func getSnapshotBlock(c *action.Call, _ *nothing) (*snapshotBlock, error) {
	return &snapshotBlock{State: first(c.Mine().SnapshotsBlocked, unblocked), ManagedBy: "account"}, nil
}

type enableSnapshotBlockInput struct {
	State string `q:"State,required"`
}

// enableSnapshotBlock stops new public sharing of snapshots; block-all-sharing
// also treats those that are public as private, without touching their permissions.
func enableSnapshotBlock(c *action.Call, in *enableSnapshotBlockInput) (*snapshotBlock, error) {
	if in.State != blockAllSharing && in.State != blockNewSharing {
		return nil, wire.Errorf("InvalidRequest", "Value '%s' for State is not valid. Valid values are 'block-all-sharing' and 'block-new-sharing'.", in.State)
	}
	c.Mine().SnapshotsBlocked = in.State
	return &snapshotBlock{State: in.State}, nil
}

func disableSnapshotBlock(c *action.Call, _ *nothing) (*snapshotBlock, error) {
	c.Mine().SnapshotsBlocked = ""
	return &snapshotBlock{State: unblocked}, nil
}

// mayPublishSnapshot applies what stands against a public snapshot beside its
// encryption: the account's block and Marketplace codes.
func mayPublishSnapshot(c *action.Call, s *world.Snapshot, ch permissionChange) error {
	switch {
	case !ch.addsPublic() || slices.Contains(s.Permissions, world.Permission{Group: "all"}):
		return nil
	case c.Mine().SnapshotsBlocked != "": // unverified: code and text; the rule is documented
		return wire.Errorf("OperationNotPermitted", "You can't publicly share this snapshot because block public access for snapshots is enabled for this account.")
	case len(s.ProductCodes) > 0: // unverified: code and text; the rule is documented
		return wire.Errorf("OperationNotPermitted", "Snapshots with AWS Marketplace product codes can't be shared publicly.")
	}
	return nil
}
