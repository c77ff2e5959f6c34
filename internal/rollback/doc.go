// Package rollback takes images of a tier back without a console, and has the one
// before them be the newest good one again.
//
// It decides:
//
//   - which version is meant: "previous" is the newest good version that is older than
//     the newest one that ever was good, so that the same words said twice do the same;
//   - what is revoked: every good image of the tier that is newer, in every Region,
//     and, where that is asked for, what was built on it;
//   - that a tier which has a good image in a Region keeps one there, unless the
//     caller allows otherwise;
//   - the order. First the target is good, then pointers are led to it, then the newer
//     images are marked, parents before what was built on them. So at any crash a
//     look-up finds a good image. Pointers come before marks because machines that start
//     from a bad image do harm now, and because an image that is still good is found
//     again by the next run, which goes on from there. Parents come before children
//     because no build may start on what is about to be revoked; one that starts
//     between the two is rebuilt later, since its parent has changed.
//
// Marks are tags, and nothing is launched, deleted or disabled: all of it can be
// turned back. It does not decide who may roll back, nor what a template says.
package rollback
