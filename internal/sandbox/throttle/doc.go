// Package throttle holds EC2's token buckets: how many calls an account may make
// of an action in a Region, and how many instances it may launch, start, stop and
// terminate. It owns the limits and the buckets, and knows no resource. Calls of
// other services are not limited.
package throttle
