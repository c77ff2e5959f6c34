// Package seal is the provisioner goldenami-seal: the Packer face of
// internal/seal.
//
// The rules it decides: the whole seal is one remote command with the program
// on its standard input, so nothing is uploaded and no second connection is
// needed after the host keys are gone; a connection that ends after the report
// is complete is a success, before it a failure; a failed seal fails the build,
// so that no image is made of a half-sealed guest; and a command that outlives
// its timeout is not waited for.
//
// It belongs last in the build block: what a later provisioner does is in the
// image.
//
// Windows guests get a program of their own, by WinRM or SSH, and the same report.
// Packer's WinRM has no standard input: there the program is uploaded, and deleted
// before it runs.
package seal
