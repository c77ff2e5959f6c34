// Package clock is the one time of the local endpoint: the machine's, the
// machine's at another pace, or one that only calls move.
//
// It owns what time it is and who waits for which moment. It knows no resource.
// On a virtual clock nothing depends on how fast the machine is: time stands
// still while a call or something in the background works, so that the same calls
// in the same order see the same times and the same states.
package clock
