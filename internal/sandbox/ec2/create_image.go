package ec2

import (
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("CreateImage", createImage) }

type createImageInput struct {
	InstanceID  string               `q:"InstanceId,required"`
	Name        string               `q:"Name,required"`
	Description string               `q:"Description"`
	NoReboot    bool                 `q:"NoReboot"`
	BootMode    string               `q:"BootModeOverride"`
	Location    string               `q:"SnapshotLocation"`
	Mappings    []blockDeviceMapping `q:"BlockDeviceMapping"`
	Tags        []tagSpecification   `q:"TagSpecification"`
}

type imageMade struct {
	ImageID string `xml:"imageId"`
}

// createImage makes an image of a running or stopped instance: a snapshot of each
// volume, encrypted as the volume is. A running guest is shut down for it and
// started again, unless NoReboot says otherwise.
func createImage(c *action.Call, in *createImageInput) (*imageMade, error) {
	found, err := findInstances(c, []string{in.InstanceID})
	if err != nil {
		return nil, err
	}
	i := found[0]
	if err := in.check(c, i); err != nil {
		return nil, err
	}
	if err := errNoRoot(i); err != nil {
		return nil, err
	}
	imageTags, err := tagsFor(in.Tags, "image", "snapshot")
	if err != nil {
		return nil, err
	}
	snapshotTags, err := tagsFor(in.Tags, "snapshot", "image")
	if err != nil {
		return nil, err
	}
	devices, err := imageDevices(c, i, in.Mappings)
	if err != nil {
		return nil, err
	}
	image := in.image(c, i)
	mine := c.Mine()
	for _, d := range devices {
		if d.volume != nil {
			s := snapshotOf(c, d.volume)
			s.Description = "Created by CreateImage(" + i.ID + ") for " + image.ID
			d.mapping.EBS.SnapshotID, s.Held = s.ID, true
			carryBilling(s, image)
			mine.Snapshots.Put(s.ID, s)
			mine.SetTags(s.ID, snapshotTags)
		}
		image.Mappings = append(image.Mappings, d.mapping)
	}
	mine.Images.Put(image.ID, image)
	if source := c.World.KnownImage(c.Region, i.ImageID); source != nil {
		c.World.SetWatermarks(image, c.World.Watermarks(source))
	}
	mine.SetTags(image.ID, imageTags)
	takeDisk(c, i, image, !in.NoReboot && i.State == world.StateRunning)
	return &imageMade{ImageID: image.ID}, nil
}

func (in *createImageInput) check(c *action.Call, i *world.Instance) error {
	if i.State != world.StateRunning && i.State != world.StateStopped {
		return wire.Errorf("InvalidParameterValue", "Instance is not in state 'running' or 'stopped'")
	}
	if in.Location != "" && in.Location != "regional" {
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for SnapshotLocation. Snapshots of an instance in a Region are regional.", in.Location)
	}
	if err := checkBootMode(in.BootMode); err != nil {
		return err
	}
	return freeImageName(c, in.Name)
}

func checkBootMode(mode string) error {
	switch mode {
	case "", "legacy-bios", "uefi", "uefi-preferred":
		return nil
	}
	return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for BootMode. Valid values: legacy-bios, uefi, uefi-preferred", mode)
}

// image is the new image without its devices: an instance passes on what it
// booted with, and its source image what no instance shows.
func (in *createImageInput) image(c *action.Call, i *world.Instance) *world.Image {
	image := &world.Image{
		ID: c.World.NewID("ami"), Name: in.Name, Description: in.Description, OwnerID: c.Account, Region: c.Region,
		Architecture: i.Architecture, RootDeviceName: i.RootDeviceName, VirtualizationType: i.VirtualizationType, Platform: i.Platform,
		PlatformDetails: i.PlatformDetails, UsageOperation: i.UsageOperation, BootMode: first(in.BootMode, i.BootMode),
		EnaSupport: i.EnaSupport, SriovSupport: i.SriovSupport, Created: c.Now.Truncate(time.Second), Held: true, Protection: "disabled",
		SourceInstanceID: i.ID, SourceImageID: i.ImageID, SourceImageRegion: c.Region, DefaultUser: i.DefaultUser,
	}
	if source := c.World.KnownImage(c.Region, i.ImageID); source != nil {
		image.ImdsSupport, image.TpmSupport, image.UefiData = source.ImdsSupport, source.TpmSupport, source.UefiData
		image.ProductCodes = append([]string(nil), source.ProductCodes...)
		image.KernelID, image.RamdiskID = source.KernelID, source.RamdiskID
	}
	return image
}

// carryBilling notes on a snapshot what RegisterImage later derives from it.
func carryBilling(s *world.Snapshot, image *world.Image) {
	s.Platform, s.PlatformDetails, s.UsageOperation = image.Platform, image.PlatformDetails, image.UsageOperation
	s.DefaultUser = image.DefaultUser
	s.ProductCodes = append([]string(nil), image.ProductCodes...)
}
