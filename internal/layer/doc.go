// Package layer decides how the images of a family build on each other: what
// an image is made of, which parent it gets, and whether an existing image
// will do.
//
// It decides:
//
//   - Fingerprint. Two hashes: the inputs are what the user decides (stages,
//     files, values, configuration); the fingerprint adds the base (parent's
//     version or vendor's image). So it can be said which of both moved.
//     Content counts; times, owners, order on disk and place in the file
//     system do not, nor do names, tags, credentials, networks and instance
//     types.
//   - Parent. A parent that is built by the same "packer build" is waited for
//     and used by its id, never looked up, because EC2's tags lag behind. Else
//     it is the newest good image; else an error, or the source image.
//   - Waiting. Packer runs one process per build and starts builds in order, so
//     waiting for a build that was declared earlier cannot deadlock, and one
//     that was declared later is waited for as long as builds before it work,
//     whose ends make room for it, and then only for the grace.
//     A process's life is a file lock that the kernel drops with it, or where
//     there are no locks, its id and the time when it started.
//   - Claim. Of several runs that are to make the same image one does, and the
//     others wait. The mark is a key pair, whose name EC2 keeps unique.
//   - Freshness. Reasons to build anew are asked in a fixed order and the first
//     one is told; where none holds, the existing image is the result.
//
// It does not call AWS except through the clients that the caller gives, does
// not build anything, and knows Packer only as the parent process whose
// run id is in the environment.
package layer
