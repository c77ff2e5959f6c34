package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { add("DescribeRegions", describeRegions) }

type describeRegionsInput struct {
	Names      []string `q:"RegionName"`
	Filters    []filter `q:"Filter"`
	AllRegions bool     `q:"AllRegions"`
}

type describeRegionsOutput struct {
	Regions wire.Set[region] `xml:"regionInfo"`
}

type region struct {
	Name     string `xml:"regionName"`
	Endpoint string `xml:"regionEndpoint"`
	OptIn    string `xml:"optInStatus"`
}

// describeRegions lists the Regions that are enabled for the account; with
// AllRegions, all. A Region named that does not exist fails the whole call.
func describeRegions(c *action.Call, in *describeRegionsInput) (*describeRegionsOutput, error) {
	wanted := map[string]bool{}
	for _, name := range in.Names {
		if !world.RegionExists(name) {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid region provided: %s", name)
		}
		wanted[name] = true
	}
	account, out := c.World.Account(c.Account), &describeRegionsOutput{}
	for _, name := range world.RegionNames() {
		r := region{Name: name, Endpoint: "ec2." + name + ".amazonaws.com", OptIn: account.OptInStatus(name)}
		if len(wanted) > 0 && !wanted[name] || !in.AllRegions && len(wanted) == 0 && r.OptIn == world.NotOptedIn {
			continue
		}
		match, err := matchAll(in.Filters, func(f string) ([]string, bool) {
			switch f {
			case "region-name":
				return one(r.Name)
			case "endpoint":
				return one(r.Endpoint)
			case "opt-in-status":
				return one(r.OptIn)
			}
			return nil, false
		})
		if err != nil {
			return nil, err
		}
		if match {
			out.Regions = append(out.Regions, r)
		}
	}
	return out, nil
}
