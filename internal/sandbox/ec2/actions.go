package ec2

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
)

// Actions are all of EC2 that this endpoint has. Each file adds its own in init.
var Actions = action.NewSet("ec2", action.EC2Query, wire.EC2Namespace)

func add[I, O any](name string, rule func(c *action.Call, in *I) (*O, error)) {
	action.Add(Actions, name, rule)
}

// read registers an action that changes nothing: see [action.AddRead].
func read[I, O any](name string, rule func(c *action.Call, in *I) (*O, error)) {
	action.AddRead(Actions, name, rule)
}

// done is the output of actions that answer only that they were done.
type done struct {
	Return bool `xml:"return"`
}

var ok = &done{Return: true}
