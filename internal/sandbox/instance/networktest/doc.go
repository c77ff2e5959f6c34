// Package networktest lets tests take any port of a machine that others use: each such test runs once more in
// a network namespace of its own, where nothing listens but what the test makes listen.
//
// It decides what a test sees of the network: loopback, up, and nothing else. It is imported by tests only.
package networktest
