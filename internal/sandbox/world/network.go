package world

import "fmt"

// addDefaultNetwork gives a Region the default VPC, subnets and security group
// that a new account finds there: 172.31.0.0/16, one /20 per zone.
func (w *World) addDefaultNetwork(r *Region) {
	vpc := &VPC{ID: w.NewID("vpc"), CIDR: "172.31.0.0/16", IsDefault: true}
	r.VPCs[vpc.ID] = vpc
	for n, zone := range Zones(r.Name) {
		subnet := &Subnet{
			ID: w.NewID("subnet"), VPCID: vpc.ID, CIDR: fmt.Sprintf("172.31.%d.0/20", 16*n),
			AvailabilityZone: zone.Name, Default: true, MapPublicIP: true, FreeAddresses: 4091,
		}
		r.Subnets[subnet.ID] = subnet
	}
	group := &SecurityGroup{
		ID: w.NewID("sg"), Name: "default", Description: "default VPC security group", VPCID: vpc.ID,
		Egress: []Rule{{ID: w.NewID("sgr"), Protocol: "-1", CIDR: "0.0.0.0/0", FromPort: -1, ToPort: -1}},
	}
	group.Ingress = []Rule{{ID: w.NewID("sgr"), Protocol: "-1", GroupID: group.ID, FromPort: -1, ToPort: -1}}
	r.SecurityGroups[group.ID] = group
}
