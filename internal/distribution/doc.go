// Package distribution brings one finished image to every Region and every
// account that is to have it.
//
// It decides: which Regions need a copy and which already have one, what the
// copy must look like, in which order it is made fit for use, and what is
// shared with whom. Its rules:
//
//   - Regions are independent. A Region that fails is reported with AWS's own
//     reason and never stops another one.
//   - A copy is identified by its name, its source and the tags it was created
//     with, so a second run finds the work of the first and goes on from there.
//     On a finished set a run makes read calls only.
//   - Nothing is shared before it is verified: attributes equal the source's,
//     every snapshot is encrypted with exactly the key that was asked for.
//   - The order is copy, wait, verify, tag, share, describe, deprecate, protect;
//     the state tag "good" is last, because look-ups trust it.
//   - An encrypted image is never made public, and no key is sent to EC2 unless
//     one was asked for: an empty key is not the same as none.
//
// It does not make images, does not delete any (what a run leaves unfinished is
// for the caller's ledger to sweep; finished images are announced to Keep), does
// not poll (package wait does), and does not know Packer.
package distribution
