package ec2

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("DescribeSecurityGroups", describeSecurityGroups) }

type describeSecurityGroupsInput struct {
	IDs   []string `q:"GroupId"`
	Names []string `q:"GroupName"`
	described
}

type describeSecurityGroupsOutput struct {
	Groups    wire.Set[securityGroupItem] `xml:"securityGroupInfo"`
	NextToken string                      `xml:"nextToken,omitempty"`
}

type securityGroupItem struct {
	Owner       string                     `xml:"ownerId"`
	ID          string                     `xml:"groupId"`
	ARN         string                     `xml:"securityGroupArn"`
	Name        string                     `xml:"groupName"`
	Description string                     `xml:"groupDescription"`
	VPCID       string                     `xml:"vpcId"`
	Ingress     wire.Set[ipPermissionItem] `xml:"ipPermissions"`
	Egress      wire.Set[ipPermissionItem] `xml:"ipPermissionsEgress"`
	Tags        wire.Set[tag]              `xml:"tagSet,omitempty"`
}

type ipPermissionItem struct {
	Protocol    string              `xml:"ipProtocol"`
	From        *int64              `xml:"fromPort"`
	To          *int64              `xml:"toPort"`
	Groups      wire.Set[groupPeer] `xml:"groups"`
	Ranges      wire.Set[rangePeer] `xml:"ipRanges"`
	Ranges6     wire.Set[rangePeer] `xml:"ipv6Ranges"`
	PrefixLists wire.Set[listPeer]  `xml:"prefixListIds"`
}

type groupPeer struct {
	UserID  string `xml:"userId"`
	GroupID string `xml:"groupId"`
}

type rangePeer struct {
	CIDR        string `xml:"cidrIp,omitempty"`
	CIDR6       string `xml:"cidrIpv6,omitempty"`
	Description string `xml:"description,omitempty"`
}

type listPeer struct {
	ID string `xml:"prefixListId"`
}

func describeSecurityGroups(c *action.Call, in *describeSecurityGroupsInput) (*describeSecurityGroupsOutput, error) {
	mine := c.Mine()
	ids, err := selected(mine.SecurityGroups, in.IDs, "InvalidGroup.NotFound", "The security group '%s' does not exist")
	if err != nil {
		return nil, err
	}
	var all []securityGroupItem
	for _, id := range ids {
		g := mine.SecurityGroups[id]
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) { return groupValues(g, mine.TagsOf(id), c.Account, f) })
		if err != nil {
			return nil, err
		}
		if match && (len(in.Names) == 0 || (filter{Values: in.Names}).matches([]string{g.Name})) {
			all = append(all, securityGroupItem{
				Owner: c.Account, ID: g.ID, ARN: groupARN(c, g.ID), Name: g.Name, Description: g.Description, VPCID: g.VPCID,
				Ingress: permissionItems(c, g.Ingress), Egress: permissionItems(c, g.Egress), Tags: tagSet(mine.TagsOf(id)),
			})
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeSecurityGroupsOutput{Groups: part, NextToken: next}, err
}

func groupValues(g *world.SecurityGroup, tags map[string]string, owner, name string) ([]string, bool) {
	switch name {
	case "group-id":
		return one(g.ID)
	case "group-name":
		return one(g.Name)
	case "description":
		return one(g.Description)
	case "vpc-id":
		return one(g.VPCID)
	case "owner-id":
		return one(owner)
	}
	return tagValues(tags, name)
}

// permissionItems joins the rules of one protocol and one span of ports, as EC2
// does; the security group rules behind them stay apart.
func permissionItems(c *action.Call, rules []world.Rule) wire.Set[ipPermissionItem] {
	items := make(wire.Set[ipPermissionItem], 0, len(rules))
	for _, r := range rules {
		at := slices.IndexFunc(items, func(i ipPermissionItem) bool { return i.spans(r) })
		if at < 0 {
			at = len(items)
			items = append(items, ipPermissionItem{Protocol: r.Protocol})
			if r.Protocol != "-1" {
				items[at].From, items[at].To = &r.FromPort, &r.ToPort
			}
		}
		item := &items[at]
		switch {
		case r.CIDR != "":
			item.Ranges = append(item.Ranges, rangePeer{CIDR: r.CIDR, Description: r.Description})
		case r.CIDR6 != "":
			item.Ranges6 = append(item.Ranges6, rangePeer{CIDR6: r.CIDR6, Description: r.Description})
		case r.GroupID != "":
			item.Groups = append(item.Groups, groupPeer{UserID: c.Account, GroupID: r.GroupID})
		case r.PrefixListID != "":
			item.PrefixLists = append(item.PrefixLists, listPeer{ID: r.PrefixListID})
		}
	}
	return items
}

func (i ipPermissionItem) spans(r world.Rule) bool {
	return i.Protocol == r.Protocol && (r.Protocol == "-1" || *i.From == r.FromPort && *i.To == r.ToPort)
}
