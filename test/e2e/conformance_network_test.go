//go:build e2e

package e2e

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// networkGroups are about addresses, subnets and security groups. That a guest
// without a public address cannot be reached is not so on one machine: there the
// groups differ from AWS, where amazon-ebs would fail to log in.
var networkGroups = []group{
	{name: "public_ip", vars: map[string]string{"public": "true", "spot_price": ""}, live: livePublicIP(true)},
	{name: "no_public_ip", template: "public_ip.pkr.hcl", vars: map[string]string{"public": "false", "spot_price": ""}, live: livePublicIP(false)},
	{name: "public_ip_spot", template: "public_ip.pkr.hcl", vars: map[string]string{"public": "true", "spot_price": "auto"}, live: livePublicIP(true)},
	{name: "no_public_ip_spot", template: "public_ip.pkr.hcl", vars: map[string]string{"public": "false", "spot_price": "auto"}, live: livePublicIP(false)},
	{
		name: "public_ip_subnet_filter", template: "public_ip.pkr.hcl",
		vars: map[string]string{"public": "true", "spot_price": "", "subnet_filter": `{"tag:Name"="conformance",availability-zone="us-east-1c"}`},
		live: func(t *testing.T, c *conformance, i types.Instance) {
			livePublicIP(true)(t, c, i)
			if aws.ToString(i.Placement.AvailabilityZone) != "us-east-1c" || aws.ToString(i.SubnetId) != c.values["subnet"] {
				t.Errorf("in %s, subnet %s", aws.ToString(i.Placement.AvailabilityZone), aws.ToString(i.SubnetId))
			}
		},
	},
	{name: "network_filters", live: func(t *testing.T, c *conformance, i types.Instance) {
		if len(i.SecurityGroups) != 1 || aws.ToString(i.SecurityGroups[0].GroupId) != c.values["group"] || i.SubnetId == nil {
			t.Errorf("instance: %+v", i)
		}
	}},
	{name: "temporary_group", live: func(t *testing.T, c *conformance, i types.Instance) {
		found, err := c.ec2(home).DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{*i.SecurityGroups[0].GroupId}})
		if err != nil {
			t.Error(err)
			return
		}
		rules := found.SecurityGroups[0].IpPermissions
		if len(rules) != 1 || len(rules[0].IpRanges) != 1 || aws.ToString(rules[0].IpRanges[0].CidrIp) != "198.51.100.0/24" ||
			len(rules[0].Ipv6Ranges) != 1 || aws.ToString(rules[0].Ipv6Ranges[0].CidrIpv6) != "2001:db8::/32" {
			t.Errorf("rules: %+v", rules)
		}
	}},
}

func livePublicIP(want bool) func(*testing.T, *conformance, types.Instance) {
	return func(t *testing.T, _ *conformance, i types.Instance) {
		if got := aws.ToString(i.PublicIpAddress) != ""; got != want {
			t.Errorf("public address %q", aws.ToString(i.PublicIpAddress))
		}
		if got := i.NetworkInterfaces[0].Association != nil; got != want {
			t.Errorf("association %+v", i.NetworkInterfaces[0].Association)
		}
	}
}
