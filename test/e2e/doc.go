// Package e2e runs the real Packer with the built plugin against the built local
// endpoint, and reads back through AWS's own calls what came of it.
//
// It knows the programs from the outside alone: their command lines, their
// output, and what EC2 and KMS describe. It imports nothing of the plugin but the
// meaning of its tags, and holds no expectation about how a result comes about.
//
// The tests need binaries that make builds, so they are behind the build tag
// "e2e": "make e2e" runs them, "go test ./..." does not.
package e2e
