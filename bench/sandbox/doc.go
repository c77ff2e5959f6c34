// Command sandbox (in bench/) measures the local endpoint when it is as full as
// years of image builds in every Region leave an account.
//
// It fills a state folder through [world.World.Populate], starts the real
// cmd/sandbox on it as a process of its own, without EC2's limits on the rate of
// calls, and lets clients call it over HTTP:
// first at a fixed rate, as builds that wait for images do, then as fast as they
// can. It prints a table and judges nothing: no figure fails it. Run it with
// "make bench-sandbox".
package main
