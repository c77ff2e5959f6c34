//go:build linux

// Package stage turns this process's binary, started again, into the init of a guest.
//
// Stage one is pid 1 of a new pid namespace, still with the host's root rights. It builds the guest's root,
// pivots into it, unmounts the old root, and compares its mount table with the one it should have. If one
// entry differs it exits, and nothing of the guest has run. From then on it only reaps and waits for the
// order to stop. Stage two runs below it in a user namespace of its own, where root has no power over
// anything outside; all programs of the guest descend from it.
//
// Both run from a sealed copy of the binary in memory, one per guest: what /proc/PID/exe leads to can be
// neither written nor is it shared (the class of CVE-2019-5736).
//
// The identity mapping of user ids means that a guest's root has the host's uid 0 on any file or socket it
// can reach. That is why it must reach none: its root is pivoted, processes of the host are in another pid
// namespace, and abstract unix sockets, which the shared network would show it, are closed by Landlock on
// kernels that can (6.12 and later), and it may not make a cgroup namespace, which would show it the host's
// control groups.
package stage
