package ec2

import (
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("CreateSecurityGroup", createSecurityGroup)
	add("DeleteSecurityGroup", deleteSecurityGroup)
}

type createSecurityGroupInput struct {
	Name        string             `q:"GroupName,required"`
	Description string             `q:"GroupDescription,required"`
	VPCID       string             `q:"VpcId"`
	Tags        []tagSpecification `q:"TagSpecification"`
}

type createSecurityGroupOutput struct {
	Return bool          `xml:"return"`
	ID     string        `xml:"groupId"`
	ARN    string        `xml:"securityGroupArn"`
	Tags   wire.Set[tag] `xml:"tagSet,omitempty"`
}

func createSecurityGroup(c *action.Call, in *createSecurityGroupInput) (*createSecurityGroupOutput, error) {
	tags, err := tagsFor(in.Tags, "security-group")
	if err != nil {
		return nil, err
	}
	mine := c.Mine()
	vpc, err := vpcOf(mine, in.VPCID)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(in.Name, "sg-") || len(in.Name) > 255 {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid. Character sets beyond ASCII, a leading sg- or more than 255 characters are not supported.", in.Name)
	}
	for _, g := range mine.SecurityGroups {
		if g.Name == in.Name && g.VPCID == vpc.ID {
			return nil, wire.Errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", in.Name, vpc.ID)
		}
	}
	g := &world.SecurityGroup{
		ID: c.World.NewID("sg"), Name: in.Name, Description: in.Description, VPCID: vpc.ID,
		Egress: []world.Rule{{ID: c.World.NewID("sgr"), Protocol: "-1", CIDR: "0.0.0.0/0", FromPort: -1, ToPort: -1}},
	}
	mine.SecurityGroups[g.ID] = g
	mine.SetTags(g.ID, tags)
	return &createSecurityGroupOutput{Return: true, ID: g.ID, ARN: groupARN(c, g.ID), Tags: tagSet(tags)}, nil
}

func groupARN(c *action.Call, id string) string {
	return "arn:aws:ec2:" + c.Region + ":" + c.Account + ":security-group/" + id
}

// vpcOf finds the VPC named, or the default one.
func vpcOf(r *world.Region, id string) (*world.VPC, error) {
	if id != "" {
		if v := r.VPCs[id]; v != nil {
			return v, nil
		}
		return nil, wire.Errorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
	}
	for _, v := range r.VPCs {
		if v.IsDefault {
			return v, nil
		}
	}
	return nil, wire.Errorf("VPCIdNotSpecified", "No default VPC for this user")
}

type deleteSecurityGroupInput struct {
	ID   string `q:"GroupId"`
	Name string `q:"GroupName"`
}

type deleteSecurityGroupOutput struct {
	Return bool   `xml:"return"`
	ID     string `xml:"groupId"`
}

// deleteSecurityGroup refuses while an instance that is not terminated is in the
// group: EC2 holds its network interface until then.
func deleteSecurityGroup(c *action.Call, in *deleteSecurityGroupInput) (*deleteSecurityGroupOutput, error) {
	mine := c.Mine()
	g, err := groupOf(mine, in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	if g.Name == "default" {
		return nil, wire.Errorf("CannotDelete", "the specified group: \"%s\" name: \"default\" cannot be deleted by a user", g.ID)
	}
	for _, i := range mine.Instances {
		if i.State == world.StateTerminated {
			continue
		}
		for _, id := range i.SecurityGroups {
			if id == g.ID {
				return nil, wire.Errorf("DependencyViolation", "resource %s has a dependent object", g.ID)
			}
		}
	}
	delete(mine.SecurityGroups, g.ID)
	mine.DropTags(g.ID)
	return &deleteSecurityGroupOutput{Return: true, ID: g.ID}, nil
}

func groupOf(r *world.Region, id, name string) (*world.SecurityGroup, error) {
	if id == "" && name == "" {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter groupName or groupId")
	}
	if g := r.SecurityGroups[id]; id != "" && g != nil {
		return g, nil
	}
	if id == "" {
		for _, g := range r.SecurityGroups {
			if g.Name == name && r.VPCs[g.VPCID] != nil && r.VPCs[g.VPCID].IsDefault {
				return g, nil
			}
		}
		return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC", name)
	}
	return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
}
