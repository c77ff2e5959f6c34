package authorize

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// describe fills in a need's ARN, owner and keys from a resource of EC2. One that
// does not exist has its ARN alone: whether it exists is the action's business.
func (e *ec2Call) describe(n *Need, region, kind, id string) {
	n.Owner = e.Account
	if !world.RegionExists(region) { // no Region: the action says so
		n.Resource = e.arn(region, e.Account, kind, id)
		return
	}
	r := e.World.Region(e.Account, region)
	tags := id
	switch kind {
	case "image":
		e.describeImage(n, region, id)
	case "snapshot":
		e.describeSnapshot(n, region, id)
	case "instance":
		describeInstance(n, r.Instances[id])
	case "volume":
		describeVolume(n, e, r.Volumes[id])
	case "subnet":
		if s := r.Subnets[id]; s != nil {
			n.Context.Set("ec2:AvailabilityZone", s.AvailabilityZone)
			n.Context.Set("ec2:Vpc", e.arn(region, e.Account, "vpc", s.VPCID))
		}
		n.Context.Set("ec2:SubnetID", id)
	case "security-group":
		id = groupID(r, id)
		tags = id
		if g := r.SecurityGroups[id]; g != nil {
			n.Context.Set("ec2:Vpc", e.arn(region, e.Account, "vpc", g.VPCID))
		}
		n.Context.Set("ec2:SecurityGroupID", id)
	case "vpc":
		n.Context.Set("ec2:VpcID", id)
	case "key-pair":
		id, tags = keyPair(n, r, id)
	case "launch-template":
		id = templateID(r, id)
		tags = id
	}
	n.Resource = e.arn(region, e.Account, kind, id)
	if n.Owner == e.Account {
		setTags(n, "ec2:", r.TagsOf(tags))
	}
}

// setTags sets the tags of a resource under the global key and the service's own.
func setTags(n *Need, service string, tags map[string]string) {
	for _, k := range sortedKeys(tags) {
		n.Context.Set("aws:ResourceTag/"+k, tags[k])
		n.Context.Set(service+"ResourceTag/"+k, tags[k])
	}
}

func (e *ec2Call) describeImage(n *Need, region, id string) {
	n.Context.Set("ec2:ImageID", id)
	image := e.World.FindImage(region, id)
	if image == nil {
		return
	}
	n.Owner = image.OwnerID
	n.Context.Set("ec2:ImageType", "machine")
	n.Context.Set("ec2:RootDeviceType", "ebs")
	n.Context.Set("ec2:Public", strconv.FormatBool(image.Public))
	n.Context.Set("ec2:Owner", first(image.OwnerAlias, image.OwnerID))
}

func (e *ec2Call) describeSnapshot(n *Need, region, id string) {
	n.Context.Set("ec2:SnapshotID", id)
	s := e.World.FindSnapshot(region, id)
	if s == nil {
		return
	}
	n.Owner = s.OwnerID
	n.Context.Set("ec2:Owner", first(e.World.Account(s.OwnerID).Alias, s.OwnerID))
	n.Context.Set("ec2:ParentVolume", e.arn(region, s.OwnerID, "volume", s.VolumeID))
	n.Context.Set("ec2:SnapshotTime", s.Started.Format(time.RFC3339))
	n.Context.Set("ec2:VolumeSize", strconv.FormatInt(s.Size, 10))
	n.Context.Set("ec2:Encrypted", strconv.FormatBool(s.Encrypted))
}

func describeInstance(n *Need, i *world.Instance) {
	if i == nil {
		return
	}
	n.Context.Set("ec2:InstanceID", i.ID)
	n.Context.Set("ec2:InstanceType", i.Type)
	n.Context.Set("ec2:AvailabilityZone", i.AvailabilityZone)
	n.Context.Set("ec2:EbsOptimized", strconv.FormatBool(i.EbsOptimized))
	n.Context.Set("ec2:RootDeviceType", "ebs")
	n.Context.Set("ec2:Tenancy", i.Tenancy)
	n.Context.Set("ec2:MetadataHttpEndpoint", i.MetadataOptions.HTTPEndpoint)
	n.Context.Set("ec2:MetadataHttpTokens", i.MetadataOptions.HTTPTokens)
	n.Context.Set("ec2:MetadataHttpPutResponseHopLimit", strconv.FormatInt(i.MetadataOptions.HopLimit, 10))
	n.Context.Set("ec2:InstanceMetadataTags", i.MetadataOptions.InstanceMetadataTags)
	n.Context.Set("ec2:InstanceMarketType", first(i.Lifecycle, "on-demand"))
	n.Context.SetNotEmpty("ec2:InstanceProfile", i.Profile)
}

func describeVolume(n *Need, e *ec2Call, v *world.Volume) {
	if v == nil {
		return
	}
	n.Context.Set("ec2:VolumeID", v.ID)
	n.Context.Set("ec2:AvailabilityZone", v.AvailabilityZone)
	n.Context.Set("ec2:Encrypted", strconv.FormatBool(v.Encrypted))
	n.Context.Set("ec2:VolumeIops", strconv.FormatInt(v.IOPS, 10))
	n.Context.Set("ec2:VolumeSize", strconv.FormatInt(v.Size, 10))
	n.Context.Set("ec2:VolumeThroughput", strconv.FormatInt(v.Throughput, 10))
	n.Context.Set("ec2:VolumeType", v.Type)
	if v.SnapshotID != "" {
		n.Context.Set("ec2:ParentSnapshot", e.arn(e.Region, "", "snapshot", v.SnapshotID))
	}
}

// groupID finds a security group that is named by its name.
func groupID(r *world.Region, id string) string {
	for _, g := range sortedKeys(r.SecurityGroups) {
		if r.SecurityGroups[g].Name == id {
			return g
		}
	}
	return id
}

// keyPair is the name of a key pair, which its ARN has, and its id, which has the
// tags.
func keyPair(n *Need, r *world.Region, ref string) (name, id string) {
	n.Context.SetNotEmpty("ec2:KeyPairName", ref)
	for _, name := range sortedKeys(r.KeyPairs) {
		if k := r.KeyPairs[name]; k.Name == ref || k.ID == ref {
			n.Context.Set("ec2:KeyPairName", k.Name)
			n.Context.Set("ec2:KeyPairType", k.Type)
			return k.Name, k.ID
		}
	}
	return ref, ref
}

// templateID finds a launch template that is named by its name.
func templateID(r *world.Region, ref string) string {
	for _, id := range sortedKeys(r.LaunchTemplates) {
		if r.LaunchTemplates[id].Name == ref {
			return id
		}
	}
	return ref
}

// kinds are the kinds of resources by how their ids begin.
var kinds = map[string]string{
	"ami": "image", "snap": "snapshot", "i": "instance", "vol": "volume", "sg": "security-group", "sgr": "security-group-rule",
	"vpc": "vpc", "subnet": "subnet", "key": "key-pair", "lt": "launch-template", "fleet": "fleet", "eni": "network-interface",
	"sir": "spot-instances-request", "amiur": "image-usage-report",
}

// changeTags needs the action on every resource, with the tags of the request.
func (e *ec2Call) changeTags() {
	tags := map[string]string{}
	e.readTags("Tag", tags)
	for _, id := range e.list("ResourceId") {
		prefix, _, _ := strings.Cut(id, "-")
		if kind := kinds[prefix]; kind != "" {
			e.setRequestTags(e.on(kind, id), tags)
		}
	}
}

// modifyImageAttribute has keys for the attribute and for who is added or removed.
func (e *ec2Call) modifyImageAttribute() {
	for _, id := range e.list("ImageId") {
		n := e.on("image", id)
		e.permissions(n, "LaunchPermission")
		for _, name := range []string{"Description", "ImdsSupport"} {
			if e.form.Has(name + ".Value") {
				n.Context.Set("ec2:Attribute", name)
				n.Context.Set("ec2:Attribute/"+name, e.form.Get(name+".Value"))
			}
		}
		e.oldAttribute(n)
	}
}

func (e *ec2Call) modifySnapshotAttribute() {
	for _, id := range e.list("SnapshotId") {
		n := e.on("snapshot", id)
		e.permissions(n, "CreateVolumePermission")
		e.oldAttribute(n)
	}
}

// members are the parts of a permission, with the names of the older lists.
var members = []struct{ key, name, old string }{
	{"userId", "UserId", "UserId"},
	{"group", "Group", "UserGroup"},
	{"organizationArn", "OrganizationArn", "OrganizationArn"},
	{"organizationalUnitArn", "OrganizationalUnitArn", "OrganizationalUnitArn"},
}

// permissions sets ec2:Add/userId and its like from a structure, or from the older
// lists where there is an operation.
func (e *ec2Call) permissions(n *Need, structure string) {
	for _, change := range []string{"Add", "Remove"} {
		for _, m := range members {
			var all []string
			for _, at := range e.indexes(structure + "." + change) {
				if v := e.form.Get(structure + "." + change + "." + at + "." + m.name); v != "" {
					all = append(all, v)
				}
			}
			if strings.EqualFold(e.form.Get("OperationType"), change) {
				all = append(all, e.list(m.old)...)
			}
			n.Context.Set("ec2:"+change+"/"+m.key, slices.Compact(all)...)
			if len(all) > 0 {
				n.Context.Set("ec2:Attribute", structure)
			}
		}
	}
}

// oldAttribute is the attribute as the older Attribute parameter names it; the key
// has the structure's name. // unverified: the spelling of ec2:Attribute's values
func (e *ec2Call) oldAttribute(n *Need) {
	name := e.form.Get("Attribute")
	if name == "" {
		return
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	n.Context.Set("ec2:Attribute", name)
	if e.form.Has("Value") {
		n.Context.Set("ec2:Attribute/"+name, e.form.Get("Value"))
	}
}
