package ec2

import (
	"slices"
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("DescribeSnapshots", describeSnapshots) }

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
	snapshots := c.World.UsableSnapshots(c.Region, c.Account)
	if len(in.IDs) > 0 {
		snapshots = nil
		for _, id := range in.IDs {
			if err := checkSnapshotID(id); err != nil {
				return nil, err
			}
			s := c.World.FindSnapshot(c.Region, id)
			if s == nil || !c.World.MayUse(s, c.Account) {
				return nil, errNoSnapshot(id)
			}
			snapshots = append(snapshots, s)
		}
	}
	var all []*world.Snapshot
	for _, s := range seen(c, snapshots, func(s *world.Snapshot) string { return s.ID }) {
		match, err := matchAll(in.Filters, func(name string) ([]string, bool) { return snapshotValues(c, s, name) })
		if err != nil {
			return nil, err
		}
		if match && in.wants(c, s) {
			all = append(all, s)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	part, next, err := page(slices.Compact(all), in.MaxResults, in.NextToken, 1000)
	if err != nil {
		return nil, err
	}
	out := &describeSnapshotsOutput{NextToken: next, Snapshots: make(wire.Set[snapshotItem], 0, len(part))}
	for _, s := range part {
		out.Snapshots = append(out.Snapshots, snapshotItemOf(c, s))
	}
	return out, nil
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
