package world

import "time"

// The resource types of retention rules.
const (
	BinImages    = "EC2_IMAGE"
	BinSnapshots = "EBS_SNAPSHOT"
)

// RetentionRule says what is kept in the recycle bin when it is deleted, and for
// how long.
type RetentionRule struct {
	ID, ResourceType, Description string
	Days                          int64
	// Tags make it a rule for resources that have one of them; without any it is for
	// all resources of the Region but those that have one of Exclude.
	Tags, Exclude []RuleTag
	Created       time.Time
}

// RuleTag is a tag of a resource; without a value any value fits.
type RuleTag struct {
	Key   string
	Value *string
}

// Binned is an image or a snapshot in the recycle bin.
type Binned struct {
	ID            string
	Entered, Exit time.Time
	// Tags and Permissions come back with the resource.
	Tags        TagSet
	Permissions []Permission
	// Snapshot is the snapshot itself; an image stays among the deregistered ones.
	Snapshot *Snapshot
}

// Retention is how long a resource with these tags is kept in the recycle bin; 0
// is not at all. Of several rules that fit the longest counts.
func (r *Region) Retention(resourceType string, tags TagSet) time.Duration {
	longest := time.Duration(0)
	for _, rule := range r.Rules {
		if rule.ResourceType == resourceType && rule.fits(tags) {
			longest = max(longest, time.Duration(rule.Days)*24*time.Hour)
		}
	}
	return longest
}

func (rule *RetentionRule) fits(tags TagSet) bool {
	if len(rule.Tags) > 0 {
		return anyTag(rule.Tags, tags)
	}
	return !anyTag(rule.Exclude, tags)
}

func anyTag(list []RuleTag, tags TagSet) bool {
	for _, t := range list {
		if value, has := tags[t.Key]; has && (t.Value == nil || *t.Value == value) {
			return true
		}
	}
	return false
}
