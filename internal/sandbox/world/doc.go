// Package world holds the state behind the local endpoint: accounts, their
// Regions and the resources in them, one state machine per resource, on one
// clock.
//
// It owns what exists, how long a transition takes and what survives a restart.
// It knows no protocol: the packages of the services read and change it inside
// [World.Do], under one lock, and never block there. A state that only time
// changes (pending to available) is computed from the moment it is due, so that
// no timer is needed and a look always sees the truth.
package world
