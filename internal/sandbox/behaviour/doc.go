// Package behaviour is the list of what EC2 does that surprises its clients, and
// that the endpoint does too. The tests of this package make each happen through
// AWS's own client and compare status, code, message and the shape of the answer
// with the list; the list is shown to users in docs/sandbox.md.
package behaviour
