package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func TestNetworkInterfacesShowWhatHoldsAGroup(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	interfaces := func(filters ...types.Filter) []types.NetworkInterface {
		out, err := c.home.DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{Filters: filters})
		return must(t, out, err).NetworkInterfaces
	}
	group, err := c.home.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("temporary"), Description: aws.String("of a build")})
	groupID := *must(t, group, err).GroupId
	c.launch() // in the default group
	run, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{
		ImageId: c.vendor(c.home).ImageId, InstanceType: types.InstanceTypeT3Small, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SecurityGroupIds: []string{groupID},
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeNetworkInterface, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("net")}}}},
	})
	i := must(t, run, err).Instances[0]
	all := interfaces(filter("group-id", groupID))
	if len(all) != 1 {
		t.Fatalf("of the group: %+v", all)
	}
	n := all[0]
	if *n.NetworkInterfaceId != *i.NetworkInterfaces[0].NetworkInterfaceId || *n.Attachment.InstanceId != *i.InstanceId || n.Status != types.NetworkInterfaceStatusInUse ||
		*n.Groups[0].GroupName != "temporary" || *n.PrivateIpAddress != *i.PrivateIpAddress || *n.Association.PublicIp != *i.PublicIpAddress || len(n.TagSet) != 1 {
		t.Errorf("it is %+v", n)
	}
	for name, value := range map[string]string{
		"attachment.instance-id": *i.InstanceId, "network-interface-id": *n.NetworkInterfaceId, "private-ip-address": *i.PrivateIpAddress,
		"group-name": "temporary", "tag:team": "net", "mac-address": *n.MacAddress, "attachment.attachment-id": *n.Attachment.AttachmentId,
	} {
		if got := interfaces(filter(name, value)); len(got) != 1 || *got[0].NetworkInterfaceId != *n.NetworkInterfaceId {
			t.Errorf("by %s: %+v", name, got)
		}
	}
	for name, value := range map[string]string{
		"subnet-id": *i.SubnetId, "vpc-id": *i.VpcId, "status": "in-use", "availability-zone": *i.Placement.AvailabilityZone,
		"owner-id": *n.OwnerId, "interface-type": "interface", "attachment.status": "attached", "attachment.delete-on-termination": "true",
	} {
		if got := interfaces(filter(name, value)); len(got) != 2 {
			t.Errorf("by %s: %+v", name, got)
		}
	}
	if got := interfaces(filter("status", "available")); len(got) != 0 {
		t.Errorf("available: %+v", got)
	}
	c.until("running", func() bool { return c.instanceState(*i.InstanceId) == types.InstanceStateNameRunning })
	c.stop(*i.InstanceId)
	if got := interfaces(filter("group-id", groupID)); len(got) != 1 || got[0].Association != nil {
		t.Errorf("of a stopped instance: %+v", got)
	}
	ended, err := c.home.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{*i.InstanceId}})
	must(t, ended, err)
	c.until("terminated", func() bool { return c.instanceState(*i.InstanceId) == types.InstanceStateNameTerminated })
	if got := interfaces(filter("group-id", groupID)); len(got) != 0 {
		t.Errorf("after the end: %+v", got)
	}
	deleted, err := c.home.DeleteSecurityGroup(t.Context(), &ec2.DeleteSecurityGroupInput{GroupId: &groupID})
	must(t, deleted, err)
}

func TestNetworkInterfacesAreRefused(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	_, err := c.home.DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{"eni-0123456789abcdef0"}})
	refused(t, err, badRequest, "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID 'eni-0123456789abcdef0' does not exist")
	_, err = c.home.DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{Filters: []types.Filter{filter("colour", "red")}})
	refused(t, err, badRequest, "InvalidParameterValue", "The filter 'colour' is invalid")
}

// A token that no answer gave is refused; one whose list is shorter by now ends it.
func TestPageTokens(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	var volumes []string
	for range 7 {
		volumes = append(volumes, c.newVolume("us-east-1a"))
	}
	list := func(token *string) (*ec2.DescribeVolumesOutput, error) {
		return c.home.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{MaxResults: aws.Int32(5), NextToken: token})
	}
	for _, token := range []string{"nonsense", "page-9999", "page-9999-of-7", "page-0-of-7", "page--1-of-7", "page-5-of-7x", "page-05-of-7"} {
		_, err := list(&token)
		refused(t, err, badRequest, "InvalidNextToken", "The token '"+token+"' is invalid")
	}
	first, err := list(nil)
	must(t, first, err)
	if len(first.Volumes) != 5 || first.NextToken == nil {
		t.Fatalf("the first page: %d volumes", len(first.Volumes))
	}
	second, err := list(first.NextToken)
	must(t, second, err)
	if len(second.Volumes) != 2 || second.NextToken != nil {
		t.Errorf("the second page: %d volumes, token %v", len(second.Volumes), second.NextToken)
	}
	for _, id := range volumes[:3] {
		out, err := c.home.DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: &id})
		must(t, out, err)
	}
	late, err := list(first.NextToken)
	must(t, late, err)
	if len(late.Volumes) != 0 || late.NextToken != nil {
		t.Errorf("after deletions: %d volumes", len(late.Volumes))
	}
}

func TestWindowsTakesNoED25519Keys(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	pair, err := c.home.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("modern"), KeyType: types.KeyTypeEd25519})
	must(t, pair, err)
	run := func(image *string) error {
		_, err := c.home.RunInstances(t.Context(), &ec2.RunInstancesInput{
			ImageId: image, InstanceType: types.InstanceTypeT3Large, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), KeyName: pair.KeyName,
		})
		return err
	}
	refused(t, run(c.windows("2022").ImageId), badRequest, "Unsupported", "ED25519 key pairs are not supported with Windows AMIs. Choose a different key pair type and try again.")
	must(t, 0, run(c.vendor(c.home).ImageId))
}

func TestMetadataOptionsOfAnInstanceChange(t *testing.T) {
	t.Parallel()
	c := start(t, world.Delays{})
	id := c.launch()
	out, err := c.home.ModifyInstanceMetadataOptions(t.Context(), &ec2.ModifyInstanceMetadataOptionsInput{
		InstanceId: &id, HttpTokens: types.HttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(3),
	})
	if o := must(t, out, err).InstanceMetadataOptions; *out.InstanceId != id || o.State != types.InstanceMetadataOptionsStatePending || o.HttpTokens != types.HttpTokensStateRequired || *o.HttpPutResponseHopLimit != 3 {
		t.Errorf("the answer: %+v", o)
	}
	seen, err := c.home.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	o := must(t, seen, err).Reservations[0].Instances[0].MetadataOptions
	if o.State != types.InstanceMetadataOptionsStateApplied || o.HttpTokens != types.HttpTokensStateRequired || *o.HttpPutResponseHopLimit != 3 ||
		o.HttpEndpoint != types.InstanceMetadataEndpointStateEnabled || o.InstanceMetadataTags != types.InstanceMetadataTagsStateDisabled {
		t.Errorf("the options: %+v", o)
	}
	for _, bad := range []struct {
		change func(*ec2.ModifyInstanceMetadataOptionsInput)
		code   string
		text   string
	}{
		{func(*ec2.ModifyInstanceMetadataOptionsInput) {}, "InvalidParameterCombination", "No metadata options were specified."},
		{func(in *ec2.ModifyInstanceMetadataOptionsInput) { in.HttpTokens = "maybe" }, "InvalidParameterValue", "Invalid value 'maybe' for HttpTokens."},
		{func(in *ec2.ModifyInstanceMetadataOptionsInput) { in.HttpEndpoint = "ajar" }, "InvalidParameterValue", "Invalid value 'ajar' for HttpEndpoint."},
		{func(in *ec2.ModifyInstanceMetadataOptionsInput) { in.InstanceMetadataTags = "some" }, "InvalidParameterValue", "Invalid value 'some' for InstanceMetadataTags."},
		{func(in *ec2.ModifyInstanceMetadataOptionsInput) { in.HttpPutResponseHopLimit = aws.Int32(65) }, "InvalidParameterValue", "Invalid value '65' for HttpPutResponseHopLimit. It must be between 1 and 64."},
	} {
		in := &ec2.ModifyInstanceMetadataOptionsInput{InstanceId: &id}
		bad.change(in)
		_, err := c.home.ModifyInstanceMetadataOptions(t.Context(), in)
		refused(t, err, badRequest, bad.code, bad.text)
	}
}
