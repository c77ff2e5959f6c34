package ec2

import (
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { read("DescribeNetworkInterfaces", describeNetworkInterfaces) }

type describeNetworkInterfacesInput struct {
	IDs []string `q:"NetworkInterfaceId"`
	described
}

type describeNetworkInterfacesOutput struct {
	Interfaces wire.Set[networkInterfaceItem] `xml:"networkInterfaceSet" simplified:"the interfaces of instances, one each"`
	NextToken  string                         `xml:"nextToken,omitempty"`
}

type networkInterfaceItem struct {
	ID               string                   `xml:"networkInterfaceId"`
	SubnetID         string                   `xml:"subnetId"`
	VPCID            string                   `xml:"vpcId"`
	Zone             string                   `xml:"availabilityZone"`
	Description      string                   `xml:"description"`
	Owner            string                   `xml:"ownerId"`
	RequesterManaged bool                     `xml:"requesterManaged"`
	Status           string                   `xml:"status"`
	MAC              string                   `xml:"macAddress"`
	PrivateIP        string                   `xml:"privateIpAddress"`
	PrivateDNS       string                   `xml:"privateDnsName,omitempty"`
	SourceDestCheck  bool                     `xml:"sourceDestCheck"`
	Groups           wire.Set[groupItem]      `xml:"groupSet"`
	Attachment       networkAttachment        `xml:"attachment"`
	Association      *associationItem         `xml:"association,omitempty"`
	Tags             wire.Set[tag]            `xml:"tagSet"`
	Addresses        wire.Set[privateAddress] `xml:"privateIpAddressesSet"`
	Type             string                   `xml:"interfaceType"`
}

type networkAttachment struct {
	ID                  string    `xml:"attachmentId" simplified:"the digits of the interface's id"`
	InstanceID          string    `xml:"instanceId"`
	InstanceOwner       string    `xml:"instanceOwnerId"`
	DeviceIndex         int       `xml:"deviceIndex"`
	Status              string    `xml:"status"`
	Attached            wire.Time `xml:"attachTime"`
	DeleteOnTermination bool      `xml:"deleteOnTermination"`
}

type privateAddress struct {
	IP          string           `xml:"privateIpAddress"`
	DNS         string           `xml:"privateDnsName,omitempty"`
	Primary     bool             `xml:"primary"`
	Association *associationItem `xml:"association,omitempty"`
}

// describeNetworkInterfaces lists the interfaces of instances. One goes with its
// instance, and not before: a security group is in use until then.
func describeNetworkInterfaces(c *action.Call, in *describeNetworkInterfacesInput) (*describeNetworkInterfacesOutput, error) {
	mine := c.Mine()
	holders := map[string]*world.Instance{}
	for _, i := range mine.Instances {
		if i.State != world.StateTerminated {
			holders[i.InterfaceID] = i
		}
	}
	ids, err := selected(holders, in.IDs, "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist") // unverified: text
	if err != nil {
		return nil, err
	}
	unknown := networkInterfaceItem{}
	if err := knownFilters(in.Filters, unknown.values); err != nil {
		return nil, err
	}
	var all []networkInterfaceItem
	for _, id := range seen(c, ids, func(id string) string { return holders[id].ID }) {
		item := networkInterfaceOf(c, holders[id])
		match, err := matchAll(in.Filters, item.values)
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, item)
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, mostItems)
	return &describeNetworkInterfacesOutput{Interfaces: part, NextToken: next}, err
}

func networkInterfaceOf(c *action.Call, i *world.Instance) networkInterfaceItem {
	public := i.PublicIP
	if i.State == world.StateStopped {
		public = ""
	}
	view, dns := interfaceView(c, i, public), privateName(c.Region, i.PrivateIP)
	return networkInterfaceItem{
		ID: view.ID, SubnetID: view.SubnetID, VPCID: view.VPCID, Zone: i.AvailabilityZone, Owner: view.Owner, Status: view.Status, MAC: view.MAC,
		PrivateIP: view.PrivateIP, PrivateDNS: dns, SourceDestCheck: view.SourceDestCheck, Groups: view.Groups, Association: view.Association,
		Type: view.Type, Tags: tagSet(seenTags(c, view.ID, c.Mine().TagsOf(view.ID))),
		Addresses: wire.Set[privateAddress]{{IP: view.PrivateIP, DNS: dns, Primary: true, Association: view.Association}},
		Attachment: networkAttachment{
			ID: "eni-attach-" + strings.TrimPrefix(view.ID, "eni-"), InstanceID: i.ID, InstanceOwner: c.Account, DeviceIndex: view.Attachment.DeviceIndex,
			Status: view.Attachment.Status, Attached: view.Attachment.Attached, DeleteOnTermination: view.Attachment.DeleteOnTermination,
		},
	}
}

// values are those of a filter (EC2 API reference, DescribeNetworkInterfaces).
func (n networkInterfaceItem) values(name string) ([]string, bool) {
	switch name {
	case "network-interface-id":
		return one(n.ID)
	case "subnet-id":
		return one(n.SubnetID)
	case "vpc-id":
		return one(n.VPCID)
	case "availability-zone":
		return one(n.Zone)
	case "status":
		return one(n.Status)
	case "mac-address":
		return one(n.MAC)
	case "owner-id":
		return one(n.Owner)
	case "private-ip-address":
		return one(n.PrivateIP)
	case "interface-type":
		return one(n.Type)
	case "attachment.instance-id":
		return one(n.Attachment.InstanceID)
	case "attachment.attachment-id":
		return one(n.Attachment.ID)
	case "attachment.status":
		return one(n.Attachment.Status)
	case "attachment.delete-on-termination":
		return boolean(n.Attachment.DeleteOnTermination)
	case "group-id", "group-name":
		var all []string
		for _, g := range n.Groups {
			all = append(all, map[string]string{"group-id": g.ID, "group-name": g.Name}[name])
		}
		return all, true
	}
	tags := map[string]string{}
	for _, t := range n.Tags {
		tags[t.Key] = t.Value
	}
	return tagValues(tags, name)
}
