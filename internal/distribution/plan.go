package distribution

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
)

// Mode says where a Region's image comes from.
type Mode string

// The modes.
const (
	ModeSource       Mode = "source"         // the source image itself
	ModeCopy         Mode = "copy"           // an existing or a new copy
	ModeSourceOrCopy Mode = "source-or-copy" // the source if its encryption fits, else a copy beside it
)

// Plan is what Execute will do, worked out without a call. The same input gives
// the same plan.
type Plan struct {
	Source  Source
	Name    string // of the copies; empty until the source image was read
	Regions []RegionPlan

	spec Spec
}

// RegionPlan is what will be true of one Region.
type RegionPlan struct {
	Region    string
	Mode      Mode
	KMSKeyID  string // as it was asked for; empty: none is sent
	Encrypted bool   // the copy is encrypted, whatever the source is
	Minutes   int    // of a time-based copy; 0: an ordinary one
}

// NewPlan works out the plan, or tells everything that is wrong with spec.
func NewPlan(source Source, spec Spec) (*Plan, error) {
	if err := spec.validate(source); err != nil {
		return nil, err
	}
	p := &Plan{Source: source, Name: spec.Name, spec: spec}
	for _, t := range spec.Targets {
		rp := RegionPlan{
			Region: t.Region, Mode: ModeCopy, KMSKeyID: t.KMSKeyID,
			Encrypted: t.KMSKeyID != "" || (t.Encrypt != nil && *t.Encrypt),
			Minutes:   spec.CopyMinutes,
		}
		if t.Region == source.Region {
			rp.Minutes = 0
			if !spec.SkipSource {
				rp.Mode = ModeSourceOrCopy
			}
		}
		p.Regions = append(p.Regions, rp)
	}
	if !spec.SkipSource && !slices.ContainsFunc(p.Regions, func(rp RegionPlan) bool { return rp.Region == source.Region }) {
		p.Regions = append(p.Regions, RegionPlan{Region: source.Region, Mode: ModeSource})
	}
	sort.Slice(p.Regions, func(i, j int) bool { return p.Regions[i].Region < p.Regions[j].Region })
	return p, nil
}

// complete fills in what only the source image can tell.
func (p *Plan) complete(source *sourceImage) error {
	if p.Name == "" {
		p.Name = source.name
		if err := ami.ValidateName(p.Name); err != nil {
			return fmt.Errorf("source image %s: %w", p.Source.ImageID, err)
		}
	}
	if p.spec.Meta == nil {
		p.spec.Meta = source.meta
	}
	p.dateShelfLife(time.Now())
	if err := p.dateDeprecation(source); err != nil {
		return err
	}
	if n := len(p.copyTags(source)); n > maxTags {
		return fmt.Errorf("a copy of %s would have %d tags with those of its source, and EC2 takes %d: give fewer", p.Source.ImageID, n, maxTags)
	}
	return nil
}

// dateShelfLife has images deprecated when their shelf life ends, in every Region,
// where nothing else is asked for. EC2 takes no date that is over.
func (p *Plan) dateShelfLife(now time.Time) {
	if p.spec.Meta == nil || p.spec.DeprecateAfter != 0 || !p.spec.DeprecateAt.IsZero() {
		return
	}
	if ends := p.spec.Meta.ExpiresAt; ends.Round(time.Minute).After(now) {
		p.spec.DeprecateAt = ends
	}
}

// dateDeprecation turns DeprecateAfter into a date, in every Region the same.
func (p *Plan) dateDeprecation(source *sourceImage) error {
	if p.spec.DeprecateAfter == 0 || !p.spec.DeprecateAt.IsZero() {
		return nil
	}
	made, err := time.Parse(time.RFC3339, aws.ToString(source.image.CreationDate))
	if err != nil {
		return fmt.Errorf("deprecate: when source image %s was made is not known: %w", p.Source.ImageID, err)
	}
	p.spec.DeprecateAt = made.Add(p.spec.DeprecateAfter)
	return nil
}

func (p *Plan) timeout() time.Duration {
	if p.spec.Timeout > 0 {
		return p.spec.Timeout
	}
	return DefaultTimeout
}

// String is the plan for people: a line per Region and, indented, what becomes
// true there, in order.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s from %s\n", orUnknown(p.Source.ImageID), p.Source.Region)
	for _, rp := range p.Regions {
		fmt.Fprintf(&b, "  %s: %s\n", rp.Region, rp.Mode)
		for _, step := range p.Steps(rp) {
			fmt.Fprintf(&b, "    %s\n", step)
		}
	}
	return b.String()
}

// Steps are the steps of a Region in the order in which they are done. A step
// whose outcome is already true makes read calls only.
func (p *Plan) Steps(rp RegionPlan) []string {
	var steps []string
	add := func(format string, args ...any) { steps = append(steps, fmt.Sprintf(format, args...)) }
	if rp.Mode != ModeSource {
		add("copy %s%s%s", p.nameForPeople(), rp.encryption(), rp.duration())
	}
	add("verify attributes, snapshots and keys")
	if keys := sortedKeys(p.spec.Tags); len(keys) > 0 {
		add("tag image: %s", strings.Join(keys, ", "))
	}
	if keys := sortedKeys(p.spec.SnapshotTags); len(keys) > 0 {
		add("tag snapshots: %s", strings.Join(keys, ", "))
	}
	if who := p.spec.Share.launchers(); len(who) > 0 {
		add("share image with %s", strings.Join(who, ", "))
	}
	if who := p.spec.Share.snapshotUsers(); len(who) > 0 {
		add("share snapshots with %s", strings.Join(who, ", "))
	}
	if p.spec.Description != "" {
		add("describe as %q", p.spec.Description)
	}
	if p.spec.IMDSv2 {
		add("require IMDSv2")
	}
	if len(p.spec.ProductCodes) > 0 {
		add("add product codes %s", strings.Join(p.spec.ProductCodes, ", "))
	}
	if _, ok := p.spec.FastLaunch[rp.Region]; ok {
		add("turn fast launch on")
	}
	if after := p.spec.DeprecateAfter; after > 0 && p.spec.DeprecateAt.IsZero() {
		add("deprecate %s after the image was made", after)
	}
	if !p.spec.DeprecateAt.IsZero() {
		add("deprecate at %s", p.spec.DeprecateAt.UTC().Round(time.Minute).Format(time.RFC3339))
	}
	if p.spec.Protect != nil {
		add("protect against deregistration%s", p.spec.Protect.cooldownForPeople())
	}
	if p.spec.Meta != nil {
		add("mark as good")
	}
	return steps
}

func (p *Plan) nameForPeople() string {
	if p.Name == "" {
		return "under the source's name"
	}
	return fmt.Sprintf("as %q", p.Name)
}

func (rp RegionPlan) encryption() string {
	switch {
	case rp.KMSKeyID != "":
		return ", encrypted with " + rp.KMSKeyID
	case rp.Encrypted:
		return ", encrypted with the default key of the Region"
	}
	return ""
}

func (rp RegionPlan) duration() string {
	if rp.Minutes == 0 {
		return ""
	}
	return fmt.Sprintf(", within %d minutes", rp.Minutes)
}

func (p *Protection) cooldownForPeople() string {
	if p.Cooldown {
		return ", with a cooldown of 24 h"
	}
	return ""
}

func orUnknown(id string) string {
	if id == "" {
		return "the new image"
	}
	return id
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
