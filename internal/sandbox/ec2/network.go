package ec2

import (
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("DescribeVpcs", describeVpcs)
	add("DescribeSubnets", describeSubnets)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func zoneNames(region string) []string {
	zones := world.Zones(region)
	names := make([]string, 0, len(zones))
	for _, z := range zones {
		names = append(names, z.Name)
	}
	return names
}

// described are the inputs that most Describe calls have in common.
type described struct {
	Filters    []filter `q:"Filter"`
	MaxResults *int64   `q:"MaxResults"`
	NextToken  string   `q:"NextToken"`
}

type describeVpcsInput struct {
	IDs []string `q:"VpcId"`
	described
}

type describeVpcsOutput struct {
	VPCs      wire.Set[vpcItem] `xml:"vpcSet"`
	NextToken string            `xml:"nextToken,omitempty"`
}

type vpcItem struct {
	ID      string        `xml:"vpcId"`
	Owner   string        `xml:"ownerId"`
	State   string        `xml:"state"`
	CIDR    string        `xml:"cidrBlock"`
	Default bool          `xml:"isDefault"`
	Tags    wire.Set[tag] `xml:"tagSet,omitempty"`
}

func describeVpcs(c *action.Call, in *describeVpcsInput) (*describeVpcsOutput, error) {
	mine := c.Mine()
	ids, err := selected(mine.VPCs, in.IDs, "InvalidVpcID.NotFound", "The vpc ID '%s' does not exist")
	if err != nil {
		return nil, err
	}
	var all []vpcItem
	for _, id := range ids {
		v := mine.VPCs[id]
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) {
			switch f {
			case "vpc-id":
				return one(v.ID)
			case "state":
				return one("available")
			case "cidr", "cidr-block", "cidrBlock":
				return one(v.CIDR)
			case "is-default", "isDefault":
				return boolean(v.IsDefault)
			case "owner-id":
				return one(c.Account)
			}
			return tagValues(mine.TagsOf(id), f)
		})
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, vpcItem{ID: v.ID, Owner: c.Account, State: "available", CIDR: v.CIDR, Default: v.IsDefault, Tags: tagSet(mine.TagsOf(id))})
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeVpcsOutput{VPCs: part, NextToken: next}, err
}

// selected gives the ids asked for, or all; one that does not exist is refused.
func selected[V any](have map[string]V, ids []string, code, message string) ([]string, error) {
	if len(ids) == 0 {
		return sortedKeys(have), nil
	}
	for _, id := range ids {
		if _, exists := have[id]; !exists {
			return nil, wire.Errorf(code, message, id)
		}
	}
	return ids, nil
}

type describeSubnetsInput struct {
	IDs []string `q:"SubnetId"`
	described
}

type describeSubnetsOutput struct {
	Subnets   wire.Set[subnetItem] `xml:"subnetSet"`
	NextToken string               `xml:"nextToken,omitempty"`
}

type subnetItem struct {
	ID        string        `xml:"subnetId"`
	ARN       string        `xml:"subnetArn"`
	State     string        `xml:"state"`
	Owner     string        `xml:"ownerId"`
	VPCID     string        `xml:"vpcId"`
	CIDR      string        `xml:"cidrBlock"`
	Free      int64         `xml:"availableIpAddressCount"`
	Zone      string        `xml:"availabilityZone"`
	ZoneID    string        `xml:"availabilityZoneId"`
	Default   bool          `xml:"defaultForAz"`
	MapPublic bool          `xml:"mapPublicIpOnLaunch"`
	Tags      wire.Set[tag] `xml:"tagSet,omitempty"`
}

func describeSubnets(c *action.Call, in *describeSubnetsInput) (*describeSubnetsOutput, error) {
	mine := c.Mine()
	ids, err := selected(mine.Subnets, in.IDs, "InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist")
	if err != nil {
		return nil, err
	}
	var all []subnetItem
	for _, id := range ids {
		s := mine.Subnets[id]
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) { return subnetValues(s, mine.TagsOf(id), c.Account, f) })
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, subnetItem{
				ID: s.ID, ARN: "arn:aws:ec2:" + c.Region + ":" + c.Account + ":subnet/" + s.ID, State: "available", Owner: c.Account,
				VPCID: s.VPCID, CIDR: s.CIDR, Free: s.FreeAddresses, Zone: s.AvailabilityZone, ZoneID: world.ZoneID(c.Region, s.AvailabilityZone), Default: s.Default, MapPublic: s.MapPublicIP,
				Tags: tagSet(mine.TagsOf(id)),
			})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].Zone < all[j].Zone })
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeSubnetsOutput{Subnets: part, NextToken: next}, err
}

func subnetValues(s *world.Subnet, tags map[string]string, owner, name string) ([]string, bool) {
	switch name {
	case "subnet-id":
		return one(s.ID)
	case "vpc-id":
		return one(s.VPCID)
	case "state":
		return one("available")
	case "availability-zone", "availabilityZone":
		return one(s.AvailabilityZone)
	case "default-for-az", "defaultForAz":
		return boolean(s.Default)
	case "map-public-ip-on-launch":
		return boolean(s.MapPublicIP)
	case "cidr", "cidrBlock", "cidr-block":
		return one(s.CIDR)
	case "owner-id":
		return one(owner)
	}
	return tagValues(tags, name)
}
