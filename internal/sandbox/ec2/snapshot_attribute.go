package ec2

import (
	"errors"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("ModifySnapshotAttribute", modifySnapshotAttribute)
	add("DescribeSnapshotAttribute", describeSnapshotAttribute)
	add("ResetSnapshotAttribute", resetSnapshotAttribute)
}

type modifySnapshotAttributeInput struct {
	ID         string            `q:"SnapshotId,required"`
	Attribute  string            `q:"Attribute"`
	Permission *permissionChange `q:"CreateVolumePermission"`
	oldPermissions
}

// maxSnapshotPermissions is how many members one call may change.
const maxSnapshotPermissions = 500

// modifySnapshotAttribute shares a snapshot with accounts, or makes it public. A
// call adds or removes, not both; organizations cannot be members.
func modifySnapshotAttribute(c *action.Call, in *modifySnapshotAttributeInput) (*done, error) {
	if in.Attribute != "" && in.Attribute != "createVolumePermission" {
		return nil, errAttribute(in.Attribute)
	}
	change, err := in.permissions()
	if err != nil {
		return nil, err
	}
	s, err := ownSnapshot(c, in.ID)
	if err != nil {
		return nil, err
	}
	if len(change.Add) > 0 {
		if key := snapshotKey(c, s); key != nil && key.Manager == world.ManagedByAWS {
			return nil, wire.Errorf("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
		}
		if s.Encrypted && change.addsPublic() { // the rule is documented, the text unverified
			return nil, wire.Errorf("OperationNotPermitted", "Encrypted snapshots cannot be shared publicly")
		}
		if err := mayPublishSnapshot(c, s, change); err != nil {
			return nil, err
		}
	}
	s.Permissions = change.apply(s.Permissions)
	return ok, nil
}

func (in *modifySnapshotAttributeInput) permissions() (permissionChange, error) {
	given, err := in.or(in.Permission)
	switch {
	case err != nil:
		return permissionChange{}, err
	case given == nil:
		return permissionChange{}, wire.Errorf("InvalidParameterCombination", "No attributes specified.") // as for images; unverified here
	}
	change := *given
	if len(change.Add) > 0 && len(change.Remove) > 0 {
		return change, wire.Errorf("InvalidParameterCombination", "The parameters add and remove cannot be used together") // unverified text
	}
	if len(change.Add)+len(change.Remove) > maxSnapshotPermissions {
		return change, wire.Errorf("InvalidParameterValue", "At most %d permissions can be changed in one call", maxSnapshotPermissions) // unverified text
	}
	for _, p := range append(change.Add, change.Remove...) {
		if p.OrgARN != "" || p.UnitARN != "" {
			return change, wire.Errorf("InvalidParameterValue", "Snapshots can be shared with accounts and the group all only")
		}
	}
	if err := change.check(); err != nil {
		var refusal *wire.Error
		if errors.As(err, &refusal) { // EC2 names images' members AMI items, and snapshots' not
			return change, wire.Errorf("InvalidParameterValue", "%s", refusal.Message) // unverified code
		}
		return change, err
	}
	return change, nil
}

type snapshotAttributeInput struct {
	ID        string `q:"SnapshotId,required"`
	Attribute string `q:"Attribute,required"`
}

type snapshotAttribute struct {
	ID          string                 `xml:"snapshotId"`
	Permissions *wire.Set[permission]  `xml:"createVolumePermission"`
	Codes       *wire.Set[productCode] `xml:"productCodes"`
}

func describeSnapshotAttribute(c *action.Call, in *snapshotAttributeInput) (*snapshotAttribute, error) {
	s, err := ownSnapshot(c, in.ID)
	if err != nil {
		return nil, err
	}
	out := &snapshotAttribute{ID: s.ID}
	switch in.Attribute {
	case "createVolumePermission":
		set := membersOf(s.Permissions)
		out.Permissions = &set
	case "productCodes":
		set := productCodes(s.ProductCodes)
		out.Codes = &set
	default:
		return nil, errAttribute(in.Attribute)
	}
	return out, nil
}

func resetSnapshotAttribute(c *action.Call, in *snapshotAttributeInput) (*done, error) {
	if in.Attribute != "createVolumePermission" {
		return nil, errAttribute(in.Attribute)
	}
	s, err := ownSnapshot(c, in.ID)
	if err != nil {
		return nil, err
	}
	s.Permissions = nil
	return ok, nil
}
