// Package lineage tells where an image comes from: the chain of images below it up
// to the vendor's, and the manifest inside it.
//
// It decides:
//
//   - that EC2's own record (GetImageAncestry) has to agree with the parent that a
//     build started from, and that a record nobody can read is no disagreement;
//   - how the chain is followed where that record is missing: by the image's source,
//     by the tag of a copy, by the tags of the build;
//   - what the manifest in an image says, and how that of a child follows from its
//     parent's.
//
// It writes no files, marks no images, and does not decide what becomes of an image
// whose lineage is wrong.
package lineage
