package ec2

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("CopyImage", copyImage) }

type copyImageInput struct {
	Name          string             `q:"Name,required"`
	SourceImageID string             `q:"SourceImageId,required"`
	SourceRegion  string             `q:"SourceRegion,required"`
	Description   string             `q:"Description"`
	Token         string             `q:"ClientToken"`
	CopyTags      bool               `q:"CopyImageTags"`
	Encrypted     *bool              `q:"Encrypted"`
	KMSKeyID      string             `q:"KmsKeyId"`
	Minutes       *int64             `q:"SnapshotCopyCompletionDurationMinutes"`
	Tags          []tagSpecification `q:"TagSpecification"`
}

// maxImageCopies is how many copies of images may be in progress per destination
// Region (EC2 User Guide, "Copy an AMI").
const maxImageCopies = 100

// copyImage copies an image into the Region of the call. Names need not be unique.
// Keys are looked at late: a copy whose key cannot be used is accepted and fails.
func copyImage(c *action.Call, in *copyImageInput) (*imageMade, error) {
	mine := c.Mine()
	if earlier, err := tokenResult(c, "CopyImage", in.Token); err != nil {
		return nil, err
	} else if earlier != "" {
		return &imageMade{ImageID: earlier}, nil
	}
	source, err := in.check(c)
	if err != nil {
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
	if copiesInProgress(c) >= maxImageCopies {
		// The limit is documented; code and text are those of snapshot copies.
		return nil, wire.Errorf("ResourceLimitExceeded", "Too many image copies in progress. The limit is %d for this destination region.", maxImageCopies)
	}
	if in.CopyTags {
		kept := copiedTags(c, source)
		maps.Copy(kept, imageTags)
		imageTags = kept
	}
	image := in.image(c, source)
	if err := in.copyDevices(c, image, source, snapshotTags); err != nil {
		return nil, err
	}
	mine.Images.Put(image.ID, image)
	c.World.SetWatermarks(image, c.World.Watermarks(source))
	mine.SetTags(image.ID, imageTags)
	rememberToken(c, mine, "CopyImage", in.Token, image.ID)
	return &imageMade{ImageID: image.ID}, nil
}

// check finds the source and applies what EC2 refuses at once.
func (in *copyImageInput) check(c *action.Call) (*world.Image, error) {
	if err := checkImageName(in.Name); err != nil {
		return nil, err
	}
	if err := checkCompletion("SnapshotCopyCompletionDurationMinutes", in.Minutes); err != nil {
		return nil, err
	}
	if in.KMSKeyID != "" && (in.Encrypted == nil || !*in.Encrypted) {
		return nil, wire.Errorf("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
	}
	if !world.RegionExists(in.SourceRegion) {
		return nil, wire.Errorf("InvalidRequest", "The source Region %s is invalid", in.SourceRegion) // unverified: text
	}
	if err := checkImageID(in.SourceImageID); err != nil {
		return nil, err
	}
	source := c.World.FindImage(in.SourceRegion, in.SourceImageID)
	if source == nil {
		return nil, errNoImage(in.SourceImageID)
	}
	if err := copyable(c, source); err != nil {
		return nil, err
	}
	if state := source.State(c.Now); state != "available" {
		return nil, errImageState(source.ID, state)
	}
	if in.Encrypted == nil || *in.Encrypted {
		return source, nil
	}
	for _, s := range sourceSnapshots(c, source) {
		if s.Encrypted {
			return nil, wire.Errorf("InvalidRequest", "Snapshot %s is encrypted. Creating unencrypted copy from an encrypted snapshot is not supported", s.ID)
		}
	}
	return source, nil
}

// copyable is who may copy: the owner, and whoever may make volumes of every
// snapshot, if no product or billing code forbids it. A share of the image alone
// is not enough.
func copyable(c *action.Call, source *world.Image) error {
	if source.OwnerID == c.Account {
		return nil
	}
	if source.VisibleTo(c.Account) {
		if err := freeOfCodes(source); err != nil {
			return err
		}
	}
	for _, s := range sourceSnapshots(c, source) {
		if !c.World.MayUse(s, c.Account) {
			if !source.VisibleTo(c.Account) {
				return errNoImage(source.ID)
			}
			return errStorage()
		}
		if key := snapshotKey(c, s); key != nil && key.Manager == world.ManagedByAWS {
			return errStorage()
		}
	}
	return freeOfCodes(source)
}

// freeOfCodes refuses what nobody but the owner may copy.
func freeOfCodes(source *world.Image) error {
	if len(source.ProductCodes) > 0 {
		return wire.Errorf("InvalidRequest", "Images from AWS Marketplace cannot be copied to another AWS account")
	}
	if source.UsageOperation != "RunInstances" {
		return wire.Errorf("InvalidRequest", "Images with EC2 BillingProduct codes cannot be copied to another AWS account")
	}
	return nil
}

func errStorage() error {
	return wire.Errorf("InvalidRequest", "You do not have permission to access the storage of this ami")
}

func sourceSnapshots(c *action.Call, source *world.Image) []*world.Snapshot {
	var all []*world.Snapshot
	for _, id := range source.SnapshotIDs() {
		if s := c.World.FindSnapshot(source.Region, id); s != nil {
			all = append(all, s)
		}
	}
	return all
}

// snapshotKey is the key of an encrypted snapshot, or nil.
func snapshotKey(c *action.Call, s *world.Snapshot) *world.Key {
	if !s.Encrypted {
		return nil
	}
	return c.World.FindKey(s.OwnerID, s.Region, s.KMSKeyARN)
}

// checkCompletion is the rule of time-based copies: 15 minutes to 48 hours in
// steps of 15 minutes.
func checkCompletion(param string, minutes *int64) error {
	if minutes == nil || *minutes >= 15 && *minutes <= 2880 && *minutes%15 == 0 {
		return nil
	}
	return wire.Errorf("InvalidParameterValue", "Value (%d) for parameter %s is invalid. The value must be between 15 and 2880 in increments of 15.", *minutes, param)
}

func copiesInProgress(c *action.Call) int {
	n := 0
	for _, image := range c.Mine().Images.Live() {
		if image.SourceImageID != "" && image.SourceInstanceID == "" && image.State(c.Now) == "pending" {
			n++
		}
	}
	return n
}

// copiedTags are the tags that CopyImageTags takes along: the caller's own, and of
// another account's image those that it shares.
func copiedTags(c *action.Call, source *world.Image) map[string]string {
	tags := map[string]string{}
	if !source.VisibleTo(c.Account) {
		return tags
	}
	for k, v := range imageTags(c, source) {
		if !strings.HasPrefix(k, "aws:") {
			tags[k] = v
		}
	}
	return tags
}

// image is the copy without its devices. Launch permissions, deprecation,
// protection and fast launch stay behind.
func (in *copyImageInput) image(c *action.Call, source *world.Image) *world.Image {
	image := *source
	image.ID, image.Name, image.Description = c.World.NewID("ami"), in.Name, in.Description
	image.OwnerID, image.OwnerAlias, image.Region = c.Account, "", c.Region
	image.Created = c.Now.Truncate(time.Second)
	image.SourceImageID, image.SourceImageRegion, image.SourceInstanceID = source.ID, source.Region, ""
	image.Mappings, image.ProductCodes = nil, slices.Clone(source.ProductCodes)
	image.Flaps = nil
	image.Permissions, image.Public, image.FastLaunch = nil, false, nil
	image.DeprecateAt, image.ProtectedUntil, image.LastLaunched, image.Protection = time.Time{}, time.Time{}, time.Time{}, "disabled"
	return &image
}

// copyDevices copies every snapshot of the source. The image is ready when the
// largest is; it fails as soon as one of them fails.
func (in *copyImageInput) copyDevices(c *action.Call, image, source *world.Image, tags map[string]string) error {
	image.ReadyAt = c.Now.Add(c.World.Delays.In(c.Region).CopyTime(0))
	latest := image.ReadyAt
	var made []*world.Snapshot
	for _, m := range source.Mappings {
		if m.EBS != nil {
			volume := *m.EBS
			m.EBS = &volume
		}
		if m.EBS != nil && m.EBS.SnapshotID != "" {
			from := c.World.FindSnapshot(source.Region, m.EBS.SnapshotID)
			s, err := copyOf(c, from, in.Encrypted, in.KMSKeyID)
			s.Description = "Copied for DestinationAmi " + image.ID + " from SourceAmi " + source.ID + " for SourceSnapshot " + m.EBS.SnapshotID + "."
			if err := setCompletion(c, s, in.Minutes); err != nil {
				return err
			}
			m.EBS.SnapshotID, m.EBS.Encrypted = s.ID, s.Encrypted
			if s.ReadyAt.After(latest) {
				latest = s.ReadyAt
			}
			s.OfImage = true
			in.failed(image, err)
			made = append(made, s)
		}
		image.Mappings = append(image.Mappings, m)
	}
	if image.Failure == nil {
		image.ReadyAt = latest
	}
	for _, s := range made {
		c.Mine().Snapshots.Put(s.ID, s)
		c.Mine().SetTags(s.ID, tags)
	}
	return nil
}

func (in *copyImageInput) failed(image *world.Image, err error) {
	var bad *keyError
	switch {
	case err == nil || image.Failure != nil:
	case errors.As(err, &bad):
		reason := bad.Reason
		image.Failure = &reason
	default:
		image.Failure = &world.Reason{Code: "Client.InternalError", Message: "Copy image failed with an internal error"}
	}
}
