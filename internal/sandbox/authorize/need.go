package authorize

import (
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/policy"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// Need is one permission that a call needs.
type Need struct {
	// Action is service:Name, Resource an ARN or "*".
	Action, Resource string
	// Shown is how the service's text names the resource where that is not its ARN.
	Shown string
	// Owner is the account that has the resource; empty is the caller's own.
	Owner string
	// Context are the keys that come with the resource and the request's parameters.
	Context policy.Context
	// key is the KMS key of which the policy and the grants decide too.
	key *world.Key
	// encryption is the encryption context that a grant may constrain.
	encryption map[string]string
}

// unshown as a need's Shown leaves the resource out of the text.
const unshown = "-"

// anything is the resource of actions that have no permissions of their own for
// single resources.
const anything = "*"

func need(action, resource string) Need { return Need{Action: action, Resource: resource} }
