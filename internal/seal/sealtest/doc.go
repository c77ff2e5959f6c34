// Package sealtest plants what a build leaves in a Linux system under a
// directory, and looks at that directory from outside after a seal: what had to
// go, what had to stay, byte for byte. It is for tests alone, and it runs the
// program with real shells, always against the planted directory, never against
// this machine.
package sealtest
