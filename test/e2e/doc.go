// Package e2e runs the real Packer with the built plugin against the built local
// endpoint, and reads back through AWS's own calls what came of it.
//
// It knows the programs from the outside alone: their command lines, their
// output, and what EC2 and KMS describe. It imports nothing of the plugin but the
// meaning of its tags, and of the endpoint but the names of its actions, and holds
// no expectation about how a result comes about.
//
// The conformance tests run templates after the acceptance tests of amazon-ebs
// (testdata/conformance, a file for each group of options), unmodified 1.8.2 being
// the judge of the endpoint, and let boto3 and the AWS CLI read back all of it.
//
// The tests need binaries that make builds, so they are behind the build tag
// "e2e": "make e2e" runs them, "go test ./..." does not.
package e2e
