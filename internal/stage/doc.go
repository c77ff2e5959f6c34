// Package stage holds the one list of stages that all tiers of a family share,
// and the cut through it: what a tier bakes and what is left for first boot.
//
// It decides:
//
//   - which stages are well formed, and that the list is ordered by tier: a
//     stage of a lower tier after one of a higher tier would run in another
//     order on a layered image than on one built from the source image;
//   - that a stage is identified by its content (script, environment, files,
//     name) and not by time, path or place, so that a moved file changes nothing;
//   - that every stage runs at most once per content on a machine: the program
//     leaves a marker, written last and only on success. The same stage runs
//     while the image is baked and at first boot, so it does not matter which
//     tier an instance was started from;
//   - that all tiers of a family get the same user data, with the customer's own
//     beside it.
//
// The programs are POSIX sh and run as root on Linux; interpreters named by a
// script's first line are honoured without the file being executable, since
// hardened images mount temporary folders noexec.
//
// # Tiers
//
// Stages have the tiers of images, and one more: a stage of tier Boot is in no
// image, and every instance runs it at its first boot. Only such a stage may have
// secrets. A secret is a reference, "ssm:" with the name of a parameter or
// "secretsmanager:" with that of a secret. The instance fetches the value with its
// own role when the stage is about to run, into a variable of that stage's
// process; it never is an argument, in a file, in a log, or in user data.
//
// # User data
//
// For cloud-init it is a MIME archive: the parts of the customer's own, as they
// are, and the stages' program as a script called 000-goldenami-stages.
// cloud-init does first what a #cloud-config says, and then runs all scripts in
// the order of their names, whatever becomes of one: those without a name are
// part-001 and so on, and runcmd is one called runcmd. So the stages run before
// the customer's scripts, on a machine of any tier.
//
// # Status
//
// The user data tells in StatusFile how far it came, in the fields of Status. The
// file is replaced as a whole after each stage, so a reader never sees half of it.
// The seconds of the stages are what the image could have saved. A stage that fails
// has no marker, ends the program with its own exit code, so that cloud-init
// reports it, and is the last in the list; an instance that is started again runs
// nothing anew, since cloud-init runs scripts once per instance.
//
// The package does not talk to an instance and does not decide whether an image
// must be built anew.
package stage
