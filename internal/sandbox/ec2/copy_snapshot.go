package ec2

import (
	"errors"
	"regexp"
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("CopySnapshot", copySnapshot) }

type copySnapshotInput struct {
	SourceRegion      string             `q:"SourceRegion"`
	SourceSnapshotID  string             `q:"SourceSnapshotId,required"`
	Description       string             `q:"Description"`
	Encrypted         *bool              `q:"Encrypted"`
	KMSKeyID          string             `q:"KmsKeyId"`
	Minutes           *int64             `q:"CompletionDurationMinutes"`
	DestinationRegion string             `q:"DestinationRegion"`
	PresignedURL      string             `q:"PresignedUrl"`
	Tags              []tagSpecification `q:"TagSpecification"`
}

type copySnapshotOutput struct {
	ID   string        `xml:"snapshotId"`
	Tags wire.Set[tag] `xml:"tagSet,omitempty"`
}

// maxSnapshotCopies is how many copies of snapshots may be in progress per
// destination Region (EBS User Guide, "Copy a snapshot").
const maxSnapshotCopies = 20

// copySnapshot accepts nearly everything and lets the copy fail later: a source
// that is missing, not shared or not complete, and a key that cannot be used. At
// once it refuses a key that is disabled or cannot be a key. There is no client
// token: the same call twice makes two copies.
func copySnapshot(c *action.Call, in *copySnapshotInput) (*copySnapshotOutput, error) {
	if err := in.check(c); err != nil {
		return nil, err
	}
	tags, err := tagsFor(in.Tags, "snapshot")
	if err != nil {
		return nil, err
	}
	from := c.World.FindSnapshot(in.SourceRegion, in.SourceSnapshotID)
	if from != nil && !c.World.MayUse(from, c.Account) {
		from = nil
	}
	s, err := copyOf(c, from, in.Encrypted, in.KMSKeyID)
	var bad *keyError
	if errors.As(err, &bad) && bad.Reason.Message != keyInaccessible {
		return nil, bad.refusal
	}
	if from == nil {
		s.SourceID, s.SourceRegion = in.SourceSnapshotID, in.SourceRegion
	}
	s.Description = first(in.Description, "[Copied "+in.SourceSnapshotID+" from "+in.SourceRegion+"]")
	if err := setCompletion(c, s, in.Minutes); err != nil {
		return nil, err
	}
	c.Mine().Snapshots.Put(s.ID, s)
	c.Mine().SetTags(s.ID, tags)
	return &copySnapshotOutput{ID: s.ID, Tags: tagSet(tags)}, nil
}

// keyForm is what can be a key: an id, an alias, or the ARN of one.
var keyForm = regexp.MustCompile(`^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+|alias/.+|(mrk-)?[0-9a-f-]{32,36})$`)

func (in *copySnapshotInput) check(c *action.Call) error {
	if in.SourceRegion == "" { // a client's mistake that the service answers with 500, always
		return wire.Errorf("InternalError", "An internal error has occurred").WithStatus(500)
	}
	if err := checkSnapshotID(in.SourceSnapshotID); err != nil {
		return err
	}
	if err := checkCompletion("CompletionDurationMinutes", in.Minutes); err != nil {
		return err
	}
	switch {
	case in.DestinationRegion != "" && in.DestinationRegion != c.Region:
		return wire.Errorf("InvalidParameter", "The destination Region %s is not the Region of the call, %s", in.DestinationRegion, c.Region) // unverified: text
	case in.Encrypted != nil && !*in.Encrypted:
		return wire.Errorf("InvalidParameterValue", "Value (false) for parameter Encrypted is invalid. Omit it to keep the encryption of the source.") // unverified: text
	case in.KMSKeyID != "" && in.Encrypted == nil:
		return wire.Errorf("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
	case in.KMSKeyID != "" && !keyForm.MatchString(in.KMSKeyID):
		return wire.Errorf("InvalidParameterValue", "The specified keyId %s is invalid", in.KMSKeyID)
	}
	n := 0
	for _, s := range c.Mine().Snapshots.Live() {
		if s.SourceID != "" && !s.OfImage && s.State(c.Now) == "pending" {
			n++
		}
	}
	if n >= maxSnapshotCopies {
		return wire.Errorf("ResourceLimitExceeded", "Too many snapshot copies in progress. The limit is %d for this destination region.", maxSnapshotCopies)
	}
	return nil
}

// copyOf is a copy of a snapshot in the Region of the call, and in error what it
// will fail for. from is nil for a source that the caller cannot read.
func copyOf(c *action.Call, from *world.Snapshot, encrypted *bool, keyID string) (*world.Snapshot, error) {
	delays := c.World.Delays.In(c.Region)
	s := &world.Snapshot{
		ID: c.World.NewID("snap"), OwnerID: c.Account, Region: c.Region, VolumeID: "vol-ffffffff", Started: c.Now,
		ReadyAt: c.Now.Add(delays.CopyTime(0)), TransferType: "standard",
	}
	switch {
	case from == nil:
		s.Failure = "Source snapshot is not found."
		return s, errors.New(s.Failure)
	case from.State(c.Now) != "completed":
		s.SourceID, s.SourceRegion, s.Failure = from.ID, from.Region, "Source snapshot is not complete"
		return s, errors.New(s.Failure)
	}
	s.SourceID, s.SourceRegion, s.Size, s.Bytes = from.ID, from.Region, from.Size, from.Bytes
	key, err := copyKey(c, from, encrypted, keyID)
	if err != nil {
		s.Failure = keyInaccessible
		return s, err
	}
	if key != nil {
		s.Encrypted, s.KMSKeyARN = true, key.ARN
	}
	s.Layers, s.ReadyAt = slices.Clone(from.Layers), c.Now.Add(delays.CopyTime(from.Size))
	s.Platform, s.PlatformDetails, s.UsageOperation = from.Platform, from.PlatformDetails, from.UsageOperation
	s.ProductCodes, s.DefaultUser = slices.Clone(from.ProductCodes), from.DefaultUser
	return s, nil
}

// copyKey is the key of a copy, or nil for a plain one. Without a word the state is
// kept: an own source in the same Region keeps its key, any other encrypted source
// gets the default key of the destination. Reading an encrypted source needs its
// key too.
func copyKey(c *action.Call, from *world.Snapshot, encrypted *bool, keyID string) (*world.Key, error) {
	if from.Encrypted {
		keeps := keyID == "" && from.Region == c.Region && from.OwnerID == c.Account
		key, err := usableKey(c, from.Region, from.KMSKeyARN, reading(keeps))
		if err != nil || keeps {
			return key, err
		}
	}
	switch {
	case keyID != "":
		return usableKey(c, c.Region, keyID, authorize.Encrypt)
	case from.Encrypted || encrypted != nil && *encrypted || c.Mine().EncryptByDefault:
		return usableKey(c, c.Region, defaultKey(c, c.Region).ARN, authorize.Encrypt)
	}
	return nil, nil //nolint:nilnil // no key is an answer: the copy is plain
}
