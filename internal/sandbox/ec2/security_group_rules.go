package ec2

import (
	"net/netip"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("AuthorizeSecurityGroupIngress", authorizeIngress)
	add("AuthorizeSecurityGroupEgress", authorizeEgress)
	add("RevokeSecurityGroupIngress", revokeIngress)
}

type ipPermission struct {
	Protocol string    `q:"IpProtocol"`
	From     *int64    `q:"FromPort"`
	To       *int64    `q:"ToPort"`
	Ranges   []ipRange `q:"IpRanges"`
	Ranges6  []ipRange `q:"Ipv6Ranges"`
	Groups   []struct {
		GroupID     string `q:"GroupId"`
		UserID      string `q:"UserId"`
		GroupName   string `q:"GroupName"`
		VPCID       string `q:"VpcId"`
		Description string `q:"Description"`
	} `q:"Groups"`
	PrefixLists []struct {
		ID          string `q:"PrefixListId"`
		Description string `q:"Description"`
	} `q:"PrefixListIds"`
}

type ipRange struct {
	CIDR        string `q:"CidrIp"`
	CIDR6       string `q:"CidrIpv6"`
	Description string `q:"Description"`
}

type authorizeInput struct {
	ID          string             `q:"GroupId"`
	Name        string             `q:"GroupName"`
	Protocol    string             `q:"IpProtocol"`
	From        *int64             `q:"FromPort"`
	To          *int64             `q:"ToPort"`
	CIDR        string             `q:"CidrIp"`
	Permissions []ipPermission     `q:"IpPermissions"`
	Tags        []tagSpecification `q:"TagSpecification"`
}

type authorizeOutput struct {
	Return bool                         `xml:"return"`
	Rules  wire.Set[securityGroupRuleX] `xml:"securityGroupRuleSet"`
}

type securityGroupRuleX struct {
	ID          string `xml:"securityGroupRuleId"`
	GroupID     string `xml:"groupId"`
	Owner       string `xml:"groupOwnerId"`
	Egress      bool   `xml:"isEgress"`
	Protocol    string `xml:"ipProtocol"`
	From        int64  `xml:"fromPort"`
	To          int64  `xml:"toPort"`
	CIDR        string `xml:"cidrIpv4,omitempty"`
	CIDR6       string `xml:"cidrIpv6,omitempty"`
	Description string `xml:"description,omitempty"`
}

func authorizeIngress(c *action.Call, in *authorizeInput) (*authorizeOutput, error) {
	return authorizeRules(c, in, false)
}

func authorizeEgress(c *action.Call, in *authorizeInput) (*authorizeOutput, error) {
	return authorizeRules(c, in, true)
}

func authorizeRules(c *action.Call, in *authorizeInput, egress bool) (*authorizeOutput, error) {
	tags, err := tagsFor(in.Tags, "security-group-rule")
	if err != nil {
		return nil, err
	}
	g, err := groupOf(c.Mine(), in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	rules, err := in.rules()
	if err != nil {
		return nil, err
	}
	list := &g.Ingress
	if egress {
		list = &g.Egress
	}
	out := &authorizeOutput{Return: true}
	for _, rule := range rules {
		for _, have := range *list {
			if same(have, rule) {
				return nil, wire.Errorf("InvalidPermission.Duplicate", "the specified rule \"peer: %s%s, %s, from port: %d, to port: %d, ALLOW\" already exists",
					rule.CIDR, rule.CIDR6, strings.ToUpper(rule.Protocol), rule.FromPort, rule.ToPort)
			}
		}
		rule.ID = c.World.NewID("sgr")
		*list = append(*list, rule)
		c.Mine().SetTags(rule.ID, tags)
		out.Rules = append(out.Rules, securityGroupRuleX{
			ID: rule.ID, GroupID: g.ID, Owner: c.Account, Egress: egress, Protocol: rule.Protocol, From: rule.FromPort, To: rule.ToPort,
			CIDR: rule.CIDR, CIDR6: rule.CIDR6, Description: rule.Description,
		})
	}
	return out, nil
}

func same(a, b world.Rule) bool {
	a.ID, b.ID, a.Description, b.Description = "", "", "", ""
	return a == b
}

// rules are the permissions of the request, one per peer.
func (in *authorizeInput) rules() ([]world.Rule, error) {
	permissions := in.Permissions
	if in.Protocol != "" {
		permissions = append(permissions, ipPermission{Protocol: in.Protocol, From: in.From, To: in.To, Ranges: []ipRange{{CIDR: in.CIDR}}})
	}
	if len(permissions) == 0 {
		return nil, wire.ErrMissing("ipPermissions")
	}
	var rules []world.Rule
	for _, p := range permissions {
		base := world.Rule{Protocol: p.Protocol, FromPort: -1, ToPort: -1}
		if p.From != nil {
			base.FromPort = *p.From
		}
		if p.To != nil {
			base.ToPort = *p.To
		}
		peers, err := p.peers(base)
		if err != nil {
			return nil, err
		}
		rules = append(rules, peers...)
	}
	return rules, nil
}

func (p ipPermission) peers(base world.Rule) ([]world.Rule, error) {
	var rules []world.Rule
	for _, r := range append(append([]ipRange{}, p.Ranges...), p.Ranges6...) {
		rule := base
		rule.CIDR, rule.CIDR6, rule.Description = r.CIDR, r.CIDR6, r.Description
		if _, err := netip.ParsePrefix(r.CIDR + r.CIDR6); err != nil {
			return nil, wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", r.CIDR+r.CIDR6)
		}
		rules = append(rules, rule)
	}
	for _, g := range p.Groups {
		rule := base
		rule.GroupID, rule.Description = g.GroupID, g.Description
		rules = append(rules, rule)
	}
	for _, l := range p.PrefixLists {
		rule := base
		rule.PrefixListID, rule.Description = l.ID, l.Description
		rules = append(rules, rule)
	}
	return rules, nil
}

// revokeIngress takes rules away; one that is not there is refused.
func revokeIngress(c *action.Call, in *authorizeInput) (*done, error) {
	g, err := groupOf(c.Mine(), in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	rules, err := in.rules()
	if err != nil {
		return nil, err
	}
	for _, rule := range rules {
		left := g.Ingress[:0:0]
		for _, have := range g.Ingress {
			if !same(have, rule) {
				left = append(left, have)
			}
		}
		if len(left) == len(g.Ingress) {
			return nil, wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		g.Ingress = left
	}
	return ok, nil
}
