package ec2

import (
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// timestamp is the spelling of times that EC2 gives as strings.
const timestamp = "2006-01-02T15:04:05.000Z"

type imageItem struct {
	ID              string                `xml:"imageId"`
	Location        string                `xml:"imageLocation"`
	State           string                `xml:"imageState"`
	OwnerID         string                `xml:"imageOwnerId"`
	OwnerAlias      string                `xml:"imageOwnerAlias,omitempty"`
	Created         string                `xml:"creationDate"`
	Public          bool                  `xml:"isPublic"`
	ProductCodes    wire.Set[productCode] `xml:"productCodes,omitempty"`
	Architecture    string                `xml:"architecture"`
	Type            string                `xml:"imageType"`
	KernelID        string                `xml:"kernelId,omitempty"`
	RamdiskID       string                `xml:"ramdiskId,omitempty"`
	Platform        string                `xml:"platform,omitempty"`
	PlatformDetails string                `xml:"platformDetails"`
	UsageOperation  string                `xml:"usageOperation"`
	SriovSupport    string                `xml:"sriovNetSupport,omitempty"`
	EnaSupport      bool                  `xml:"enaSupport,omitempty"`
	Name            string                `xml:"name"`
	Description     string                `xml:"description,omitempty"`
	RootDeviceType  string                `xml:"rootDeviceType"`
	RootDeviceName  string                `xml:"rootDeviceName"`
	Mappings        wire.Set[mappingItem] `xml:"blockDeviceMapping"`
	Virtualization  string                `xml:"virtualizationType"`
	Hypervisor      string                `xml:"hypervisor"`
	Tags            wire.Set[tag]         `xml:"tagSet,omitempty"`
	Reason          *reasonItem           `xml:"stateReason,omitempty"`
	BootMode        string                `xml:"bootMode,omitempty"`
	TpmSupport      string                `xml:"tpmSupport,omitempty"`
	ImdsSupport     string                `xml:"imdsSupport,omitempty"`
	Deprecation     string                `xml:"deprecationTime,omitempty"`
	Protection      string                `xml:"deregistrationProtection,omitempty"`
	LastLaunched    string                `xml:"lastLaunchedTime,omitempty"`
	SourceInstance  string                `xml:"sourceInstanceId,omitempty"`
	SourceImage     string                `xml:"sourceImageId,omitempty"`
	SourceRegion    string                `xml:"sourceImageRegion,omitempty"`
	Watermarks      wire.Set[watermark]   `xml:"imageWatermarkSet,omitempty"`
	Scan            *scanItem             `xml:"scanResults,omitempty"`
	Allowed         *bool                 `xml:"imageAllowed,omitempty"`
	Types           *typeSpecItem         `xml:"instanceTypeSpecification,omitempty"`
	FreeTier        bool                  `xml:"freeTierEligible" simplified:"true for every image without product codes"`
}

type productCode struct {
	Code string `xml:"productCode"`
	Type string `xml:"type"`
}

type reasonItem struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

type mappingItem struct {
	Device      string   `xml:"deviceName"`
	VirtualName string   `xml:"virtualName,omitempty"`
	NoDevice    *string  `xml:"noDevice,omitempty"`
	EBS         *ebsItem `xml:"ebs,omitempty"`
}

// ebsItem has no key: EC2 names the key of an image's device on its snapshot only.
type ebsItem struct {
	SnapshotID          string `xml:"snapshotId,omitempty"`
	Size                int64  `xml:"volumeSize"`
	DeleteOnTermination bool   `xml:"deleteOnTermination"`
	Type                string `xml:"volumeType"`
	IOPS                int64  `xml:"iops,omitempty"`
	Throughput          int64  `xml:"throughput,omitempty"`
	Encrypted           bool   `xml:"encrypted"`
}

// itemOf is the image as the caller sees it: tags are the owner's alone, save
// those under ec2:SharedTag/, which go along with a share.
func itemOf(c *action.Call, image *world.Image) imageItem {
	state := image.State(c.Now)
	item := imageItem{
		ID: image.ID, Location: image.OwnerID + "/" + image.Name, State: state, OwnerID: image.OwnerID, OwnerAlias: image.OwnerAlias,
		Created: image.Created.Format(timestamp), Public: image.Public, ProductCodes: productCodes(image.ProductCodes), Architecture: image.Architecture,
		Type: "machine", KernelID: image.KernelID, RamdiskID: image.RamdiskID, Platform: image.Platform, PlatformDetails: image.PlatformDetails,
		UsageOperation: image.UsageOperation, SriovSupport: image.SriovSupport, EnaSupport: image.EnaSupport, Name: image.Name,
		Description: image.Description, RootDeviceType: "ebs", RootDeviceName: image.RootDeviceName, Virtualization: image.VirtualizationType,
		Hypervisor: "xen", BootMode: image.BootMode, TpmSupport: image.TpmSupport, ImdsSupport: image.ImdsSupport,
		SourceInstance: image.SourceInstanceID, SourceImage: image.SourceImageID, SourceRegion: image.SourceImageRegion,
		Tags: tagSet(imageTags(c, image)), Mappings: mappingItems(image.Mappings, state == "pending"),
		Watermarks: watermarksOf(c, image), Types: typeSpecOf(c, image), Scan: scanOf(c, image),
		FreeTier: len(image.ProductCodes) == 0,
	}
	if c.Mine().Allowed.State != "" {
		allowed := allowedImage(c, image)
		item.Allowed = &allowed
	}
	if c.World.HiddenDevices(image.ID) {
		item.Mappings = nil
	}
	if state == "failed" {
		item.Reason = &reasonItem{Code: image.Failure.Code, Message: image.Failure.Message}
	}
	if !image.DeprecateAt.IsZero() {
		item.Deprecation = image.DeprecateAt.Format(timestamp)
	}
	if image.OwnerID == c.Account {
		item.Protection = first(image.Protection, "disabled")
		if !image.LastLaunched.IsZero() {
			item.LastLaunched = image.LastLaunched.Format(timestamp)
		}
	}
	return item
}

func productCodes(codes []string) wire.Set[productCode] {
	set := make(wire.Set[productCode], 0, len(codes))
	for _, code := range codes {
		set = append(set, productCode{Code: code, Type: "marketplace"})
	}
	return set
}

// sharedTag is the prefix of the tags that everyone sees with whom an image is
// shared.
const sharedTag = "ec2:SharedTag/"

func imageTags(c *action.Call, image *world.Image) map[string]string {
	tags := seenTags(c, image.ID, c.World.Region(image.OwnerID, image.Region).TagsOf(image.ID))
	if image.OwnerID == c.Account {
		return tags
	}
	seen := map[string]string{}
	for k, v := range tags {
		if strings.HasPrefix(k, sharedTag) {
			seen[k] = v
		}
	}
	return seen
}

// mappingItems writes block devices. While an image is pending, EC2 does not name
// its snapshots yet.
func mappingItems(mappings []world.Mapping, pending bool) wire.Set[mappingItem] {
	set := make(wire.Set[mappingItem], 0, len(mappings))
	for _, m := range mappings {
		item := mappingItem{Device: m.Device, VirtualName: m.VirtualName}
		if m.NoDevice {
			item.NoDevice = new(string)
		}
		if m.EBS != nil {
			item.EBS = &ebsItem{
				SnapshotID: m.EBS.SnapshotID, Size: m.EBS.Size, DeleteOnTermination: m.EBS.DeleteOnTermination, Type: m.EBS.Type,
				IOPS: m.EBS.IOPS, Throughput: m.EBS.Throughput, Encrypted: m.EBS.Encrypted,
			}
			if pending {
				item.EBS.SnapshotID = ""
			}
		}
		set = append(set, item)
	}
	return set
}
