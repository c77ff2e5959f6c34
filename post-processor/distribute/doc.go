// Package distribute is the post-processor goldenami-distribute: it takes the
// AMIs of a build to more Regions and accounts.
//
// It accepts artifacts whose id is a list of region:ami pairs: those of
// goldenami-ebs, of amazon-ebs, and its own. It decides which of the artifact's
// images is the source, turns options into a distribution.Spec, writes the
// outputs file as Regions are finished, and gives an artifact that lists every
// image there is now. On success the artifact it was given is kept.
//
// How an image gets to a Region is package distribution's; what a failed or
// cancelled run leaves is swept by package ledger.
package distribute
