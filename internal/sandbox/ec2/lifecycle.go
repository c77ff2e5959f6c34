package ec2

import (
	"context"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	add("TerminateInstances", terminateInstances)
	add("StopInstances", stopInstances)
	add("StartInstances", startInstances)
	add("RebootInstances", rebootInstances)
}

// stateCodes are the numbers of the states (EC2 API reference, InstanceState).
var stateCodes = map[string]int{
	world.StatePending: 0, world.StateRunning: 16, world.StateShuttingDown: 32,
	world.StateTerminated: 48, world.StateStopping: 64, world.StateStopped: 80,
}

type instanceState struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

func stateOf(name string) instanceState { return instanceState{Code: stateCodes[name], Name: name} }

type stateChange struct {
	ID       string        `xml:"instanceId"`
	Current  instanceState `xml:"currentState"`
	Previous instanceState `xml:"previousState"`
}

type stateChanges struct {
	Instances wire.Set[stateChange] `xml:"instancesSet"`
}

type instanceIDs struct {
	IDs       []string `q:"InstanceId,required"`
	Force     bool     `q:"Force"`
	Hibernate bool     `q:"Hibernate"`
	SkipOS    bool     `q:"SkipOsShutdown"`
	Info      string   `q:"AdditionalInfo"`
}

// change finds the instances of a call, lets EC2's rule refuse before anything
// happens, and then does step to each.
func change(c *action.Call, ids []string, allowed func(*world.Instance) error, step func(*world.Instance)) (*stateChanges, error) {
	found, err := findInstances(c, ids)
	if err != nil {
		return nil, err
	}
	for _, i := range found {
		if err := allowed(i); err != nil {
			return nil, err
		}
	}
	out := &stateChanges{}
	for _, i := range found {
		before := i.State
		step(i)
		out.Instances = append(out.Instances, stateChange{ID: i.ID, Current: stateOf(i.State), Previous: stateOf(before)})
	}
	return out, nil
}

func findInstances(c *action.Call, ids []string) ([]*world.Instance, error) {
	var found []*world.Instance
	for _, id := range ids {
		if len(id) < 3 || id[:2] != "i-" {
			return nil, wire.Errorf("InvalidInstanceID.Malformed", "Invalid id: \"%s\" (expecting \"i-...\")", id)
		}
		i := c.Mine().Instances[id]
		if i == nil {
			return nil, wire.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
		}
		found = append(found, i)
	}
	return found, nil
}

// boot brings an instance from pending to running: not before its guest accepts
// connections and not before the boot time has passed. An instance that is terminated
// meanwhile ends without waiting for that time.
func boot(c *action.Call, i *world.Instance) {
	w := c.World
	spec, least, id := guestSpec(c, i), time.Duration(w.Delays.In(c.Region).Boot), i.ID
	w.Serial(id, func(ctx context.Context) {
		begin := w.Now()
		err := w.BackendOf(i).Start(ctx, spec)
		if !w.Nap(ctx, id, least-w.Now().Sub(begin), func() bool { return i.State == world.StatePending }) {
			return
		}
		w.Do(func() {
			switch {
			case i.State != world.StatePending:
			case err != nil:
				i.State, i.Ended = world.StateTerminated, w.Now()
				i.Reason = world.Reason{Code: "Server.InternalError", Message: "Server.InternalError: Internal error on launch"}
				i.ConsoleText = append(i.ConsoleText, err.Error()...)
				releaseVolumes(c, i)
				dropLayers(w, i.Layers)
			default:
				i.State = world.StateRunning
			}
		})
	})
}

func terminateInstances(c *action.Call, in *instanceIDs) (*stateChanges, error) {
	return change(c, in.IDs,
		func(i *world.Instance) error {
			if i.KeepAlive {
				return wire.Errorf("OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", i.ID)
			}
			return nil
		},
		func(i *world.Instance) {
			if i.State == world.StateTerminated || i.State == world.StateShuttingDown {
				return
			}
			i.State = world.StateShuttingDown
			i.Reason = world.Reason{Code: "Client.UserInitiatedShutdown", Message: "Client.UserInitiatedShutdown: User initiated shutdown"}
			c.World.Wake(i.ID)
			end(c, i)
		})
}

// end brings an instance from shutting-down to terminated and drops its disk and
// the volumes that go with it.
func end(c *action.Call, i *world.Instance) {
	w, id, least := c.World, i.ID, time.Duration(c.World.Delays.In(c.Region).Terminate)
	w.Serial(id, func(ctx context.Context) {
		begin := w.Now()
		console := w.BackendOf(i).Console(id)
		err := w.BackendOf(i).Terminate(ctx, id)
		if !w.Sleep(ctx, least-w.Now().Sub(begin)) {
			return
		}
		w.Do(func() {
			i.State, i.Ended, i.ConsoleText = world.StateTerminated, w.Now(), console
			if err != nil {
				i.ConsoleText = append(i.ConsoleText, err.Error()...)
			}
			releaseVolumes(c, i)
			dropLayers(w, i.Layers)
		})
	})
}

// die ends an instance whose launch EC2 accepted and then cannot carry out, such
// as one with a key that EBS may not use (behaviour of RunInstances with bad keys:
// the instance goes from pending to terminated).
func die(c *action.Call, i *world.Instance, reason world.Reason) {
	w, least := c.World, time.Duration(c.World.Delays.In(c.Region).Boot)
	w.Serial(i.ID, func(ctx context.Context) {
		if !w.Sleep(ctx, least) {
			return
		}
		w.Do(func() {
			i.State, i.Ended = world.StateTerminated, w.Now()
			i.Reason = reason
			releaseVolumes(c, i)
		})
	})
}

func releaseVolumes(c *action.Call, i *world.Instance) {
	mine := c.Mine()
	for _, id := range i.Devices {
		v := mine.Volumes[id]
		switch {
		case v == nil:
		case v.DeleteOnTermination:
			delete(mine.Volumes, id)
			mine.DropTags(id)
		default:
			v.State, v.InstanceID, v.Device = "available", "", ""
		}
	}
	i.Devices = map[string]string{}
}

func stopInstances(c *action.Call, in *instanceIDs) (*stateChanges, error) {
	return change(c, in.IDs,
		func(i *world.Instance) error {
			if i.Lifecycle == "spot" {
				return wire.Errorf("UnsupportedOperation", "You can't stop the Spot Instance '%s' because it is associated with a one-time Spot Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.", i.ID)
			}
			if i.KeepRunning {
				return wire.Errorf("OperationNotPermitted", "The instance '%s' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.", i.ID)
			}
			return refuseUnless(i, "stopped", world.StatePending, world.StateRunning, world.StateStopping, world.StateStopped)
		},
		func(i *world.Instance) {
			if i.State != world.StatePending && i.State != world.StateRunning {
				return
			}
			i.State = world.StateStopping
			i.Reason = world.Reason{Code: "Client.UserInitiatedShutdown", Message: "Client.UserInitiatedShutdown: User initiated shutdown"}
			halt(c, i)
		})
}

// halt brings an instance from stopping to stopped.
func halt(c *action.Call, i *world.Instance) {
	w, id, least := c.World, i.ID, time.Duration(c.World.Delays.In(c.Region).Stop)
	w.Serial(id, func(ctx context.Context) {
		begin := w.Now()
		err := w.BackendOf(i).Stop(ctx, id)
		if !w.Sleep(ctx, least-w.Now().Sub(begin)) {
			return
		}
		w.Do(func() {
			if i.State != world.StateStopping {
				return
			}
			i.State = world.StateStopped
			if err != nil {
				i.ConsoleText = append(i.ConsoleText, err.Error()...)
			}
		})
	})
}

func startInstances(c *action.Call, in *instanceIDs) (*stateChanges, error) {
	return change(c, in.IDs,
		func(i *world.Instance) error {
			if err := refuseUnless(i, "started", world.StateStopped, world.StateRunning, world.StatePending); err != nil {
				return err
			}
			return errNoRoot(i)
		},
		func(i *world.Instance) {
			if i.State != world.StateStopped {
				return
			}
			i.State, i.Reason = world.StatePending, world.Reason{}
			boot(c, i)
		})
}

func rebootInstances(c *action.Call, in *instanceIDs) (*done, error) {
	_, err := change(c, in.IDs,
		func(i *world.Instance) error {
			return refuseUnless(i, "rebooted", world.StateRunning, world.StatePending)
		},
		func(i *world.Instance) {
			w, spec := c.World, guestSpec(c, i)
			w.Serial(i.ID, func(ctx context.Context) {
				err := w.BackendOf(i).Stop(ctx, spec.ID)
				if err == nil {
					err = w.BackendOf(i).Start(ctx, spec)
				}
				if err != nil {
					w.Do(func() { i.ConsoleText = append(i.ConsoleText, err.Error()...) })
				}
			})
		})
	if err != nil {
		return nil, err
	}
	return ok, nil
}

func refuseUnless(i *world.Instance, what string, states ...string) error {
	for _, s := range states {
		if i.State == s {
			return nil
		}
	}
	return wire.Errorf("IncorrectInstanceState", "The instance '%s' is not in a state from which it can be %s.", i.ID, what)
}
