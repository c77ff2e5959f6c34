// Package rbin is the Recycle Bin service of the local endpoint: the retention
// rules, which say what EC2 keeps of deleted images and snapshots. What is kept,
// listed and restored is in ec2.
package rbin

import "github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"

// Actions are all of Recycle Bin that this endpoint has. Each file adds its own.
var Actions = action.NewSet("rbin", action.REST, "")
