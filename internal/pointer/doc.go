// Package pointer moves what consumers follow instead of an image's id: the default
// version of a launch template, and SSM parameters.
//
// It decides:
//
//   - that a launch template gets a numbered version for an image, based on the
//     version that is the default, unless one of its versions has that image and
//     that user data already;
//   - that a version exists, and the image's tags name it, in every Region before
//     anything is moved in any, since up to then nothing refers to the image;
//   - that a pointer which is right costs read calls only;
//   - that what a run moved can be moved back, and is left alone where somebody
//     moved it since.
//
// It does not decide when an image is fit to be followed, nor which one is to be
// followed after a roll-back: the builder and package rollback do.
package pointer
