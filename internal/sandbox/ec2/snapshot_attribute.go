package ec2

import (
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("ModifySnapshotAttribute", modifySnapshotAttribute)
	read("DescribeSnapshotAttribute", describeSnapshotAttribute)
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
		if s.Encrypted && change.addsPublic() { // unverified: text; the rule is documented
			return nil, wire.Errorf("OperationNotPermitted", "Encrypted snapshots cannot be shared publicly")
		}
		if err := mayPublishSnapshot(c, s, change); err != nil {
			return nil, err
		}
	}
	change.Add = slices.DeleteFunc(change.Add, func(p permission) bool { return p.UserID == s.OwnerID }) // the owner needs none
	s.Permissions = change.apply(s.Permissions)
	return ok, nil
}

// permissions are what the call means: the structure, or the older spelling, whose
// three parts must all be there.
func (in *modifySnapshotAttributeInput) permissions() (permissionChange, error) {
	var change permissionChange
	switch old := in.oldPermissions; {
	case in.Permission != nil:
		change = *in.Permission
	case in.Attribute == "" && !old.given():
		return change, wire.Errorf("InvalidParameterCombination", "No attributes specified.")
	case in.Attribute == "":
		return change, wire.Errorf("MissingParameter", "Value for parameter attribute is invalid. Parameter may not be null or empty.")
	case in.Attribute != "createVolumePermission":
		return change, wire.Errorf("InvalidParameterValue", "Unrecognized attribute.")
	case old.Operation != "add" && old.Operation != "remove":
		return change, wire.Errorf("InvalidParameterCombination", "No operation specified for createVolumePermission attribute.")
	default:
		change, _ = old.change() // it refuses operations only
	}
	change.Add, change.Remove = split(change.Add), split(change.Remove)
	if len(change.Add) > 0 && len(change.Remove) > 0 {
		return change, wire.Errorf("InvalidParameterCombination", "One and only one operation type may be specified for createVolumePermissions")
	}
	if len(change.Add)+len(change.Remove) > maxSnapshotPermissions {
		return change, wire.Errorf("InvalidParameterValue", "At most %d permissions can be changed in one call", maxSnapshotPermissions) // unverified: text
	}
	for _, p := range append(change.Add, change.Remove...) {
		if p.OrgARN != "" || p.UnitARN != "" {
			return change, wire.Errorf("InvalidParameterValue", "Snapshots can be shared with accounts and the group all only")
		}
	}
	for _, p := range append(slices.Clone(change.Add), change.Remove...) {
		switch {
		case p.Group != "" && p.Group != "all":
			return change, errMember("UserGroup", p.Group)
		case p.Group == "" && !accountID.MatchString(p.UserID):
			return change, errMember("UserId", p.UserID)
		}
	}
	return change, nil
}

// split makes two members of one that names an account and a group, as EC2 does.
func split(list []permission) []permission {
	all := make([]permission, 0, len(list))
	for _, p := range list {
		if p.UserID != "" && p.Group != "" {
			all = append(all, permission{Group: p.Group})
			p.Group = ""
		}
		all = append(all, p)
	}
	return all
}

// errMember names what is no account or group. EC2 has the images' code for
// snapshots too, with other words.
func errMember(kind, value string) error {
	return wire.Errorf("InvalidAMIAttributeItemValue", "%s %s", kind, value)
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
		slices.SortStableFunc(set, func(a, b permission) int { return strings.Compare(b.Group, a.Group) }) // the group comes first
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
