// Package ami says what an image is in this project: its family, tier, state,
// version, shelf life and lineage, and how these are kept in EC2's tags.
//
// It decides:
//
//   - the names of the tags (prefix "goldenami:"); no other package knows one;
//   - that an image whose tags are incomplete, malformed or written under
//     another schema is not ours and is never chosen;
//   - that only images in state good are found unless a caller asks for others,
//     that the newest one is the one with the highest version and not with the
//     latest creation date (a copy in another Region gets a new creation date
//     but keeps its version), and that expired images are passed over;
//   - how an image is named, and which names EC2 takes.
//
// It does not create, copy, wait for or delete images, and it does not decide
// whether an image may be used again: packages distribution, wait, cloud and
// layer do.
package ami
