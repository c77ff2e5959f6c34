package ec2

import (
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("EnableFastLaunch", enableFastLaunch)
	add("DisableFastLaunch", disableFastLaunch)
	add("DescribeFastLaunchImages", describeFastLaunchImages)
}

type fastLaunchTemplate struct {
	ID      string `q:"LaunchTemplateId" xml:"launchTemplateId,omitempty"`
	Name    string `q:"LaunchTemplateName" xml:"launchTemplateName,omitempty"`
	Version string `q:"Version" xml:"version,omitempty"`
}

type enableFastLaunchInput struct {
	ImageID     string `q:"ImageId,required"`
	Resource    string `q:"ResourceType"`
	MaxParallel *int64 `q:"MaxParallelLaunches"`
	Snapshots   struct {
		Target int64 `q:"TargetResourceCount"`
	} `q:"SnapshotConfiguration"`
	Template *fastLaunchTemplate `q:"LaunchTemplate"`
}

type fastLaunchItem struct {
	ImageID     string              `xml:"imageId"`
	Resource    string              `xml:"resourceType"`
	Target      int64               `xml:"snapshotConfiguration>targetResourceCount"`
	Template    *fastLaunchTemplate `xml:"launchTemplate,omitempty"`
	MaxParallel int64               `xml:"maxParallelLaunches"`
	OwnerID     string              `xml:"ownerId"`
	State       string              `xml:"state"`
	Reason      string              `xml:"stateTransitionReason"`
	Changed     wire.Time           `xml:"stateTransitionTime"`
}

// enableFastLaunch prepares snapshots of a private Windows image, which takes as
// long as an image does. The caller owns the image or it is shared with it; the
// setting is the image's owner's here. The defaults are five snapshots and six
// launches at a time, which is also the least (EC2 API reference).
func enableFastLaunch(c *action.Call, in *enableFastLaunchInput) (*fastLaunchItem, error) {
	image, err := readyImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	if err := in.check(c, image); err != nil {
		return nil, err
	}
	var gib int64
	for _, m := range image.Mappings {
		if m.EBS != nil {
			gib = max(gib, m.EBS.Size)
		}
	}
	f := &world.FastLaunch{
		MaxParallelLaunches: 6, TargetResourceCount: 5, ReadyAt: c.Now.Add(c.World.Delays.In(c.Region).ImageTime(gib)), Changed: c.Now,
	}
	if in.MaxParallel != nil {
		f.MaxParallelLaunches = *in.MaxParallel
	}
	if in.Snapshots.Target > 0 {
		f.TargetResourceCount = in.Snapshots.Target
	}
	if t := in.Template; t != nil {
		f.LaunchTemplateID, f.LaunchTemplateName, f.LaunchTemplateVersion = t.ID, t.Name, t.Version
	}
	image.FastLaunch = f
	item := fastLaunchItemOf(c, image)
	return &item, nil
}

// check applies the documented rules.
//
// unverified: codes and texts
func (in *enableFastLaunchInput) check(c *action.Call, image *world.Image) error {
	switch {
	case image.Platform != "windows":
		return wire.Errorf("InvalidParameterValue", "The image %s is not a Windows image. Fast launch supports Windows images only.", image.ID)
	case image.Public:
		return wire.Errorf("InvalidParameterValue", "The image %s is public. Fast launch supports private images only.", image.ID)
	case in.Resource != "" && in.Resource != "snapshot":
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for ResourceType. Valid values: snapshot", in.Resource)
	case in.MaxParallel != nil && *in.MaxParallel < 6:
		return wire.Errorf("InvalidParameterValue", "Invalid value '%d' for MaxParallelLaunches. Expecting a value of 6 or more.", *in.MaxParallel)
	case in.Template == nil:
		return nil
	case in.Template.ID == "" && in.Template.Name == "":
		return wire.Errorf("MissingParameter", "The request must contain the parameter LaunchTemplateId or LaunchTemplateName")
	case in.Template.Version == "":
		return wire.ErrMissing("LaunchTemplate.Version")
	}
	for _, t := range c.Mine().LaunchTemplates {
		if t.ID == in.Template.ID || t.Name == in.Template.Name && t.Name != "" {
			return nil
		}
	}
	return wire.Errorf("InvalidLaunchTemplateId.NotFound", "The launch template '%s' does not exist", first(in.Template.ID, in.Template.Name))
}

func fastLaunchItemOf(c *action.Call, image *world.Image) fastLaunchItem {
	f := image.FastLaunch
	item := fastLaunchItem{
		ImageID: image.ID, Resource: "snapshot", Target: f.TargetResourceCount, MaxParallel: f.MaxParallelLaunches, OwnerID: image.OwnerID,
		State: "enabling", Reason: "Client.UserInitiated - Lifecycle state changed by user", Changed: wire.Time(f.Changed),
	}
	switch {
	case !f.DisabledAt.IsZero():
		item.State = "disabling"
	case !c.Now.Before(f.ReadyAt):
		item.State, item.Changed = "enabled", wire.Time(f.ReadyAt)
	}
	if f.LaunchTemplateID != "" || f.LaunchTemplateName != "" {
		item.Template = &fastLaunchTemplate{ID: f.LaunchTemplateID, Name: f.LaunchTemplateName, Version: f.LaunchTemplateVersion}
	}
	return item
}

type disableFastLaunchInput struct {
	ImageID string `q:"ImageId,required"`
	Force   bool   `q:"Force"`
}

// disableFastLaunch ends it; while the prepared snapshots go, the image is
// disabling.
func disableFastLaunch(c *action.Call, in *disableFastLaunchInput) (*fastLaunchItem, error) {
	image, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	if !fastLaunched(image, c.Now) {
		return nil, wire.Errorf("InvalidRequest", "Fast launch is not enabled for the image %s", image.ID) // unverified: code and text
	}
	image.FastLaunch.Changed = c.Now
	image.FastLaunch.DisabledAt = c.Now.Add(c.World.Delays.In(c.Region).ImageTime(0))
	item := fastLaunchItemOf(c, image)
	return &item, nil
}

// fastLaunched tells whether the image is in any state of fast launch.
func fastLaunched(image *world.Image, now time.Time) bool {
	f := image.FastLaunch
	return f != nil && !image.Deregistered && (f.DisabledAt.IsZero() || now.Before(f.DisabledAt))
}

type describeFastLaunchInput struct {
	IDs []string `q:"ImageId"`
	described
}

type describeFastLaunchOutput struct {
	Images    wire.Set[fastLaunchItem] `xml:"fastLaunchImageSet"`
	NextToken string                   `xml:"nextToken,omitempty"`
}

func describeFastLaunchImages(c *action.Call, in *describeFastLaunchInput) (*describeFastLaunchOutput, error) {
	ids := in.IDs
	if len(ids) == 0 {
		for id := range c.Mine().Images.All() {
			ids = append(ids, id)
		}
	}
	var all []fastLaunchItem
	for _, id := range ids {
		image := c.Mine().Images.Get(id)
		if image == nil || !fastLaunched(image, c.Now) {
			continue
		}
		item := fastLaunchItemOf(c, image)
		match, err := matchAll(in.Filters, func(name string) ([]string, bool) {
			switch name {
			case "resource-type":
				return one(item.Resource)
			case "owner-id":
				return one(item.OwnerID)
			case "state":
				return one(item.State)
			case "launch-template":
				return optional(image.FastLaunch.LaunchTemplateID)
			}
			return nil, false
		})
		if err != nil {
			return nil, err
		}
		if match {
			all = append(all, item)
		}
	}
	part, next, err := page(all, in.MaxResults, in.NextToken, 1000)
	return &describeFastLaunchOutput{Images: part, NextToken: next}, err
}
