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
// The states of an image change in these ways alone, and these make the changes:
//
//	no image  -> building   builder/ebs and distribution, in the call that makes an image
//	building  -> testing    builder/ebs, when the test phase begins
//	building  -> good       distribution, when all that was asked for is true
//	testing   -> good       the same, of an image that passed its test
//	building  -> bad        builder/ebs, when EC2 records another parent
//	testing   -> bad        builder/ebs, when the test phase fails
//	good      -> bad        builder/ebs, when Packer throws an image away that another is built on
//	good      -> revoked    roll-back and revocation
//	revoked   -> good       roll-back to an image that was revoked
//	good, bad, revoked -> retired   whoever takes images out of use
//
// It does not create, copy, wait for or delete images, and it does not decide
// whether an image may be used again: packages distribution, wait, cloud and
// layer do.
package ami
