package distribution

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/ami"
	"github.com/goldenami/packer-plugin-goldenami/internal/cloud"
)

// Limits that EC2 documents for the calls made here.
const (
	maxTags          = 50   // user tags per resource
	maxTagKey        = 128  // characters
	maxTagValue      = 256  // characters
	maxShareEntities = 1000 // accounts, organizations and units per image
	minFastLaunches  = 6    // parallel launches of Fast Launch
	minCopyMinutes   = 15
	maxCopyMinutes   = 48 * 60
	copyMinuteStep   = 15
)

var (
	orgARNPattern = regexp.MustCompile(`^arn:aws[a-z-]*:organizations::[0-9]{12}:organization/o-[a-z0-9]{10,32}$`)
	ouARNPattern  = regexp.MustCompile(`^arn:aws[a-z-]*:organizations::[0-9]{12}:ou/o-[a-z0-9]{10,32}/ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$`)
)

// Validate tells everything that is wrong with t by itself. It makes no call,
// so a component can use it while it reads its options.
func (t Target) Validate() error {
	var errs []error
	if !cloud.ValidRegion(t.Region) {
		errs = append(errs, fmt.Errorf("%q is not a Region's name, such as eu-west-1", t.Region))
	}
	if t.KMSKeyID == "" {
		return errors.Join(errs...)
	}
	if key, err := cloud.ParseKey(t.KMSKeyID); err != nil {
		errs = append(errs, err)
	} else if key.ARN() && key.Region != t.Region {
		errs = append(errs, fmt.Errorf("key %s is in %s, but an image in %s can only be encrypted with a key of %s: give an alias that exists in each Region, or a target of its own for each key",
			t.KMSKeyID, key.Region, t.Region, t.Region))
	}
	if t.Encrypt != nil && !*t.Encrypt {
		errs = append(errs, fmt.Errorf("target %s has key %s but turns encryption off: drop one of the two", t.Region, t.KMSKeyID))
	}
	return errors.Join(errs...)
}

// Validate tells everything that is wrong with s by itself, without a call.
func (s Share) Validate() error {
	var errs []error
	accounts := append(slices.Clone(s.Accounts), s.SnapshotAccounts...)
	slices.Sort(accounts)
	for _, account := range slices.Compact(accounts) {
		if !cloud.ValidAccountID(account) {
			errs = append(errs, fmt.Errorf("%q is not an account id: it has 12 digits, leading zeros included", account))
		}
	}
	groups := append(slices.Clone(s.Groups), s.SnapshotGroups...)
	slices.Sort(groups)
	for _, group := range slices.Compact(groups) {
		if group != groupAll {
			errs = append(errs, fmt.Errorf("%q is not a group: EC2 knows only %q, which is everybody", group, groupAll))
		}
	}
	for _, arn := range s.OrgARNs {
		if !orgARNPattern.MatchString(arn) {
			errs = append(errs, fmt.Errorf("%q is not an organization: EC2 takes the ARN, arn:aws:organizations::MANAGEMENT-ACCOUNT:organization/o-ID", arn))
		}
	}
	for _, arn := range s.OUARNs {
		if !ouARNPattern.MatchString(arn) {
			errs = append(errs, fmt.Errorf("%q is not an organizational unit: EC2 takes the ARN, arn:aws:organizations::MANAGEMENT-ACCOUNT:ou/o-ID/ou-ID", arn))
		}
	}
	if n := len(s.Accounts) + len(s.OrgARNs) + len(s.OUARNs); n > maxShareEntities {
		errs = append(errs, fmt.Errorf("an image can be shared with %d accounts, organizations and units, not with %d", maxShareEntities, n))
	}
	return errors.Join(errs...)
}

// public says whether anybody at all may use the image or its snapshots.
func (s Share) public() bool {
	return slices.Contains(s.Groups, groupAll) || slices.Contains(s.SnapshotGroups, groupAll)
}

// wanted says whether there is anybody to share with.
func (s Share) wanted() bool {
	return len(s.Accounts)+len(s.Groups)+len(s.OrgARNs)+len(s.OUARNs)+len(s.SnapshotAccounts)+len(s.SnapshotGroups) > 0
}

// validate tells everything that is wrong with s for source, without a call.
func (s Spec) validate(source Source) error {
	var errs []error
	if !cloud.ValidRegion(source.Region) {
		errs = append(errs, fmt.Errorf("source: %q is not a Region's name", source.Region))
	}
	if err := s.Validate(); err != nil {
		errs = append(errs, err)
	}
	for _, t := range s.Targets {
		if from, to := cloud.Partition(source.Region), cloud.Partition(t.Region); from != to {
			errs = append(errs, fmt.Errorf("target %s: an image cannot be copied from partition %s to partition %s", t.Region, from, to))
		}
	}
	errs = append(errs, s.validateFastLaunch(source)...)
	return errors.Join(errs...)
}

// Validate tells everything that is wrong with s whatever the source is. It
// makes no call, so a component can use it while it reads its options.
func (s Spec) Validate() error {
	var errs []error
	errs = append(errs, s.validateTargets()...)
	if err := s.Share.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("share: %w", err))
	}
	errs = append(errs, s.validateTags()...)
	if m := s.CopyMinutes; m != 0 && (m < minCopyMinutes || m > maxCopyMinutes || m%copyMinuteStep != 0) {
		errs = append(errs, fmt.Errorf("snapshot_copy_duration_minutes: a time-based copy takes %d to %d minutes in steps of %d, not %d", minCopyMinutes, maxCopyMinutes, copyMinuteStep, m))
	}
	if s.DeprecateAfter < 0 {
		errs = append(errs, fmt.Errorf("deprecate: %s is before the image was made", s.DeprecateAfter))
	}
	if s.Name != "" {
		if err := ami.ValidateName(s.Name); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (s Spec) validateTargets() []error {
	var errs []error
	seen := make(map[string]bool, len(s.Targets))
	for _, t := range s.Targets {
		if err := t.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("target %s: %w", t.Region, err))
		}
		if seen[t.Region] {
			errs = append(errs, fmt.Errorf("target %s: the Region is named more than once", t.Region))
		}
		seen[t.Region] = true
		encrypted := t.KMSKeyID != "" || (t.Encrypt != nil && *t.Encrypt)
		if encrypted && s.Share.public() {
			errs = append(errs, fmt.Errorf("target %s: an encrypted image cannot be public: share it with accounts or organizations, or do not encrypt it", t.Region))
		}
		if key, err := cloud.ParseKey(t.KMSKeyID); err == nil && key.AWSManaged() && s.Share.wanted() {
			errs = append(errs, fmt.Errorf("target %s: %s is managed by AWS, and what it encrypts cannot be shared: give a key of your own", t.Region, t.KMSKeyID))
		}
	}
	return errs
}

func (s Spec) validateTags() []error {
	var errs []error
	for _, set := range []struct {
		name string
		tags map[string]string
	}{{"tags", s.Tags}, {"snapshot_tags", s.SnapshotTags}} {
		if len(set.tags) > maxTags {
			errs = append(errs, fmt.Errorf("%s: EC2 takes %d tags, not %d", set.name, maxTags, len(set.tags)))
		}
		for _, key := range sortedKeys(set.tags) {
			switch {
			case key == "" || len([]rune(key)) > maxTagKey:
				errs = append(errs, fmt.Errorf("%s: key %q must have 1 to %d characters", set.name, key, maxTagKey))
			case strings.HasPrefix(strings.ToLower(key), "aws:"):
				errs = append(errs, fmt.Errorf("%s: key %q: the prefix aws: belongs to AWS", set.name, key))
			case len([]rune(set.tags[key])) > maxTagValue:
				errs = append(errs, fmt.Errorf("%s: the value of %q has more than %d characters", set.name, key, maxTagValue))
			}
		}
	}
	return errs
}

func (s Spec) validateFastLaunch(source Source) []error {
	var errs []error
	for _, region := range sortedKeys(s.FastLaunch) {
		f := s.FastLaunch[region]
		named := region == source.Region || slices.ContainsFunc(s.Targets, func(t Target) bool { return t.Region == region })
		if !named {
			errs = append(errs, fmt.Errorf("fast launch: the image does not go to %s", region))
		}
		if f.MaxParallelLaunches != 0 && f.MaxParallelLaunches < minFastLaunches {
			errs = append(errs, fmt.Errorf("fast launch in %s: EC2 wants at least %d parallel launches, not %d", region, minFastLaunches, f.MaxParallelLaunches))
		}
		if f.TemplateID != "" && f.TemplateName != "" {
			errs = append(errs, fmt.Errorf("fast launch in %s: name the launch template by id or by name, not both", region))
		}
	}
	return errs
}
