// Package ec2 is the EC2 of the local endpoint: one file per action or per small
// family of actions, each with its input, its rule and its output.
//
// It decides what EC2 would decide: who sees a resource, what a call may change,
// which code and message refuse it. The states and their timing are in world;
// guests run in instance. Messages follow what AWS's documents and public
// captures of the service show; where neither has the text, the code says so.
package ec2
