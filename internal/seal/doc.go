// Package seal holds the program that takes every identity, key and trace of
// the build out of a Linux guest, and the reader of the report it sends back.
//
// The rules it decides:
//
//   - One POSIX sh program, one execution. The text goes to the standard input
//     of [Launcher]; nothing is uploaded and nothing stays behind. The last
//     line calls main, so a program that arrives cut off does nothing at all.
//   - Preflight comes before the first deletion. A guest that would not make
//     SSH host keys again is refused, not sealed into a dead image.
//   - Every operation is one fragment in ops/ with two functions: one that
//     removes and one that looks again with its own eyes. A failed operation
//     never stops the others; the report names each with its reason.
//   - Services that would write back what was removed are stopped first, where
//     systemd or OpenRC runs. sshd is never touched: on OpenSSH before 9.8 the
//     open connection is the last one that the guest accepts.
//   - A template's value reaches the shell through [Quote] alone.
//   - Report lines carry a nonce of the run and encoded fields, so neither a
//     file name nor the output of a guest's tool can pass for one.
//   - Everything is relative to one root, and no path is followed out of it.
//
// It does not open connections, does not know Packer (provisioner/seal does),
// does not search for secrets inside application files, does not wipe free disk
// blocks, and does not cover what the shutdown itself writes.
package seal

//go:generate go run ./pages ../../docs-partials/provisioner/seal
