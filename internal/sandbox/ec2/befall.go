package ec2

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/fault"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() { Actions.Made = befall }

// befall lets the faults of a call befall what it has made.
func befall(c *action.Call, ids []string) {
	for _, f := range c.Faults {
		for _, id := range ids {
			if befallOne(c, f.Rule, id) {
				f.Befell = true
			}
		}
	}
}

// befallOne tells whether the fault has a meaning for the resource.
func befallOne(c *action.Call, rule *fault.Rule, id string) bool {
	mine := c.Mine()
	switch rule.Kind {
	case fault.NotVisible:
		_, known := kindOf(id)
		if known {
			c.World.Hide(id, c.Now.Add(time.Duration(rule.For)))
		}
		return known
	case fault.Flapping:
		return flap(c, rule, mine.Images.Get(id))
	case fault.ImageFails:
		image := mine.Images.Get(id)
		if image != nil {
			image.Failure = failure(rule, "Server.InternalError", "Internal error on image creation") // unverified: code and text
		}
		return image != nil
	case fault.SnapshotFails:
		return failSnapshot(c, rule, mine.Snapshots.Get(id))
	case fault.SpotLoss:
		i := mine.Instances[id]
		if i == nil || i.Lifecycle != "spot" {
			return false
		}
		takeBack(c, i, time.Duration(rule.After))
		return true
	default: // launches look at the others themselves
		return false
	}
}

// failure is the StateReason that a rule gives. EC2 puts the code before the text
// where it words both itself.
func failure(rule *fault.Rule, code, message string) *world.Reason {
	if rule.Code != "" {
		code = rule.Code
	}
	if rule.Message != "" {
		return &world.Reason{Code: code, Message: rule.Message}
	}
	return &world.Reason{Code: code, Message: code + ": " + message}
}

// flapTime is a phase of flapping for which the rule has no time.
const flapTime = 5 * time.Second

func flap(c *action.Call, rule *fault.Rule, image *world.Image) bool {
	if image == nil {
		return false
	}
	phase := func(s fault.Span) time.Duration {
		if s == 0 {
			return flapTime
		}
		return time.Duration(s)
	}
	image.Flaps = &world.Flaps{Visible: phase(rule.Visible), Gone: phase(rule.Gone), Pending: phase(rule.Pending), Cycles: max(1, rule.Cycles)}
	if !image.Held { // otherwise it begins when the disk is taken
		c.World.Flap(image)
	}
	return true
}

// failSnapshot lets a snapshot end in error, and an image that is made of it as
// failed.
func failSnapshot(c *action.Call, rule *fault.Rule, s *world.Snapshot) bool {
	if s == nil {
		return false
	}
	s.Failure = first(rule.Message, "An internal error has occurred")
	for _, image := range c.Mine().Images.All() {
		for _, id := range image.SnapshotIDs() {
			if id == s.ID && image.Failure == nil {
				image.Failure = &world.Reason{Code: "Client.InternalError", Message: s.Failure}
			}
		}
	}
	return true
}

// takeBack interrupts a Spot Instance after a while: EC2 terminates it, with no
// regard for what runs on it.
func takeBack(c *action.Call, i *world.Instance, after time.Duration) {
	w := c.World
	w.Go(func(ctx context.Context) {
		if !w.Sleep(ctx, after) {
			return
		}
		w.Do(func() {
			if i.State == world.StateTerminated || i.State == world.StateShuttingDown {
				return
			}
			i.State = world.StateShuttingDown
			i.Reason = world.Reason{Code: "Server.SpotInstanceTermination", Message: "Server.SpotInstanceTermination: Spot instance termination"} // unverified: text
			if r := c.Mine().SpotRequests[i.SpotRequestID]; r != nil {
				r.Interrupted = w.Now()
			}
			end(c, i)
		})
	})
}

// launchEnds are the texts of the reasons for which a launch dies (EC2 API
// reference, StateReason, has the codes).
var launchEnds = map[string]string{
	"Client.InternalError":                "Client error on launch",
	"Server.InternalError":                "Internal error on launch",
	"Server.InsufficientInstanceCapacity": "Insufficient capacity to satisfy instance request", // unverified: text
	"Client.VolumeLimitExceeded":          "Volume limit exceeded",
	"Client.InvalidSnapshot.NotFound":     "The snapshot does not exist", // unverified: text
}

// deathOf is the reason for which a launch dies by a fault, or nil.
func deathOf(c *action.Call) *world.Reason {
	for _, f := range c.Faults {
		if f.Kind == fault.LaunchDies {
			f.Befell = true
			code := first(f.Code, "Server.InternalError")
			return failure(f.Rule, code, first(launchEnds[code], "Instance failed to launch")) // unverified: text of other codes
		}
	}
	return nil
}

// errCapacity refuses a launch for which a fault leaves no capacity. EC2 answers
// 500, though a retry with the same words is no help, and names the zones that
// have some.
func errCapacity(c *action.Call, kind, zone string) error {
	for _, f := range c.Faults {
		if f.Kind != fault.NoCapacity || !fault.Fits(f.Type, kind) || !fault.Fits(f.Zone, zone) {
			continue
		}
		f.Befell = true
		text := "We currently do not have sufficient " + kind + " capacity in the Availability Zone you requested (" + zone +
			"). Our system will be working on provisioning additional capacity."
		var others []string
		for _, z := range world.Zones(c.Region) {
			if !fault.Fits(f.Zone, z.Name) {
				others = append(others, z.Name)
			}
		}
		if len(others) > 0 {
			text += " You can currently get " + kind + " capacity by not specifying an Availability Zone in your request or choosing " + strings.Join(others, ", ") + "."
		}
		return wire.Errorf("InsufficientInstanceCapacity", "%s", text).WithStatus(http.StatusInternalServerError)
	}
	return nil
}
