package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { read("DescribeFleets", describeFleets) }

type describeFleetsInput struct {
	IDs []string `q:"FleetId"`
	described
}

type describeFleetsOutput struct {
	Fleets    wire.Set[fleetItem] `xml:"fleetSet" simplified:"fleets of type instant, without what they were asked for"`
	NextToken string              `xml:"nextToken,omitempty"`
}

type fleetItem struct {
	ID        string                  `xml:"fleetId"`
	Type      string                  `xml:"type"`
	State     string                  `xml:"fleetState"`
	Created   wire.Time               `xml:"createTime"`
	Instances wire.Set[fleetInstance] `xml:"fleetInstanceSet"`
	Tags      wire.Set[tag]           `xml:"tagSet,omitempty"`
}

const noFleet = "The fleet ID '%s' does not exist" // unverified: text

// describeFleets gives the fleets that are named: those of type instant are in no
// list (EC2 API reference, DescribeFleets).
func describeFleets(c *action.Call, in *describeFleetsInput) (*describeFleetsOutput, error) {
	mine := c.Mine()
	if err := knownFilters(in.Filters, fleetItem{}.values); err != nil {
		return nil, err
	}
	var all []fleetItem
	if len(in.IDs) > 0 {
		ids, err := selected(mine.Fleets, in.IDs, "InvalidFleetId.NotFound", noFleet) // unverified: code
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			item := fleetItemOf(mine, mine.Fleets[id])
			match, err := matchAll(in.Filters, item.values)
			if err != nil {
				return nil, err
			}
			if match {
				all = append(all, item)
			}
		}
	}
	part, next, err := smallPage(all, in.MaxResults, in.NextToken, mostItems)
	return &describeFleetsOutput{Fleets: part, NextToken: next}, err
}

func fleetItemOf(r *world.Region, f *world.Fleet) fleetItem {
	return fleetItem{
		ID: f.ID, Type: f.Type, State: f.State, Created: wire.Time(f.Created), Instances: fleetView(r, f).Instances, Tags: tagSet(r.TagsOf(f.ID)),
	}
}

func (f fleetItem) values(name string) ([]string, bool) {
	switch name {
	case "fleet-state":
		return one(f.State)
	case "type":
		return one(f.Type)
	}
	return nil, false
}
