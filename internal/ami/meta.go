package ami

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/oklog/ulid/v2"
)

// TagPrefix begins the key of every tag that this package writes.
const TagPrefix = "goldenami:"

const (
	tagSchema        = TagPrefix + "schema"
	tagFamily        = TagPrefix + "family"
	tagTier          = TagPrefix + "tier"
	tagState         = TagPrefix + "state"
	tagVersion       = TagPrefix + "version"
	tagFingerprint   = TagPrefix + "fingerprint"
	tagInputs        = TagPrefix + "inputs"
	tagItems         = TagPrefix + "input-items"
	tagParent        = TagPrefix + "parent"
	tagParentVersion = TagPrefix + "parent-version"
	tagRoot          = TagPrefix + "root"
	tagBuiltAt       = TagPrefix + "built-at"
	tagExpiresAt     = TagPrefix + "expires-at"
	tagRun           = TagPrefix + "run"
	tagMetrics       = TagPrefix + "metrics"
	tagSeal          = TagPrefix + "seal"

	tagLaunchTemplate = TagPrefix + "launch-template"
	tagParameters     = TagPrefix + "parameters"
	tagRevokedAt      = TagPrefix + "revoked-at"
	tagRevokedReason  = TagPrefix + "revoked-reason"
)

// TagCopiedFrom tells of an image and of its snapshots what they were copied from,
// as Region:image. EC2 keeps that too, but not on snapshots and not where an image
// was registered anew.
const TagCopiedFrom = TagPrefix + "copied-from"

// Owned tells whether a tag's key is one of goldenami's own.
func Owned(key string) bool { return strings.HasPrefix(key, TagPrefix) }

// schema is the version of the tags' meaning. Images of another schema are
// foreign: guessing at them could choose a wrong parent.
const schema = "1"

// metricsForm is the form of Meta.Metrics. Which names there are, package tradeoff says.
var metricsForm = regexp.MustCompile(`^([a-z-]+=[0-9]+(\.[0-9]+)?( [a-z-]+=[0-9]+(\.[0-9]+)?)*)?$`)

// sealForm is the form of Meta.Seal. Which names there are, package seal says.
var sealForm = regexp.MustCompile(`^((seal|audit)( [a-z-]+=[0-9]+)+)?$`)

// maxTagValue is EC2's limit for the value of a tag, in characters.
const maxTagValue = 256

// Meta is what the tags of an image tell.
type Meta struct {
	Family string // product line, see ValidateFamily
	Tier   Tier
	State  State
	// Version is a ULID: equal in all Regions, and sorted by build time.
	Version string
	// Fingerprint is the hash of everything that decides the content, and
	// Inputs the part of it that the user decides; package layer makes both.
	Fingerprint, Inputs string
	// Items tells the inputs apart, so that it can be said which of them changed.
	Items string
	// Parent is the image this one was built from, in the build Region;
	// ParentVersion its version, empty where it is no image of ours.
	Parent, ParentVersion string
	// Root is the vendor's image at the bottom of the lineage.
	Root string
	// Run is the Packer run that made the image.
	Run string
	// Metrics are what the build and the image cost, in the form of package tradeoff:
	// name=number, with spaces between; empty where nothing was measured.
	Metrics string
	// Seal sums up how the machine was sealed, in the form of package seal: the mode,
	// and name=number, with spaces between; empty where no seal was seen.
	Seal string
	// BuiltAt and ExpiresAt are kept to the second, in UTC. A zero ExpiresAt
	// never expires.
	BuiltAt, ExpiresAt time.Time

	// LaunchTemplate is the version that starts this image, and Parameters the SSM
	// parameters that hold its id, both in the image's own Region; see JoinParameters.
	LaunchTemplate TemplateVersion
	Parameters     string
	// RevokedReason and RevokedAt say why and when the image was taken back.
	RevokedReason string
	RevokedAt     time.Time
}

// Expired tells whether the shelf life is over.
func (m Meta) Expired(now time.Time) bool {
	return !m.ExpiresAt.IsZero() && !now.Before(m.ExpiresAt)
}

// Tags gives the tags to put on the image and its snapshots. Empty values are
// left out, since a tag without a value tells nothing.
func (m Meta) Tags() map[string]string {
	tags := map[string]string{
		tagSchema:        schema,
		tagFamily:        m.Family,
		tagTier:          string(m.Tier),
		tagState:         string(m.State),
		tagVersion:       m.Version,
		tagFingerprint:   m.Fingerprint,
		tagInputs:        m.Inputs,
		tagItems:         m.Items,
		tagParent:        m.Parent,
		tagParentVersion: m.ParentVersion,
		tagRoot:          m.Root,
		tagBuiltAt:       formatTime(m.BuiltAt),
		tagExpiresAt:     formatTime(m.ExpiresAt),
		tagRun:           m.Run,
		tagMetrics:       m.Metrics,
		tagSeal:          m.Seal,

		tagLaunchTemplate: m.LaunchTemplate.String(),
		tagParameters:     m.Parameters,
		tagRevokedAt:      formatTime(m.RevokedAt),
		tagRevokedReason:  m.RevokedReason,
	}
	maps.DeleteFunc(tags, func(_, value string) bool { return value == "" })
	return tags
}

// Parse reads what Tags wrote. It gives false for an image that is not ours or
// whose tags were damaged: every field that is there must be well formed, and
// schema, family, tier, state, version and built-at must be there. Tags of
// others are ignored.
func Parse(tags []types.Tag) (Meta, bool) {
	values := make(map[string]string, len(tags))
	for _, tag := range tags {
		key, value := aws.ToString(tag.Key), aws.ToString(tag.Value)
		if !strings.HasPrefix(key, TagPrefix) {
			continue
		}
		if _, twice := values[key]; twice || len([]rune(value)) > maxTagValue {
			return Meta{}, false
		}
		values[key] = value
	}
	m := Meta{
		Family:        values[tagFamily],
		Tier:          Tier(values[tagTier]),
		State:         State(values[tagState]),
		Version:       values[tagVersion],
		Fingerprint:   values[tagFingerprint],
		Inputs:        values[tagInputs],
		Items:         values[tagItems],
		Parent:        values[tagParent],
		ParentVersion: values[tagParentVersion],
		Root:          values[tagRoot],
		Run:           values[tagRun],
		Metrics:       values[tagMetrics],
		Seal:          values[tagSeal],
		Parameters:    values[tagParameters],
		RevokedReason: values[tagRevokedReason],
	}
	var builtOK, expiresOK, revokedOK, templateOK bool
	m.RevokedAt, revokedOK = parseTime(values[tagRevokedAt])
	m.LaunchTemplate, templateOK = parseTemplateVersion(values[tagLaunchTemplate])
	m.BuiltAt, builtOK = parseTime(values[tagBuiltAt])
	m.ExpiresAt, expiresOK = parseTime(values[tagExpiresAt])
	ok := values[tagSchema] == schema &&
		ValidateFamily(m.Family) == nil &&
		m.Tier.Rank() >= 0 &&
		slices.Contains(States(), m.State) &&
		isVersion(m.Version) &&
		(m.ParentVersion == "" || isVersion(m.ParentVersion)) &&
		metricsForm.MatchString(m.Metrics) &&
		sealForm.MatchString(m.Seal) &&
		builtOK && expiresOK && !m.BuiltAt.IsZero() &&
		revokedOK && templateOK && validParameters(m.Parameters)
	if !ok {
		return Meta{}, false
	}
	return m, true
}

// SealTag gives the one of an image's tags that is true of its copies too although
// the image is of no family: how it was sealed. It is empty where that is not told.
func SealTag(tags []types.Tag) map[string]string {
	for _, tag := range tags {
		if value := aws.ToString(tag.Value); aws.ToString(tag.Key) == tagSeal && value != "" && sealForm.MatchString(value) {
			return map[string]string{tagSeal: value}
		}
	}
	return nil
}

// EC2Tags gives tags as EC2's calls take them, sorted by key so that equal
// requests are equal byte for byte.
func EC2Tags(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for key, value := range tags {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(value)})
	}
	slices.SortFunc(list, func(a, b types.Tag) int { return cmp.Compare(*a.Key, *b.Key) })
	return list
}

// isVersion holds for the one spelling of a ULID that NewVersion gives; other
// spellings of the same number would not sort with it.
func isVersion(s string) bool {
	id, err := ulid.ParseStrict(s)
	return err == nil && id.String() == s
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// parseTime takes an absent time for the zero time, and only the spelling of
// formatTime, so that Parse and Tags are each other's inverse.
func parseTime(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || formatTime(t) != s {
		return time.Time{}, false
	}
	return t.UTC(), true
}
