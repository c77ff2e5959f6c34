package ec2

import (
	"sort"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// reservation is what RunInstances answers and DescribeInstances lists.
type reservation struct {
	ID        string                 `xml:"reservationId"`
	Owner     string                 `xml:"ownerId"`
	Groups    wire.Set[groupItem]    `xml:"groupSet"`
	Instances wire.Set[instanceItem] `xml:"instancesSet"`
}

type groupItem struct {
	ID   string `xml:"groupId"`
	Name string `xml:"groupName"`
}

type instanceItem struct {
	ID               string                   `xml:"instanceId"`
	ImageID          string                   `xml:"imageId"`
	State            instanceState            `xml:"instanceState"`
	PrivateDNS       string                   `xml:"privateDnsName"`
	PublicDNS        string                   `xml:"dnsName"`
	TransitionReason string                   `xml:"reason"`
	KeyName          string                   `xml:"keyName,omitempty"`
	LaunchIndex      int                      `xml:"amiLaunchIndex"`
	Type             string                   `xml:"instanceType"`
	Launched         wire.Time                `xml:"launchTime"`
	Placement        placementItem            `xml:"placement"`
	Platform         string                   `xml:"platform,omitempty"`
	Monitoring       stateItem                `xml:"monitoring"`
	SubnetID         string                   `xml:"subnetId,omitempty"`
	VPCID            string                   `xml:"vpcId,omitempty"`
	PrivateIP        string                   `xml:"privateIpAddress,omitempty"`
	PublicIP         string                   `xml:"ipAddress,omitempty"`
	SourceDestCheck  bool                     `xml:"sourceDestCheck"`
	Groups           wire.Set[groupItem]      `xml:"groupSet"`
	Reason           *reasonItem              `xml:"stateReason,omitempty"`
	Architecture     string                   `xml:"architecture"`
	RootDeviceType   string                   `xml:"rootDeviceType"`
	RootDeviceName   string                   `xml:"rootDeviceName"`
	Mappings         wire.Set[attachedDevice] `xml:"blockDeviceMapping"`
	Virtualization   string                   `xml:"virtualizationType"`
	Lifecycle        string                   `xml:"instanceLifecycle,omitempty"`
	SpotRequestID    string                   `xml:"spotInstanceRequestId,omitempty"`
	ClientToken      string                   `xml:"clientToken"`
	Tags             wire.Set[tag]            `xml:"tagSet,omitempty"`
	Hypervisor       string                   `xml:"hypervisor"`
	Interfaces       wire.Set[interfaceItem]  `xml:"networkInterfaceSet"`
	Profile          *profileItem             `xml:"iamInstanceProfile,omitempty"`
	EbsOptimized     bool                     `xml:"ebsOptimized"`
	SriovSupport     string                   `xml:"sriovNetSupport,omitempty"`
	EnaSupport       bool                     `xml:"enaSupport"`
	Metadata         metadataItem             `xml:"metadataOptions"`
	BootMode         string                   `xml:"bootMode,omitempty"`
	PlatformDetails  string                   `xml:"platformDetails"`
	UsageOperation   string                   `xml:"usageOperation"`
	Enclave          enclaveItem              `xml:"enclaveOptions"`
	Capacity         capacityItem             `xml:"capacityReservationSpecification"`
	Licenses         wire.Set[licenseItem]    `xml:"licenseSet,omitempty"`
}

type enclaveItem struct {
	Enabled bool `xml:"enabled"`
}

type capacityItem struct {
	Preference string `xml:"capacityReservationPreference"`
}

type licenseItem struct {
	ARN string `xml:"licenseConfigurationArn"`
}

type placementItem struct {
	Zone    string `xml:"availabilityZone"`
	Group   string `xml:"groupName"`
	Tenancy string `xml:"tenancy"`
}

type stateItem struct {
	State string `xml:"state"`
}

type profileItem struct {
	ARN string `xml:"arn"`
	ID  string `xml:"id"`
}

type attachedDevice struct {
	Device string       `xml:"deviceName"`
	EBS    attachedDisk `xml:"ebs"`
}

type attachedDisk struct {
	VolumeID            string    `xml:"volumeId"`
	Status              string    `xml:"status"`
	Attached            wire.Time `xml:"attachTime"`
	DeleteOnTermination bool      `xml:"deleteOnTermination"`
}

type interfaceItem struct {
	ID              string              `xml:"networkInterfaceId"`
	SubnetID        string              `xml:"subnetId"`
	VPCID           string              `xml:"vpcId"`
	Description     string              `xml:"description"`
	Owner           string              `xml:"ownerId"`
	Status          string              `xml:"status"`
	MAC             string              `xml:"macAddress"`
	PrivateIP       string              `xml:"privateIpAddress"`
	SourceDestCheck bool                `xml:"sourceDestCheck"`
	Groups          wire.Set[groupItem] `xml:"groupSet"`
	Attachment      interfaceAttachment `xml:"attachment"`
	Association     *associationItem    `xml:"association,omitempty"`
	Type            string              `xml:"interfaceType"`
}

type interfaceAttachment struct {
	DeviceIndex         int       `xml:"deviceIndex"`
	Status              string    `xml:"status"`
	Attached            wire.Time `xml:"attachTime"`
	DeleteOnTermination bool      `xml:"deleteOnTermination"`
}

type associationItem struct {
	PublicIP  string `xml:"publicIp"`
	PublicDNS string `xml:"publicDnsName"`
	Owner     string `xml:"ipOwnerId"`
}

func interfaceView(c *action.Call, i *world.Instance, publicIP string) interfaceItem {
	item := interfaceItem{
		ID: i.InterfaceID, SubnetID: i.SubnetID, VPCID: i.VPCID, Owner: c.Account, Status: "in-use", MAC: macOf(i.InterfaceID), PrivateIP: i.PrivateIP,
		SourceDestCheck: true, Groups: groupItems(c.Mine(), i.SecurityGroups), Type: "interface",
		Attachment: interfaceAttachment{Status: "attached", Attached: wire.Time(i.Launched), DeleteOnTermination: true},
	}
	if publicIP != "" {
		item.Association = &associationItem{PublicIP: publicIP, Owner: "amazon"}
	}
	return item
}

type metadataItem struct {
	State    string `xml:"state"`
	Tokens   string `xml:"httpTokens"`
	HopLimit int64  `xml:"httpPutResponseHopLimit"`
	Endpoint string `xml:"httpEndpoint"`
	Tags     string `xml:"instanceMetadataTags"`
}

func instanceView(c *action.Call, i *world.Instance) instanceItem {
	mine := c.Mine()
	item := instanceItem{
		ID: i.ID, ImageID: i.ImageID, State: stateOf(i.State), KeyName: i.KeyName, Type: i.Type, Launched: wire.Time(i.Launched),
		Placement: placementItem{Zone: i.AvailabilityZone, Tenancy: i.Tenancy}, Platform: i.Platform, Monitoring: stateItem{State: i.MonitoringState},
		SourceDestCheck: true, Architecture: i.Architecture, RootDeviceType: "ebs", RootDeviceName: i.RootDeviceName, Virtualization: i.VirtualizationType,
		Lifecycle: i.Lifecycle, SpotRequestID: i.SpotRequestID, ClientToken: i.ClientToken, Tags: tagSet(seenTags(c, i.ID, mine.TagsOf(i.ID))), Hypervisor: "xen", EbsOptimized: i.EbsOptimized,
		SriovSupport: i.SriovSupport, EnaSupport: i.EnaSupport, BootMode: i.BootMode, PlatformDetails: i.PlatformDetails, UsageOperation: i.UsageOperation,
		Metadata: metadataItemOf(i),
	}
	item.Enclave, item.Capacity = enclaveItem{i.Enclave}, capacityItem{first(i.CapacityPreference, "open")}
	for _, arn := range i.Licenses {
		item.Licenses = append(item.Licenses, licenseItem{arn})
	}
	if i.Reason.Code != "" {
		item.Reason = &reasonItem{Code: i.Reason.Code, Message: i.Reason.Message}
		if i.Reason.Code != "Client.InstanceInitiatedShutdown" {
			item.TransitionReason = "User initiated (" + i.Launched.Format("2006-01-02 15:04:05 GMT") + ")"
		}
	}
	if i.Profile != "" {
		item.Profile = &profileItem{ARN: i.Profile, ID: "AIPA" + i.Profile[max(0, len(i.Profile)-4):]}
	}
	if i.State == world.StateTerminated || i.State == world.StateShuttingDown {
		return item // EC2 forgets addresses and interfaces of an instance that ends
	}
	item.PrivateDNS = privateName(c.Region, i.PrivateIP)
	item.SubnetID, item.VPCID, item.PrivateIP, item.PublicIP = i.SubnetID, i.VPCID, i.PrivateIP, i.PublicIP
	if i.State == world.StateStopped {
		item.PublicIP = ""
	}
	item.Groups = groupItems(mine, i.SecurityGroups)
	item.Interfaces = wire.Set[interfaceItem]{interfaceView(c, i, item.PublicIP)}
	item.Mappings = attachedDevices(mine, i)
	return item
}

func groupItems(r *world.Region, ids []string) wire.Set[groupItem] {
	var set wire.Set[groupItem]
	for _, id := range ids {
		if g := r.SecurityGroups[id]; g != nil {
			set = append(set, groupItem{ID: id, Name: g.Name})
		}
	}
	return set
}

func attachedDevices(r *world.Region, i *world.Instance) wire.Set[attachedDevice] {
	var set wire.Set[attachedDevice]
	for _, device := range sortedKeys(i.Devices) {
		if v := r.Volumes[i.Devices[device]]; v != nil {
			set = append(set, attachedDevice{Device: device, EBS: attachedDisk{
				VolumeID: v.ID, Status: "attached", Attached: wire.Time(attachedAt(v)), DeleteOnTermination: v.DeleteOnTermination,
			}})
		}
	}
	return set
}

func reservationOf(c *action.Call, id string) *reservation {
	out := &reservation{ID: id, Owner: c.Account}
	for _, i := range c.Mine().Instances {
		if i.ReservationID == id {
			out.Instances = append(out.Instances, instanceView(c, i))
		}
	}
	sort.Slice(out.Instances, func(a, b int) bool { return out.Instances[a].ID < out.Instances[b].ID })
	return out
}

// forgetAfter is how long EC2 still shows a terminated instance: about an hour.
const forgetAfter = time.Hour
