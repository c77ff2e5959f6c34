package authorize

import (
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// runInstances needs the instance first, then what it is made of, in the order in
// which EC2 names a denial of all of it. A launch template's parameters count
// where the request has none.
func (e *ec2Call) runInstances() {
	template := first(e.form.Get("LaunchTemplate.LaunchTemplateId"), e.form.Get("LaunchTemplate.LaunchTemplateName"))
	if template != "" {
		e.form = e.withTemplate(templateID(e.mine, template), e.form.Get("LaunchTemplate.Version"))
	}
	image := e.World.FindImage(e.Region, e.form.Get("ImageId"))
	subnet := e.subnet()
	e.instanceKeys(e.makes("instance"), image, subnet, template)
	e.on("image", e.form.Get("ImageId"))
	if name := e.form.Get("KeyName"); name != "" {
		e.on("key-pair", name)
	}
	if template != "" {
		e.on("launch-template", template)
	}
	n := e.makes("network-interface")
	if subnet != nil {
		n.Context.Set("ec2:Subnet", e.arn(e.Region, e.Account, "subnet", subnet.ID))
		n.Context.Set("ec2:Vpc", e.arn(e.Region, e.Account, "vpc", subnet.VPCID))
		n.Context.Set("ec2:AvailabilityZone", subnet.AvailabilityZone)
	}
	n.Context.SetNotEmpty("ec2:AssociatePublicIpAddress", strings.ToLower(e.form.Get("NetworkInterface.1.AssociatePublicIpAddress")))
	for _, id := range e.groups(subnet) {
		e.on("security-group", id)
	}
	if subnet != nil {
		e.on("subnet", subnet.ID)
	} else if id := e.subnetID(); id != "" {
		e.on("subnet", id)
	}
	e.volumes(image, subnet)
	if e.form.Get("InstanceMarketOptions.MarketType") == "spot" {
		e.makes("spot-instances-request")
	}
	e.passRole()
}

func (e *ec2Call) instanceKeys(n *Need, image *world.Image, subnet *world.Subnet, template string) {
	if subnet != nil {
		n.Context.Set("ec2:AvailabilityZone", subnet.AvailabilityZone)
	}
	tokens, hops := "optional", "1"
	if image != nil && image.ImdsSupport == "v2.0" {
		tokens, hops = "required", "2"
	}
	n.Context.SetNotEmpty("ec2:InstanceType", e.form.Get("InstanceType"))
	n.Context.Set("ec2:EbsOptimized", first(strings.ToLower(e.form.Get("EbsOptimized")), "false"))
	n.Context.Set("ec2:RootDeviceType", "ebs")
	n.Context.Set("ec2:Tenancy", first(e.form.Get("Placement.Tenancy"), "default"))
	n.Context.Set("ec2:MetadataHttpEndpoint", first(e.form.Get("MetadataOptions.HttpEndpoint"), "enabled"))
	n.Context.Set("ec2:MetadataHttpTokens", first(e.form.Get("MetadataOptions.HttpTokens"), tokens))
	n.Context.Set("ec2:MetadataHttpPutResponseHopLimit", first(e.form.Get("MetadataOptions.HttpPutResponseHopLimit"), hops))
	n.Context.Set("ec2:InstanceMetadataTags", first(e.form.Get("MetadataOptions.InstanceMetadataTags"), "disabled"))
	n.Context.Set("ec2:InstanceMarketType", first(e.form.Get("InstanceMarketOptions.MarketType"), "on-demand"))
	if template != "" {
		n.Context.Set("ec2:LaunchTemplate", e.arn(e.Region, e.Account, "launch-template", templateID(e.mine, template)))
	}
	if p := e.profile(); p != nil {
		n.Context.Set("ec2:InstanceProfile", p.ARN)
	}
}

// withTemplate is the form with the parameters of a launch template's version.
func (e *ec2Call) withTemplate(id, version string) url.Values {
	t := e.mine.LaunchTemplates[id]
	if t == nil || len(t.Versions) == 0 {
		return e.form
	}
	number := t.DefaultVersion
	if n, err := strconv.ParseInt(version, 10, 64); err == nil {
		number = n
	} else if version == "$Latest" {
		number = t.Versions[len(t.Versions)-1].Number
	}
	form := maps.Clone(e.form)
	given := map[string]bool{}
	for key := range e.form {
		given[strings.SplitN(key, ".", 2)[0]] = true
	}
	for _, v := range t.Versions {
		for key, value := range v.Data {
			if v.Number == number && !given[strings.SplitN(key, ".", 2)[0]] {
				form.Set(key, value)
			}
		}
	}
	return form
}

func (e *ec2Call) subnetID() string {
	return first(e.form.Get("NetworkInterface.1.SubnetId"), e.form.Get("SubnetId"))
}

// subnet is the one that the instance gets: a default one where none is named.
func (e *ec2Call) subnet() *world.Subnet {
	if id := e.subnetID(); id != "" {
		return e.mine.Subnets[id]
	}
	zone := e.form.Get("Placement.AvailabilityZone")
	for _, id := range sortedKeys(e.mine.Subnets) {
		s := e.mine.Subnets[id]
		if s.Default && (s.AvailabilityZone == zone || zone == "" && strings.HasSuffix(s.AvailabilityZone, "a")) {
			return s
		}
	}
	return nil
}

// groups are the security groups of the launch: the default one where none is
// named.
func (e *ec2Call) groups(subnet *world.Subnet) []string {
	all := append(e.list("SecurityGroupId"), e.list("SecurityGroup")...)
	all = append(all, e.list("NetworkInterface.1.SecurityGroupId")...)
	if len(all) > 0 || subnet == nil {
		return all
	}
	for _, id := range sortedKeys(e.mine.SecurityGroups) {
		if g := e.mine.SecurityGroups[id]; g.Name == "default" && g.VPCID == subnet.VPCID {
			return []string{id}
		}
	}
	return nil
}

// volumes needs a new volume for each EBS device of image and request, and the
// snapshots that the request names.
func (e *ec2Call) volumes(image *world.Image, subnet *world.Subnet) {
	zone := ""
	if subnet != nil {
		zone = subnet.AvailabilityZone
	}
	asked := map[string]string{} // the prefix of a device's parameters
	for _, at := range e.indexes("BlockDeviceMapping") {
		prefix := "BlockDeviceMapping." + at + "."
		asked[e.form.Get(prefix+"DeviceName")] = prefix
	}
	if image != nil {
		for _, m := range image.Mappings {
			prefix, named := asked[m.Device]
			if m.EBS == nil || m.NoDevice || named && e.form.Has(prefix+"NoDevice") {
				continue
			}
			delete(asked, m.Device)
			e.volumeOf(m.EBS, prefix, zone)
		}
	}
	for _, device := range sortedKeys(asked) {
		if prefix := asked[device] + "Ebs."; e.below(prefix) {
			e.volumeKeys(e.makes("volume"), prefix, zone)
			e.namedSnapshot(prefix)
		}
	}
}

// volumeOf is a volume of the image, as the request's parameters change it.
func (e *ec2Call) volumeOf(m *world.MappedVolume, prefix, zone string) {
	n := e.makes("volume")
	n.Context.SetNotEmpty("ec2:AvailabilityZone", zone)
	n.Context.Set("ec2:Encrypted", strconv.FormatBool(m.Encrypted))
	n.Context.Set("ec2:VolumeSize", strconv.FormatInt(m.Size, 10))
	n.Context.Set("ec2:VolumeType", first(m.Type, "gp2"))
	if m.SnapshotID != "" {
		n.Context.Set("ec2:ParentSnapshot", e.arn(e.Region, "", "snapshot", m.SnapshotID))
	}
	if prefix == "" {
		return
	}
	prefix += "Ebs."
	for key, parameter := range map[string]string{
		"ec2:Encrypted": "Encrypted", "ec2:VolumeSize": "VolumeSize", "ec2:VolumeType": "VolumeType", "ec2:VolumeIops": "Iops",
		"ec2:VolumeThroughput": "Throughput",
	} {
		n.Context.SetNotEmpty(key, strings.ToLower(e.form.Get(prefix+parameter)))
	}
	e.namedSnapshot(prefix)
}

func (e *ec2Call) namedSnapshot(prefix string) {
	if id := e.form.Get(prefix + "SnapshotId"); id != "" {
		e.on("snapshot", id)
	}
}

// below tells whether the form has a parameter that begins so.
func (e *ec2Call) below(prefix string) bool {
	for key := range e.form {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func (e *ec2Call) profile() *world.InstanceProfile {
	name, arn := e.form.Get("IamInstanceProfile.Name"), e.form.Get("IamInstanceProfile.Arn")
	a := e.World.Account(e.Account)
	for _, key := range sortedKeys(a.Profiles) {
		if p := a.Profiles[key]; name != "" && p.Name == name || arn != "" && p.ARN == arn {
			return p
		}
	}
	return nil
}

// passRole needs iam:PassRole on the roles of the launch's instance profile.
func (e *ec2Call) passRole() {
	p := e.profile()
	if p == nil {
		return
	}
	for _, name := range p.Roles {
		if role := e.World.Account(e.Account).Roles[name]; role != nil {
			n := need("iam:PassRole", role.ARN)
			n.Context.Set("iam:PassedToService", "ec2.amazonaws.com")
			setTags(&n, "iam:", role.Tags)
			e.needs = append(e.needs, n)
		}
	}
}
