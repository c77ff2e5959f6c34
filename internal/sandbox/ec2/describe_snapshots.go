package ec2

import (
	"slices"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { read("DescribeSnapshots", describeSnapshots) }

type describeSnapshotsInput struct {
	IDs          []string `q:"SnapshotId"`
	Owners       []string `q:"Owner"`
	RestorableBy []string `q:"RestorableBy"`
	described
}

type describeSnapshotsOutput struct {
	Snapshots wire.Set[snapshotItem] `xml:"snapshotSet"`
	NextToken string                 `xml:"nextToken,omitempty"`
}

// describeSnapshots lists the snapshots of which the caller may make volumes: its
// own, those shared with it, and public ones.
func describeSnapshots(c *action.Call, in *describeSnapshotsInput) (*describeSnapshotsOutput, error) {
	if len(in.IDs) > 0 && in.MaxResults != nil {
		return nil, wire.Errorf("InvalidParameterCombination", "The parameter snapshotSet cannot be used with the parameter maxResults")
	}
	if err := knownFilters(in.Filters, func(name string) ([]string, bool) {
		return snapshotValues(c, &world.Snapshot{OwnerID: c.Account, Region: c.Region}, name)
	}); err != nil {
		return nil, err
	}
	p, err := newPager[snapshotItem](in.described)
	if err != nil {
		return nil, err
	}
	var wrong error
	meet := func(s *world.Snapshot) bool {
		if c.World.Hidden(s.ID) || !in.wants(c, s) {
			return true
		}
		match, err := matchAll(in.Filters, func(name string) ([]string, bool) { return snapshotValues(c, s, name) })
		if wrong = err; err != nil || !match {
			return err == nil
		}
		return p.add(s.ID, func() snapshotItem { return snapshotItemOf(c, s) })
	}
	if err := in.each(c, p.after, meet); err != nil {
		return nil, err
	}
	return &describeSnapshotsOutput{NextToken: p.next, Snapshots: p.items}, wrong
}

// each meets the snapshots that the call names, or all that the caller may use, in
// the order of their ids.
func (in *describeSnapshotsInput) each(c *action.Call, after string, meet func(*world.Snapshot) bool) error {
	if len(in.IDs) == 0 {
		c.World.EachSnapshot(c.Region, world.Query{Account: c.Account, After: after, Owner: ownersOf(c, in.Owners), Tagged: taggedWith(in.Filters)}, meet)
		return nil
	}
	for _, id := range in.IDs {
		if err := checkSnapshotID(id); err != nil {
			return err
		}
		if s := c.World.FindSnapshot(c.Region, id); s == nil || !c.World.MayUse(s, c.Account) {
			return errNoSnapshot(id)
		}
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(in.IDs))) {
		if id > after && !meet(c.World.FindSnapshot(c.Region, id)) {
			return nil
		}
	}
	return nil
}

func (in *describeSnapshotsInput) wants(c *action.Call, s *world.Snapshot) bool {
	alias := c.World.Account(s.OwnerID).Alias
	owned := len(in.Owners) == 0 || slices.ContainsFunc(in.Owners, func(o string) bool {
		return o == s.OwnerID || o == "self" && s.OwnerID == c.Account || o != "" && o == alias
	})
	return owned && (len(in.RestorableBy) == 0 || slices.ContainsFunc(in.RestorableBy, func(who string) bool {
		switch who {
		case "all":
			return slices.Contains(s.Permissions, world.Permission{Group: "all"})
		case "self":
			return c.World.MayUse(s, c.Account)
		default:
			return c.World.MayUse(s, who)
		}
	}))
}
