// Package account is the Account Management service of the local endpoint, as far
// as an account opts in to Regions with it.
package account

import (
	"net/http"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// Actions are all of Account Management that this endpoint has.
var Actions = action.NewSet("account", action.REST, "")

func init() {
	action.Add(Actions, "EnableRegion", func(c *action.Call, in *regionInput) (*nothing, error) { return optIn(c, in, true) })
	action.Add(Actions, "DisableRegion", func(c *action.Call, in *regionInput) (*nothing, error) { return optIn(c, in, false) })
	action.Add(Actions, "GetRegionOptStatus", getStatus)
	action.Add(Actions, "ListRegions", listRegions)
	for name, path := range map[string]string{
		"EnableRegion": "/enableRegion", "DisableRegion": "/disableRegion", "GetRegionOptStatus": "/getRegionOptStatus", "ListRegions": "/listRegions",
	} {
		Actions.Routes[name] = action.Route{Method: http.MethodPost, Path: path}
	}
}

type regionInput struct{ RegionName string }

type nothing struct{}

// optIn enables or disables a Region at once; AWS takes minutes to hours.
func optIn(c *action.Call, in *regionInput, enabled bool) (*nothing, error) {
	account := c.World.Account(c.Account)
	switch account.OptInStatus(in.RegionName) {
	case "", world.OptInNotRequired:
		return nil, wire.Errorf("ValidationException", "The Region %s is not a Region that can be enabled or disabled", in.RegionName) // unverified: text
	}
	account.OptIn(in.RegionName, enabled)
	return &nothing{}, nil
}

type regionStatus struct {
	RegionName      string
	RegionOptStatus string
}

// statuses are the words of this service for those of EC2.
var statuses = map[string]string{world.OptInNotRequired: "ENABLED_BY_DEFAULT", world.OptedIn: "ENABLED", world.NotOptedIn: "DISABLED"}

func getStatus(c *action.Call, in *regionInput) (*regionStatus, error) {
	status, exists := statuses[c.World.Account(c.Account).OptInStatus(in.RegionName)]
	if !exists {
		return nil, wire.Errorf("ValidationException", "The Region %s does not exist", in.RegionName) // unverified: text
	}
	return &regionStatus{RegionName: in.RegionName, RegionOptStatus: status}, nil
}

type listInput struct {
	RegionOptStatusContains []string
	action.Paged
}

type listOutput struct {
	Regions   []regionStatus
	NextToken string `json:",omitempty"`
}

// maxRegions is the largest page of ListRegions (Account Management API reference).
const maxRegions = 50

func listRegions(c *action.Call, in *listInput) (*listOutput, error) {
	wanted := map[string]bool{}
	for _, s := range in.RegionOptStatusContains {
		wanted[s] = true
	}
	out := &listOutput{Regions: []regionStatus{}}
	for _, name := range world.RegionNames() {
		status := statuses[c.World.Account(c.Account).OptInStatus(name)]
		if len(wanted) == 0 || wanted[status] {
			out.Regions = append(out.Regions, regionStatus{RegionName: name, RegionOptStatus: status})
		}
	}
	var err error
	out.Regions, out.NextToken, err = action.Page(out.Regions, in.Paged, maxRegions)
	return out, err
}
