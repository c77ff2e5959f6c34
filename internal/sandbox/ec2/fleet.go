package ec2

import (
	"errors"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
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
	Target  struct {
		Total    int64  `q:"TotalTargetCapacity"`
		OnDemand int64  `q:"OnDemandTargetCapacity"`
		Spot     int64  `q:"SpotTargetCapacity"`
		Default  string `q:"DefaultTargetCapacityType"`
	} `q:"TargetCapacitySpecification"`
	Spot struct {
		Allocation   string `q:"AllocationStrategy"`
		Interruption string `q:"InstanceInterruptionBehavior"`
		MinTarget    int64  `q:"MinTargetCapacity"`
		SingleType   bool   `q:"SingleInstanceType"`
		SingleZone   bool   `q:"SingleAvailabilityZone"`
		MaxPrice     string `q:"MaxTotalPrice"`
	} `q:"SpotOptions"`
}

type fleetConfig struct {
	Template struct {
		ID      string `q:"LaunchTemplateId"`
		Name    string `q:"LaunchTemplateName"`
		Version string `q:"Version"`
	} `q:"LaunchTemplateSpecification"`
	Overrides []struct {
		Type     string `q:"InstanceType"`
		SubnetID string `q:"SubnetId"`
		Zone     string `q:"AvailabilityZone"`
		MaxPrice string `q:"MaxPrice"`
		ImageID  string `q:"ImageId"`
		Priority string `q:"Priority"`
	} `q:"Overrides"`
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
	if in.Type != "instant" {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for Type. This endpoint has fleets of type instant.", in.Type)
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
	lifecycle := first(in.Target.Default, "on-demand")
	failures := fillFleet(c, f, in, lifecycle)
	mine.Fleets[f.ID] = f
	mine.SetTags(f.ID, tags)
	rememberToken(c, mine, "CreateFleet", in.Token, f.ID)
	out := fleetView(mine, f)
	out.Errors = failures
	return out, nil
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

// fillFleet launches from the first override that can be launched, as an
// allocation by lowest price would where all prices are alike.
func fillFleet(c *action.Call, f *world.Fleet, in *createFleetInput, lifecycle string) wire.Set[fleetError] {
	var failures wire.Set[fleetError]
	for _, config := range in.Configs {
		for _, o := range config.Overrides {
			if int64(len(f.Instances)) >= in.Target.Total {
				return nil
			}
			var d launchData
			err := templateData(c, &d, config.Template.ID, config.Template.Name, config.Template.Version)
			if err == nil {
				d.Type, d.Market.Type = first(o.Type, d.Type), lifecycle
				d.SubnetID, d.ImageID = first(o.SubnetID, d.SubnetID), first(o.ImageID, d.ImageID)
				d.Placement.Zone = first(o.Zone, d.Placement.Zone)
				err = launchInto(c, f, d)
			}
			if err != nil {
				code, message := codeOf(err)
				failures = append(failures, fleetError{Code: code, Message: message, Lifecycle: lifecycle})
			}
		}
	}
	return failures
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
