package ec2

import (
	"encoding/base64"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("GetLaunchTemplateData", getLaunchTemplateData) }

// templateDataItem is what a version of a template holds.
type templateDataItem struct {
	ImageID      string                      `xml:"imageId,omitempty"`
	Type         string                      `xml:"instanceType,omitempty"`
	KeyName      string                      `xml:"keyName,omitempty"`
	UserData     string                      `xml:"userData,omitempty"`
	KernelID     string                      `xml:"kernelId,omitempty"`
	RamdiskID    string                      `xml:"ramDiskId,omitempty"`
	EbsOptimized bool                        `xml:"ebsOptimized,omitempty" simplified:"false is not told from absent"`
	Shutdown     string                      `xml:"instanceInitiatedShutdownBehavior,omitempty"`
	NoTerminate  bool                        `xml:"disableApiTermination,omitempty" simplified:"false is not told from absent"`
	NoStop       bool                        `xml:"disableApiStop,omitempty" simplified:"false is not told from absent"`
	GroupIDs     wire.Set[string]            `xml:"securityGroupIdSet,omitempty"`
	Groups       wire.Set[string]            `xml:"securityGroupSet,omitempty"`
	Mappings     wire.Set[templateMapping]   `xml:"blockDeviceMappingSet,omitempty"`
	Interfaces   wire.Set[templateInterface] `xml:"networkInterfaceSet,omitempty"`
	Tags         wire.Set[templateTags]      `xml:"tagSpecificationSet,omitempty"`
	Profile      *templateProfile            `xml:"iamInstanceProfile,omitempty"`
	Placement    *templatePlacement          `xml:"placement,omitempty"`
	Monitoring   *templateEnabled            `xml:"monitoring,omitempty"`
	Metadata     *templateMetadata           `xml:"metadataOptions,omitempty"`
	Market       *templateMarket             `xml:"instanceMarketOptions,omitempty"`
}

type templateMapping struct {
	Device      string       `xml:"deviceName"`
	VirtualName string       `xml:"virtualName,omitempty"`
	NoDevice    *string      `xml:"noDevice,omitempty"`
	EBS         *templateEBS `xml:"ebs,omitempty"`
}

type templateEBS struct {
	SnapshotID          string `xml:"snapshotId,omitempty"`
	Size                int64  `xml:"volumeSize,omitempty"`
	Type                string `xml:"volumeType,omitempty"`
	IOPS                int64  `xml:"iops,omitempty"`
	Throughput          int64  `xml:"throughput,omitempty"`
	Encrypted           *bool  `xml:"encrypted,omitempty"`
	KMSKeyID            string `xml:"kmsKeyId,omitempty"`
	DeleteOnTermination *bool  `xml:"deleteOnTermination,omitempty"`
}

type templateInterface struct {
	DeviceIndex         int64    `xml:"deviceIndex"`
	SubnetID            string   `xml:"subnetId,omitempty"`
	AssociatePublicIP   *bool    `xml:"associatePublicIpAddress,omitempty"`
	DeleteOnTermination *bool    `xml:"deleteOnTermination,omitempty"`
	Description         string   `xml:"description,omitempty"`
	GroupIDs            []string `xml:"groupSet>groupId,omitempty"`
}

type templateTags struct {
	ResourceType string        `xml:"resourceType"`
	Tags         wire.Set[tag] `xml:"tagSet"`
}

type templateProfile struct {
	ARN  string `xml:"arn,omitempty"`
	Name string `xml:"name,omitempty"`
}

type templatePlacement struct {
	Zone    string `xml:"availabilityZone,omitempty"`
	Tenancy string `xml:"tenancy,omitempty"`
}

type templateEnabled struct {
	Enabled bool `xml:"enabled"`
}

type templateMetadata struct {
	Endpoint string `xml:"httpEndpoint,omitempty"`
	Tokens   string `xml:"httpTokens,omitempty"`
	HopLimit *int64 `xml:"httpPutResponseHopLimit,omitempty"`
	Tags     string `xml:"instanceMetadataTags,omitempty"`
}

type templateMarket struct {
	Type string          `xml:"marketType"`
	Spot *templateMaxBid `xml:"spotOptions,omitempty"`
}

type templateMaxBid struct {
	MaxPrice string `xml:"maxPrice,omitempty"`
	Type     string `xml:"spotInstanceType,omitempty"`
}

func templateDataOf(d launchData) templateDataItem {
	item := templateDataItem{
		ImageID: d.ImageID, Type: d.Type, KeyName: d.KeyName, UserData: d.UserData, KernelID: d.KernelID, RamdiskID: d.RamdiskID,
		EbsOptimized: d.EbsOptimized, Shutdown: d.ShutdownBehavior, NoTerminate: d.DisableAPIEnd, NoStop: d.DisableAPIStop,
		GroupIDs: d.GroupIDs, Groups: d.Groups,
	}
	for _, m := range d.Mappings {
		mapping := templateMapping{Device: m.Device, VirtualName: m.VirtualName, NoDevice: m.NoDevice}
		if e := m.EBS; e != nil {
			mapping.EBS = &templateEBS{
				SnapshotID: e.SnapshotID, Size: e.Size, Type: e.Type, IOPS: e.IOPS, Throughput: e.Throughput, Encrypted: e.Encrypted,
				KMSKeyID: e.KMSKeyID, DeleteOnTermination: e.DeleteOnTermination,
			}
		}
		item.Mappings = append(item.Mappings, mapping)
	}
	for _, i := range d.Interfaces {
		item.Interfaces = append(item.Interfaces, templateInterface{
			DeviceIndex: i.DeviceIndex, SubnetID: i.SubnetID, AssociatePublicIP: i.AssociatePublicIP, DeleteOnTermination: i.DeleteOnTermination,
			Description: i.Description, GroupIDs: i.GroupIDs,
		})
	}
	for _, t := range d.Tags {
		item.Tags = append(item.Tags, templateTags{ResourceType: t.ResourceType, Tags: t.Tags})
	}
	item.setOptions(d)
	return item
}

// setOptions sets the structures that are there only where something was said.
func (item *templateDataItem) setOptions(d launchData) {
	if d.Profile.ARN != "" || d.Profile.Name != "" {
		item.Profile = &templateProfile{ARN: d.Profile.ARN, Name: d.Profile.Name}
	}
	if d.Placement.Zone != "" || d.Placement.Tenancy != "" {
		item.Placement = &templatePlacement{Zone: d.Placement.Zone, Tenancy: d.Placement.Tenancy}
	}
	if d.Monitoring.Enabled {
		item.Monitoring = &templateEnabled{Enabled: true}
	}
	if m := d.Metadata; m.Endpoint != "" || m.Tokens != "" || m.HopLimit != nil || m.Tags != "" {
		item.Metadata = &templateMetadata{Endpoint: m.Endpoint, Tokens: m.Tokens, HopLimit: m.HopLimit, Tags: m.Tags}
	}
	if d.Market.Type != "" {
		item.Market = &templateMarket{Type: d.Market.Type}
		if s := d.Market.Spot; s.MaxPrice != "" || s.Type != "" {
			item.Market.Spot = &templateMaxBid{MaxPrice: s.MaxPrice, Type: s.Type}
		}
	}
}

type launchTemplateData struct {
	Data templateDataItem `xml:"launchTemplateData"`
}

type instanceOnly struct {
	ID string `q:"InstanceId,required"`
}

// getLaunchTemplateData gives an instance as the data of a launch template would.
func getLaunchTemplateData(c *action.Call, in *instanceOnly) (*launchTemplateData, error) {
	found, err := findInstances(c, []string{in.ID})
	if err != nil {
		return nil, err
	}
	i, mine := found[0], c.Mine()
	item := templateDataItem{
		ImageID: i.ImageID, Type: i.Type, KeyName: i.KeyName, EbsOptimized: i.EbsOptimized, Shutdown: i.ShutdownBehavior,
		UserData: base64.StdEncoding.EncodeToString(i.UserData), Placement: &templatePlacement{Zone: i.AvailabilityZone, Tenancy: i.Tenancy},
		Monitoring: &templateEnabled{Enabled: i.MonitoringState == "enabled"}, Metadata: &templateMetadata{
			Endpoint: i.MetadataOptions.HTTPEndpoint, Tokens: i.MetadataOptions.HTTPTokens, HopLimit: &i.MetadataOptions.HopLimit,
			Tags: i.MetadataOptions.InstanceMetadataTags,
		},
		Interfaces: wire.Set[templateInterface]{{SubnetID: i.SubnetID, GroupIDs: i.SecurityGroups}},
	}
	if i.Profile != "" {
		item.Profile = &templateProfile{ARN: i.Profile}
	}
	if tags := tagSet(mine.TagsOf(i.ID)); len(tags) > 0 {
		item.Tags = wire.Set[templateTags]{{ResourceType: "instance", Tags: tags}}
	}
	for _, device := range sortedKeys(i.Devices) {
		if v := mine.Volumes[i.Devices[device]]; v != nil {
			item.Mappings = append(item.Mappings, mappingOfVolume(device, v))
		}
	}
	return &launchTemplateData{Data: item}, nil
}

func mappingOfVolume(device string, v *world.Volume) templateMapping {
	return templateMapping{Device: device, EBS: &templateEBS{
		SnapshotID: v.SnapshotID, Size: v.Size, Type: v.Type, IOPS: v.IOPS, Throughput: v.Throughput, Encrypted: &v.Encrypted, KMSKeyID: v.KMSKeyARN,
		DeleteOnTermination: &v.DeleteOnTermination,
	}}
}
