// Package stage holds the one list of stages that all tiers of a family share,
// and the cut through it: what a tier bakes and what is left for first boot.
//
// It decides:
//
//   - which stages are well formed, and that the list is ordered by tier: a
//     stage of a lower tier after one of a higher tier would run in another
//     order on a layered image than on one built from the source image;
//   - that a stage is identified by its content (script, environment, name)
//     and not by time, path or place, so that a moved file changes nothing;
//   - that every stage runs at most once per content on a machine: the program
//     leaves a marker, written last and only on success. The same program runs
//     while the image is baked and at first boot, so it does not matter which
//     tier an instance was started from;
//   - that all tiers of a family get the same user data.
//
// The programs are POSIX sh and run as root on Linux; interpreters named by a
// script's first line are honoured without the file being executable, since
// hardened images mount temporary folders noexec.
//
// It does not talk to an instance and does not decide whether an image must be
// built anew.
package stage
