// Package kms is the KMS of the local endpoint, as far as building and sharing
// images uses it: one file per action or per small family of actions. It decides
// that service's rules and refusals; what exists is in world.
package kms

import "github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"

// Actions are all of KMS that this endpoint has. Each file adds its own in init.
var Actions = action.NewSet("kms", action.JSON, "TrentService")
