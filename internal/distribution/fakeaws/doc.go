// Package fakeaws is EC2 and KMS in memory, for tests of what distributes images.
//
// It is strict: a parameter or a filter it does not know, an empty key where none
// was asked for, and a change to an image that is still pending fail like at EC2
// or fail the test. It is stateful: a copy becomes visible late, is pending for a
// while, does not tell its snapshots' encryption before it is done, and checks its
// key only then. It is no server; package sandbox is. Only tests import it.
package fakeaws
