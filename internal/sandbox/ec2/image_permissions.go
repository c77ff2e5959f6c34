package ec2

import (
	"regexp"
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// permission is a launch or create-volume permission in requests and answers.
type permission struct {
	UserID  string `q:"UserId" xml:"userId,omitempty"`
	Group   string `q:"Group" xml:"group,omitempty"`
	OrgARN  string `q:"OrganizationArn" xml:"organizationArn,omitempty"`
	UnitARN string `q:"OrganizationalUnitArn" xml:"organizationalUnitArn,omitempty"`
}

func (p permission) world() world.Permission {
	return world.Permission{UserID: p.UserID, Group: p.Group, OrganizationARN: p.OrgARN, OrganizationalUnitARN: p.UnitARN}
}

// permissionChange is what a Modify call adds and removes. Old callers name an
// operation and lists; new ones give both as structures.
type permissionChange struct {
	Add    []permission `q:"Add"`
	Remove []permission `q:"Remove"`
}

// oldPermissions is the older spelling of a [permissionChange].
type oldPermissions struct {
	Operation string   `q:"OperationType"`
	Users     []string `q:"UserId"`
	Groups    []string `q:"UserGroup"`
	Orgs      []string `q:"OrganizationArn"`
	Units     []string `q:"OrganizationalUnitArn"`
}

func (o oldPermissions) given() bool {
	return o.Operation != "" || len(o.Users)+len(o.Groups)+len(o.Orgs)+len(o.Units) > 0
}

// or gives what a call means that has the structure, the older lists or both: EC2
// takes the structure, whatever the older spelling says beside it. Nil is a call
// that has neither.
func (o oldPermissions) or(structure *permissionChange) (*permissionChange, error) {
	if structure != nil || !o.given() {
		return structure, nil
	}
	change, err := o.change()
	return &change, err
}

func (o oldPermissions) change() (permissionChange, error) {
	list := make([]permission, 0, len(o.Users)+len(o.Groups)+len(o.Orgs)+len(o.Units))
	for _, id := range o.Users {
		list = append(list, permission{UserID: id})
	}
	for _, g := range o.Groups {
		list = append(list, permission{Group: g})
	}
	for _, arn := range o.Orgs {
		list = append(list, permission{OrgARN: arn})
	}
	for _, arn := range o.Units {
		list = append(list, permission{UnitARN: arn})
	}
	switch o.Operation {
	case "add":
		return permissionChange{Add: list}, nil
	case "remove":
		return permissionChange{Remove: list}, nil
	}
	return permissionChange{}, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for OperationType. Valid values: add, remove", o.Operation)
}

var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	orgARN    = regexp.MustCompile(`^arn:aws[a-z-]*:organizations::\d{12}:organization/o-[a-z0-9]{10,32}$`)
	unitARN   = regexp.MustCompile(`^arn:aws[a-z-]*:organizations::\d{12}:ou/o-[a-z0-9]{10,32}/ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}$`)
)

// check refuses members that cannot be: EC2 words them all alike.
func (ch permissionChange) check() error {
	for _, p := range append(slices.Clone(ch.Add), ch.Remove...) {
		switch {
		case p.UserID != "" && !accountID.MatchString(p.UserID):
			return errItem(p.UserID, "userId")
		case p.Group != "" && p.Group != "all":
			return errItem(p.Group, "group")
		case p.OrgARN != "" && !orgARN.MatchString(p.OrgARN):
			return errItem(p.OrgARN, "organizationArn")
		case p.UnitARN != "" && !unitARN.MatchString(p.UnitARN):
			return errItem(p.UnitARN, "organizationalUnitArn")
		case p == permission{}:
			return wire.Errorf("MissingParameter", "The request must contain the parameter userId, group, organizationArn or organizationalUnitArn")
		}
	}
	return nil
}

func errItem(value, item string) error {
	return wire.Errorf("InvalidAMIAttributeItemValue", `Invalid attribute item value "%s " for %s item type.`, value, item) // EC2 writes the space
}

// apply gives the permissions after the change; adding twice and removing what is
// not there are no mistakes.
func (ch permissionChange) apply(to []world.Permission) []world.Permission {
	for _, p := range ch.Add {
		if !slices.Contains(to, p.world()) {
			to = append(to, p.world())
		}
	}
	for _, p := range ch.Remove {
		to = slices.DeleteFunc(to, func(have world.Permission) bool { return have == p.world() })
	}
	return to
}

func (ch permissionChange) addsPublic() bool {
	return slices.Contains(ch.Add, permission{Group: "all"})
}

func membersOf(list []world.Permission) wire.Set[permission] {
	set := make(wire.Set[permission], 0, len(list))
	for _, p := range list {
		set = append(set, permission{UserID: p.UserID, Group: p.Group, OrgARN: p.OrganizationARN, UnitARN: p.OrganizationalUnitARN})
	}
	return set
}

// maxPublicImages is EC2's default quota per account and Region (L-0E3CBAB9).
const maxPublicImages = 5

// mayShare applies what stands against sharing an image: keys that AWS manages
// cannot be shared, encrypted images and those with product codes are never
// public, and the account may have blocked public images.
func mayShare(c *action.Call, image *world.Image, ch permissionChange) error {
	if len(ch.Add) == 0 {
		return nil
	}
	for _, s := range sourceSnapshots(c, image) {
		if key := snapshotKey(c, s); key != nil && key.Manager == world.ManagedByAWS {
			return wire.Errorf("InvalidParameter", "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.")
		}
		if s.Encrypted && ch.addsPublic() { // unverified: text; the rule is documented
			return wire.Errorf("InvalidParameter", "Images with encrypted snapshots can't be shared publicly: %s is encrypted.", s.ID)
		}
	}
	if !ch.addsPublic() || image.Public {
		return nil
	}
	switch {
	case c.Mine().ImagesBlocked:
		return wire.Errorf("OperationNotPermitted", "You can\u2019t publicly share this image because block public access for AMIs is enabled for this account. To publicly share the image, you must call the DisableImageBlockPublicAccess API.")
	case len(image.ProductCodes) > 0: // unverified: text; the rule is documented
		return wire.Errorf("OperationNotPermitted", "Images with AWS Marketplace product codes can't be shared publicly.")
	case len(c.World.Watermarks(image)) > 0: // unverified: code and text; the rule is documented
		return wire.Errorf("OperationNotPermitted", "Images with watermarks can't be shared publicly. Detach the watermarks of %s first.", image.ID)
	case c.Mine().PublicImages() >= maxPublicImages:
		return wire.Errorf("ResourceLimitExceeded", "You have reached your quota of %d for the number of public images allowed in this Region", maxPublicImages)
	}
	return nil
}
