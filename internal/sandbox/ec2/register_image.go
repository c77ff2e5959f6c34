package ec2

import (
	"encoding/base64"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("RegisterImage", registerImage) }

type registerImageInput struct {
	Name           string               `q:"Name,required"`
	Description    string               `q:"Description"`
	Architecture   string               `q:"Architecture"`
	RootDeviceName string               `q:"RootDeviceName"`
	Virtualization string               `q:"VirtualizationType"`
	BootMode       string               `q:"BootMode"`
	EnaSupport     bool                 `q:"EnaSupport"`
	ImdsSupport    string               `q:"ImdsSupport"`
	SriovSupport   string               `q:"SriovNetSupport"`
	TpmSupport     string               `q:"TpmSupport"`
	UefiData       string               `q:"UefiData"`
	KernelID       string               `q:"KernelId"`
	RamdiskID      string               `q:"RamdiskId"`
	Mappings       []blockDeviceMapping `q:"BlockDeviceMapping"`
	Tags           []tagSpecification   `q:"TagSpecification"`
}

// registerImage makes an image of snapshots. What nobody can set (platform, usage
// operation, product codes) follows from the root snapshot; without a word there
// the image is plain Linux. The image has no ancestry.
func registerImage(c *action.Call, in *registerImageInput) (*imageMade, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := freeImageName(c, in.Name); err != nil {
		return nil, err
	}
	tags, err := tagsFor(in.Tags, "image")
	if err != nil {
		return nil, err
	}
	image := &world.Image{
		ID: c.World.NewID("ami"), Name: in.Name, Description: in.Description, OwnerID: c.Account, Region: c.Region,
		Architecture: first(in.Architecture, "i386"), RootDeviceName: in.RootDeviceName, VirtualizationType: first(in.Virtualization, "paravirtual"),
		PlatformDetails: "Linux/UNIX", UsageOperation: "RunInstances", BootMode: in.BootMode, ImdsSupport: in.ImdsSupport, TpmSupport: in.TpmSupport,
		UefiData: in.UefiData, KernelID: in.KernelID, RamdiskID: in.RamdiskID, EnaSupport: in.EnaSupport, SriovSupport: in.SriovSupport,
		Created: c.Now.Truncate(time.Second), ReadyAt: c.Now.Add(c.World.Delays.In(c.Region).ImageTime(0)), Protection: "disabled",
	}
	for _, m := range in.Mappings {
		if err := checkRegistered(c, m); err != nil {
			return nil, err
		}
		mapping, err := newMapping(c, m)
		if err != nil {
			return nil, err
		}
		image.Mappings = append(image.Mappings, mapping)
	}
	root := c.World.FindSnapshot(c.Region, image.RootSnapshot())
	if root == nil {
		return nil, wire.Errorf("InvalidBlockDeviceMapping", "No root snapshot specified in device mapping.")
	}
	if root.UsageOperation != "" {
		image.Platform, image.PlatformDetails, image.UsageOperation = root.Platform, root.PlatformDetails, root.UsageOperation
	}
	image.ProductCodes = append([]string(nil), root.ProductCodes...)
	image.DefaultUser = root.DefaultUser
	c.Mine().Images.Put(image.ID, image)
	c.Mine().SetTags(image.ID, tags)
	return &imageMade{ImageID: image.ID}, nil
}

// checkRegistered is what RegisterImage asks of a snapshot beyond what every mapping
// must fulfil: it is the caller's own, shared is not enough, and its encryption is
// not for the call to say.
func checkRegistered(c *action.Call, m blockDeviceMapping) error {
	if m.EBS == nil || m.EBS.SnapshotID == "" {
		return nil
	}
	if m.EBS.Encrypted != nil {
		return wire.Errorf("InvalidParameter", "Parameter encrypted is invalid. You cannot specify the encrypted flag if specifying a snapshot id in a block device mapping.")
	}
	if s := c.World.FindSnapshot(c.Region, m.EBS.SnapshotID); s != nil && s.OwnerID != c.Account && c.World.MayUse(s, c.Account) {
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for snapshotId. Snapshot does not belong to %s", s.ID, c.Account)
	}
	return nil
}

func (in *registerImageInput) check() error {
	if err := checkImageName(in.Name); err != nil {
		return err
	}
	for _, v := range []struct {
		name, value string
		allowed     []string
	}{
		{"Architecture", in.Architecture, []string{"i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac"}},
		{"VirtualizationType", in.Virtualization, []string{"hvm", "paravirtual"}},
		{"ImdsSupport", in.ImdsSupport, []string{"v2.0"}},
		{"SriovNetSupport", in.SriovSupport, []string{"simple"}},
		{"TpmSupport", in.TpmSupport, []string{"v2.0"}},
	} {
		if err := oneOf(v.name, v.value, v.allowed...); err != nil {
			return err
		}
	}
	if in.TpmSupport != "" && in.BootMode != "uefi" {
		return wire.Errorf("InvalidParameterCombination", "TpmSupport requires BootMode uefi.") // unverified: text; the rule is documented
	}
	if _, err := base64.StdEncoding.DecodeString(in.UefiData); err != nil {
		return wire.Errorf("InvalidParameterValue", "Invalid value for UefiData. Expecting base64.")
	}
	if in.RootDeviceName == "" {
		return wire.Errorf("MissingParameter", "The request must contain the parameter rootDeviceName")
	}
	return checkBootMode(in.BootMode)
}

// oneOf refuses a value that is given and none of those allowed.
func oneOf(param, value string, allowed ...string) error {
	if value == "" {
		return nil
	}
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for %s.", value, param)
}
