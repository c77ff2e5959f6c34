package ec2

import (
	"errors"
	"math"
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/authorize"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("CreateFleet", createFleet)
	add("DeleteFleets", deleteFleets)
}

type createFleetInput struct {
	Type    string             `q:"Type"`
	Token   string             `q:"ClientToken"`
	Tags    []tagSpecification `q:"TagSpecification"`
	Configs []fleetConfig      `q:"LaunchTemplateConfigs,required"`
	Replace bool               `q:"ReplaceUnhealthyInstances"`
	Target  fleetTarget        `q:"TargetCapacitySpecification"`
	Spot    struct {
		Allocation   string `q:"AllocationStrategy"`
		Interruption string `q:"InstanceInterruptionBehavior"`
	} `q:"SpotOptions"`
}

type fleetTarget struct {
	Total    int64  `q:"TotalTargetCapacity"`
	OnDemand int64  `q:"OnDemandTargetCapacity"`
	Spot     int64  `q:"SpotTargetCapacity"`
	Default  string `q:"DefaultTargetCapacityType"`
}

// lifecycles say of each instance of the fleet whether it is a Spot Instance: what
// the two targets leave of the total is of the default type, which is on-demand
// unless the request says otherwise.
func (t fleetTarget) lifecycles() []string {
	var all []string
	for range t.OnDemand {
		all = append(all, "on-demand")
	}
	for range t.Spot {
		all = append(all, "spot")
	}
	for int64(len(all)) < t.Total {
		all = append(all, first(t.Default, "on-demand"))
	}
	return all
}

type fleetConfig struct {
	Template struct {
		ID      string `q:"LaunchTemplateId"`
		Name    string `q:"LaunchTemplateName"`
		Version string `q:"Version"`
	} `q:"LaunchTemplateSpecification"`
	Overrides []fleetOverride `q:"Overrides"`
}

type fleetOverride struct {
	Type     string   `q:"InstanceType"`
	SubnetID string   `q:"SubnetId"`
	Zone     string   `q:"AvailabilityZone"`
	MaxPrice string   `q:"MaxPrice"`
	ImageID  string   `q:"ImageId"`
	Priority *float64 `q:"Priority"`
}

type createFleetOutput struct {
	ID        string                  `xml:"fleetId"`
	Errors    wire.Set[fleetError]    `xml:"errorSet"`
	Instances wire.Set[fleetInstance] `xml:"fleetInstanceSet"`
}

type fleetError struct {
	Code      string `xml:"errorCode"`
	Message   string `xml:"errorMessage"`
	Lifecycle string `xml:"lifecycle"`
}

type fleetInstance struct {
	IDs       wire.Set[string] `xml:"instanceIds"`
	Type      string           `xml:"instanceType"`
	Lifecycle string           `xml:"lifecycle"`
}

// createFleet launches at once what a fleet of type instant asks for. A launch
// that EC2 refuses is an error inside the answer, not a refused call.
func createFleet(c *action.Call, in *createFleetInput) (*createFleetOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	mine := c.Mine()
	if id, err := tokenResult(c, "CreateFleet", in.Token); err != nil {
		return nil, err
	} else if f := mine.Fleets[id]; f != nil {
		return fleetView(mine, f), nil
	}
	tags, err := tagsFor(in.Tags, "fleet", "instance", "volume")
	if err != nil {
		return nil, err
	}
	f := &world.Fleet{ID: c.World.NewID("fleet"), Type: in.Type, State: "active", Created: c.Now}
	failures := fillFleet(c, f, in)
	mine.Fleets[f.ID] = f
	mine.SetTags(f.ID, tags)
	rememberToken(c, mine, "CreateFleet", in.Token, f.ID)
	out := fleetView(mine, f)
	out.Errors = failures
	return out, nil
}

func (in *createFleetInput) check() error {
	if in.Type != "instant" {
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for Type. This endpoint has fleets of type instant.", in.Type)
	}
	switch in.Spot.Allocation {
	case "", "lowest-price", "diversified", "capacity-optimized", "capacity-optimized-prioritized", "price-capacity-optimized":
	default:
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for AllocationStrategy.", in.Spot.Allocation) // unverified: text
	}
	if in.Replace {
		return wire.Errorf("InvalidParameterCombination", "ReplaceUnhealthyInstances is supported for fleets of type maintain only") // unverified: code and text
	}
	const most = 10000 // instances of one fleet (docs.aws.amazon.com, "EC2 Fleet quotas")
	if in.Target.Total > most {
		return wire.Errorf("InvalidTargetCapacitySpecification", "The total target capacity cannot exceed %d", most) // unverified: code and text
	}
	if in.Target.OnDemand < 0 || in.Target.Spot < 0 || in.Target.OnDemand+in.Target.Spot > in.Target.Total {
		return wire.Errorf("InvalidTargetCapacitySpecification", "The On-Demand and Spot target capacities cannot exceed the total target capacity") // unverified: code and text
	}
	return nil
}

func fleetView(r *world.Region, f *world.Fleet) *createFleetOutput {
	out := &createFleetOutput{ID: f.ID}
	for _, id := range f.Instances {
		if i := r.Instances[id]; i != nil {
			out.Instances = append(out.Instances, fleetInstance{IDs: wire.Set[string]{id}, Type: i.Type, Lifecycle: first(i.Lifecycle, "on-demand")})
		}
	}
	return out
}

// fillFleet launches each instance from the first pool that can launch it, as an
// allocation would where prices and capacity are alike; a diversified one begins
// at the pool after the last. A template without overrides is a pool by itself.
// What could not be launched on the way is an error of the fleet, once per pool.
func fillFleet(c *action.Call, f *world.Fleet, in *createFleetInput) wire.Set[fleetError] {
	pools, failed := in.pools(), map[int]bool{}
	var failures wire.Set[fleetError]
	next := 0
	for _, lifecycle := range in.Target.lifecycles() {
		for n := range pools {
			at := (next + n) % len(pools)
			err := pools[at].launch(c, f, lifecycle, in.Spot.Interruption)
			if err == nil {
				if in.Spot.Allocation == "diversified" {
					next = at + 1
				}
				break
			}
			if !failed[at] {
				code, message := codeOf(err)
				failures = append(failures, fleetError{Code: code, Message: message, Lifecycle: lifecycle})
				failed[at] = true
			}
		}
	}
	return failures
}

// fleetPool is a launch template with one override.
type fleetPool struct {
	config   fleetConfig
	override fleetOverride
}

// pools are in the order of the request, or of their priorities where the
// strategy goes by them: the lowest number first, those without one last.
func (in *createFleetInput) pools() []fleetPool {
	var all []fleetPool
	for _, config := range in.Configs {
		if len(config.Overrides) == 0 {
			all = append(all, fleetPool{config: config})
		}
		for _, o := range config.Overrides {
			all = append(all, fleetPool{config: config, override: o})
		}
	}
	if in.Spot.Allocation == "capacity-optimized-prioritized" {
		sort.SliceStable(all, func(a, b int) bool { return all[a].priority() < all[b].priority() })
	}
	return all
}

func (p fleetPool) priority() float64 {
	if p.override.Priority == nil {
		return math.Inf(1)
	}
	return *p.override.Priority
}

func (p fleetPool) launch(c *action.Call, f *world.Fleet, lifecycle, interruption string) error {
	if refusal := authorize.Also(c, "RunInstances", p.parameters(lifecycle)); refusal != nil {
		return refusal
	}
	var d launchData
	o, t := p.override, p.config.Template
	if err := templateLaunch(c, &d, t.ID, t.Name, t.Version); err != nil {
		return err
	}
	d.Type, d.Market.Type = first(o.Type, d.Type), ""
	if lifecycle == "spot" {
		d.Market.Type = "spot"
		d.Market.Spot.MaxPrice = first(o.MaxPrice, d.Market.Spot.MaxPrice)
		d.Market.Spot.Behavior = first(interruption, d.Market.Spot.Behavior)
	}
	d.SubnetID, d.ImageID = first(o.SubnetID, d.SubnetID), first(o.ImageID, d.ImageID)
	d.Placement.Zone = first(o.Zone, d.Placement.Zone)
	return launchInto(c, f, d)
}

func launchInto(c *action.Call, f *world.Fleet, d launchData) error {
	plan, err := planLaunch(c, d)
	if err != nil {
		return err
	}
	i, err := plan.launch(c, c.World.NewID("r"))
	if err != nil {
		return err
	}
	f.Instances = append(f.Instances, i.ID)
	return nil
}

func codeOf(err error) (code, message string) {
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return refusal.Code, refusal.Message
	}
	return "InternalError", err.Error()
}

type deleteFleetsInput struct {
	IDs       []string `q:"FleetId,required"`
	Terminate bool     `q:"TerminateInstances"`
}

type deleteFleetsOutput struct {
	Deleted wire.Set[deletedFleet] `xml:"successfulFleetDeletionSet"`
	Failed  wire.Set[failedFleet]  `xml:"unsuccessfulFleetDeletionSet"`
}

type deletedFleet struct {
	ID    string `xml:"fleetId"`
	State string `xml:"currentFleetState"`
}

type failedFleet struct {
	ID    string `xml:"fleetId"`
	Error struct {
		Code    string `xml:"code"`
		Message string `xml:"message"`
	} `xml:"error"`
}

// deleteFleets must terminate the instances of an instant fleet with it (EC2 API
// reference, DeleteFleets).
func deleteFleets(c *action.Call, in *deleteFleetsInput) (*deleteFleetsOutput, error) {
	mine, out := c.Mine(), &deleteFleetsOutput{}
	for _, id := range in.IDs {
		f := mine.Fleets[id]
		if f == nil || !in.Terminate {
			failed := failedFleet{ID: id}
			failed.Error.Code, failed.Error.Message = "fleetIdDoesNotExist", "The fleet does not exist"
			if f != nil {
				failed.Error.Code, failed.Error.Message = "fleetNotInDeletableState", "NoTerminateInstances option is not supported for instant fleets"
			}
			out.Failed = append(out.Failed, failed)
			continue
		}
		if _, err := terminateInstances(c, &instanceIDs{IDs: f.Instances}); err != nil {
			return nil, err
		}
		delete(mine.Fleets, id)
		out.Deleted = append(out.Deleted, deletedFleet{ID: id, State: "deleted_terminating"})
	}
	return out, nil
}
