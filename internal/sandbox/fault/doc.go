// Package fault is the plan of what goes wrong on the endpoint, and when: rules
// that select calls and name a kind of fault. It owns the plan's file format, the
// selection of calls and the counters of the rules.
//
// It knows neither HTTP nor the rules of EC2: what a kind does to a connection and
// to an answer is in package sandbox, what it does to a resource in the package of
// the resource. The same plan, seed and calls select the same calls.
package fault
