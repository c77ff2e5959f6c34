package distribution

import (
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Source is the image that is distributed.
type Source struct {
	Region  string
	ImageID string // may be empty for Preflight, before the image exists
}

// Spec says what must be true of the image in every Region when Execute ends.
// Its zero value asks for nothing but the verification of the source.
type Spec struct {
	// Targets are the Regions that get the image, besides the source's own.
	// A target in the source Region is met by the source itself where its
	// encryption already fits, and by a copy beside it otherwise.
	Targets []Target

	// Existing names, by Region, images that are known to be copies of the source
	// although nothing on them says so, such as those of amazon-ebs's ami_regions.
	Existing map[string]string

	// Share is applied in every Region, the source Region included.
	Share Share

	// Tags are set on each image and SnapshotTags on each snapshot, in addition
	// to the user tags of the source image, which copies inherit.
	Tags         map[string]string
	SnapshotTags map[string]string

	// CopyMinutes asks for a time-based copy: 15 minutes to 48 hours, in steps
	// of 15. 0 is an ordinary copy. It applies to copies between Regions.
	CopyMinutes int

	// DeprecateAt is rounded to the minute, as EC2 does. Where it and DeprecateAfter
	// are zero, an image with a shelf life is deprecated at its end, and any other
	// is left alone.
	DeprecateAt time.Time

	// DeprecateAfter counts from when the source image was made, so that a second
	// run finds the same date. It is for when DeprecateAt is zero.
	DeprecateAfter time.Duration

	// Protect turns deregistration protection on; nil leaves it alone.
	Protect *Protection

	// IMDSv2 makes instances of the image require IMDSv2. It cannot be undone.
	IMDSv2 bool

	// Description of every image; empty keeps the source's.
	Description string

	// ProductCodes are added to every image.
	ProductCodes []string

	// FastLaunch is turned on (Windows images only) in the Regions it names.
	FastLaunch map[string]FastLaunch

	// RunID is the run on whose behalf copies are made. It is part of the
	// idempotency token, so that a later run never gets the corpse of an earlier.
	RunID string

	// Name of every copy; empty means the name of the source image.
	Name string

	// Meta are goldenami's own facts about the image. Nil takes those that the
	// source image's tags tell, if they tell any.
	Meta *ami.Meta

	// SkipSource says that the source is an intermediary: it is read and copied,
	// but not tagged, shared, verified or kept, and has no result of its own.
	SkipSource bool

	// Timeout bounds the wait for each copy. 0 means DefaultTimeout.
	Timeout time.Duration
}

// DefaultTimeout is how long a copy may take: a cross-Region copy of a large
// image takes hours, and EC2's own upper bound for a time-based copy is 48 h.
const DefaultTimeout = 6 * time.Hour

// Target is one Region that gets the image.
type Target struct {
	Region string

	// KMSKeyID is a key id, key ARN, alias or alias ARN valid in Region. Empty
	// sends no key at all: the state of the source is kept, and where that is
	// encrypted the Region's default EBS key is used.
	KMSKeyID string

	// Encrypt forces encryption with the default EBS key where no key is given.
	// Nil keeps the state of the source. False is the same, since EC2 cannot
	// make an unencrypted copy of an encrypted image.
	Encrypt *bool
}

// Share lists who may use the image. Sharing only adds; it takes nothing away.
type Share struct {
	Accounts []string // may launch the image; 12 digits each
	Groups   []string // "all" makes the image public
	OrgARNs  []string // organizations, by ARN
	OUARNs   []string // organizational units, by ARN

	SnapshotAccounts []string // may make volumes of, and copy, every snapshot
	SnapshotGroups   []string // "all" makes the snapshots public
}

// Protection is deregistration protection.
type Protection struct {
	Cooldown bool // stays effective for 24 h after it was turned off
}

// FastLaunch holds the settings of EC2 Fast Launch in one Region. Zero values
// leave the choice to EC2.
type FastLaunch struct {
	MaxParallelLaunches int // at least 6, says EC2
	TargetResourceCount int // snapshots to hold ready

	TemplateID      string // a launch template, by id or by name
	TemplateName    string
	TemplateVersion string
}

// Result is what became of one Region.
type Result struct {
	Region      string
	ImageID     string   // known as soon as EC2 gave one, even if Err is set
	SnapshotIDs []string // in the order of the image's devices
	KMSKeyARNs  []string // distinct keys of the snapshots, sorted; empty if unencrypted
	SharedWith  []string // accounts, groups and ARNs read back from EC2, sorted
	Adopted     bool     // an image that existed before this call
	Elapsed     time.Duration
	Err         error // names the Region, the image, AWS's reason and what to do
}
