package ec2

import (
	"errors"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// launchPlan is a launch whose every reference was found, before anything is made.
type launchPlan struct {
	data     launchData
	image    *world.Image
	subnet   *world.Subnet
	groups   []string
	userData []byte
	public   bool
	profile  string
	tags     map[string]map[string]string
}

// planLaunch checks a launch as EC2 does before it answers: what is refused here
// makes nothing.
func planLaunch(c *action.Call, d launchData) (*launchPlan, error) {
	p := &launchPlan{data: d, tags: map[string]map[string]string{}}
	mine := c.Mine()
	var err error
	if p.image, err = launchable(c, d.ImageID); err != nil {
		return nil, err
	}
	if err := checkType(d.Type, p.image); err != nil {
		return nil, err
	}
	if err := checkTypeSpec(c, d.Type, p.image); err != nil {
		return nil, err
	}
	if d.KeyName != "" && mine.KeyPairs[d.KeyName] == nil {
		return nil, wire.Errorf("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", d.KeyName)
	}
	if key := mine.KeyPairs[d.KeyName]; key != nil && key.Type == "ed25519" && p.image.Platform == world.Windows {
		return nil, wire.Errorf("Unsupported", "ED25519 key pairs are not supported with Windows AMIs. Choose a different key pair type and try again.")
	}
	if err := p.network(mine); err != nil {
		return nil, err
	}
	if p.userData, err = d.userData(); err != nil {
		return nil, err
	}
	if p.profile, err = profileARN(c, d.Profile.Name, d.Profile.ARN); err != nil {
		return nil, err
	}
	if err := d.Market.check(); err != nil {
		return nil, err
	}
	if err := d.checkOptions(); err != nil {
		return nil, err
	}
	if err := errCapacity(c, d.Type, p.subnet.AvailabilityZone); err != nil {
		return nil, err
	}
	for _, kind := range []string{"instance", "volume", "network-interface", "spot-instances-request"} {
		if p.tags[kind], err = tagsFor(d.Tags, kind, "instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu"); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func launchable(c *action.Call, id string) (*world.Image, error) {
	if id == "" {
		return nil, wire.ErrMissing("ImageId")
	}
	id, err := resolveImage(c, id)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(id, "ami-") {
		return nil, wire.Errorf("InvalidAMIID.Malformed", "Invalid id: \"%s\" (expecting \"ami-...\")", id)
	}
	image := c.World.FindImage(c.Region, id)
	if image == nil {
		return nil, errNoImage(id)
	}
	if !image.VisibleTo(c.Account) || hiddenByAllowed(c, image) { // unverified: that an image that is not allowed is refused like one that is not shared
		return nil, wire.Errorf("AuthFailure", "Not authorized for images: [%s]", id)
	}
	if state := image.State(c.Now); state != "available" {
		return nil, wire.Errorf("InvalidAMIID.Unavailable", "The image ID '%s' is currently %s and may not be used for this operation", id, state)
	}
	return image, subscribed(c, image)
}

func checkType(name string, image *world.Image) error {
	if name == "" {
		name = "m1.small" // EC2's own default, which the images here cannot run on
	}
	arch, known := typeArchitecture(name)
	if !known {
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceType.", name)
	}
	if arch != image.Architecture {
		return wire.Errorf("InvalidParameterValue", "The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.", arch, image.Architecture)
	}
	return nil
}

// network finds subnet and groups, from the first interface where one is given.
func (p *launchPlan) network(r *world.Region) error {
	subnetID, groups, public := p.data.SubnetID, p.data.GroupIDs, (*bool)(nil)
	if len(p.data.Interfaces) > 0 {
		first := p.data.Interfaces[0]
		subnetID, groups, public = first.SubnetID, first.GroupIDs, first.AssociatePublicIP
	}
	if subnetID != "" {
		if p.subnet = r.Subnets[subnetID]; p.subnet == nil {
			return wire.Errorf("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", subnetID)
		}
	} else if p.subnet = defaultSubnet(r, p.data.Placement.Zone); p.subnet == nil {
		return wire.Errorf("InvalidParameterValue", "Invalid availability zone: [%s]", p.data.Placement.Zone)
	}
	if zone := p.data.Placement.Zone; zone != "" && zone != p.subnet.AvailabilityZone {
		return wire.Errorf("InvalidParameterValue", "The availability zone '%s' does not match the zone of the subnet '%s'", zone, p.subnet.ID)
	}
	p.public = p.subnet.MapPublicIP
	if public != nil {
		p.public = *public
	}
	return p.securityGroups(r, groups)
}

func (p *launchPlan) securityGroups(r *world.Region, ids []string) error {
	for _, name := range p.data.Groups {
		g, err := groupOf(r, "", name)
		if err != nil {
			return err
		}
		ids = append(ids, g.ID)
	}
	for _, id := range ids {
		g, err := groupOf(r, id, "")
		if err != nil {
			return err
		}
		if g.VPCID != p.subnet.VPCID {
			return wire.Errorf("InvalidParameter", "Security group %s and subnet %s belong to different networks.", id, p.subnet.ID)
		}
	}
	if len(ids) == 0 {
		for _, g := range r.SecurityGroups {
			if g.Name == "default" && g.VPCID == p.subnet.VPCID {
				ids = []string{g.ID}
			}
		}
	}
	p.groups = ids
	return nil
}

func defaultSubnet(r *world.Region, zone string) *world.Subnet {
	for _, id := range sortedKeys(r.Subnets) {
		s := r.Subnets[id]
		if s.Default && (zone == "" && strings.HasSuffix(s.AvailabilityZone, "a") || zone == s.AvailabilityZone) {
			return s
		}
	}
	return nil
}

// profileARN finds an instance profile; EC2 refuses one that it does not know
// yet, as right after its creation, and one whose role it does not know.
func profileARN(c *action.Call, name, arn string) (string, error) {
	if name == "" && arn == "" {
		return "", nil
	}
	a, known := c.World.Account(c.Account), c.Now.Add(-time.Duration(c.World.Delays.In(c.Region).Identity))
	for _, p := range a.Profiles {
		named := p.Name == name && name != "" || p.ARN == arn && arn != ""
		switch {
		case !named || known.Before(p.Created):
		case len(p.Roles) == 0 || known.Before(p.RoleAdded):
			return "", wire.Errorf("InvalidParameterValue", "IAM Instance Profile \"%s\" has no associated IAM Roles", p.ARN)
		default:
			return p.ARN, nil
		}
	}
	if name != "" {
		return "", wire.Errorf("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", name)
	}
	return "", wire.Errorf("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN", arn)
}

// launch makes the instance and its volumes, and starts its boot.
func (p *launchPlan) launch(c *action.Call, reservationID string) (*world.Instance, error) {
	mine, d, image := c.Mine(), p.data, p.image
	i := &world.Instance{
		ID: c.World.NewID("i"), ImageID: image.ID, Type: d.Type, State: world.StatePending, AvailabilityZone: p.subnet.AvailabilityZone,
		KeyName: d.KeyName, SubnetID: p.subnet.ID, VPCID: p.subnet.VPCID, SecurityGroups: p.groups, InterfaceID: c.World.NewID("eni"),
		Architecture: image.Architecture, Platform: image.Platform, PlatformDetails: image.PlatformDetails, UsageOperation: image.UsageOperation,
		VirtualizationType: image.VirtualizationType, BootMode: image.BootMode, RootDeviceName: image.RootDeviceName,
		EnaSupport: image.EnaSupport, SriovSupport: image.SriovSupport, Launched: c.Now, Devices: map[string]string{}, UserData: p.userData,
		Profile: p.profile, ShutdownBehavior: first(d.ShutdownBehavior, "stop"), Tenancy: first(d.Placement.Tenancy, "default"),
		EbsOptimized: d.EbsOptimized, MonitoringState: "disabled", ReservationID: reservationID, DefaultUser: defaultUser(c, image),
		MetadataOptions: world.MetadataOptions{
			HTTPTokens: first(d.Metadata.Tokens, tokensOf(image)), HTTPEndpoint: first(d.Metadata.Endpoint, "enabled"),
			InstanceMetadataTags: first(d.Metadata.Tags, "disabled"), HopLimit: hops(d.Metadata.HopLimit, image),
		},
	}
	p.options(i)
	if d.Monitoring.Enabled {
		i.MonitoringState = "enabled"
	}
	if d.Market.Type == "spot" {
		requestSpot(c, i, d.Market.Spot, p.tags["spot-instances-request"])
	}
	addr := c.World.NextAddress().String()
	i.PrivateIP = addr
	if p.public {
		i.PublicIP = addr
	}
	if root := c.World.FindSnapshot(c.Region, image.RootSnapshot()); root != nil {
		i.Layers = append([]string(nil), root.Layers...)
	}
	var badKey *keyError
	err := p.attachVolumes(c, i)
	if err != nil && !errors.As(err, &badKey) {
		return nil, err
	}
	mine.Instances[i.ID] = i
	mine.SetTags(i.ID, p.tags["instance"])
	mine.SetTags(i.InterfaceID, p.tags["network-interface"])
	image.LastLaunched = c.Now
	switch death := deathOf(c); {
	case badKey != nil:
		die(c, i, world.Reason{Code: "Client.InternalError", Message: "Client.InternalError: Client error on launch"})
	case death != nil:
		die(c, i, *death)
	default:
		boot(c, i)
	}
	return i, nil
}

// defaultUser is who logs in: the user of the vendor's image that this one
// descends from.
func defaultUser(c *action.Call, image *world.Image) string {
	for depth := 0; image != nil && depth < 64; depth++ {
		if image.DefaultUser != "" {
			return image.DefaultUser
		}
		image = c.World.FindImage(first(image.SourceImageRegion, image.Region), image.SourceImageID)
	}
	return "ec2-user"
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// tokensOf and hops: an image with ImdsSupport v2.0 launches with tokens required
// and a hop limit of 2 (EC2 User Guide, "Configure the AMI").
func tokensOf(image *world.Image) string {
	if image.ImdsSupport == "v2.0" {
		return "required"
	}
	return "optional"
}

func hops(asked *int64, image *world.Image) int64 {
	switch {
	case asked != nil && *asked > 0:
		return *asked
	case image.ImdsSupport == "v2.0":
		return 2
	default:
		return 1
	}
}
