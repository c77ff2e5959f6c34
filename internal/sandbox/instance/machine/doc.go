// Package machine boots a guest as a machine: systemd-nspawn runs the init of its root, in a cage that this
// package makes.
//
// Rules it decides:
//
//   - A supervisor, this process's binary started again, is pid 1 of a pid namespace. systemd-nspawn and the
//     guest run in it, in a pid namespace of the guest's own. When the supervisor ends, however it does, the
//     kernel kills all of them. It ends when nspawn does, or at once when its parent closes the pipe of orders,
//     which it does by dying too.
//   - Its mounts are in a mount namespace of its own, which goes with it. nspawn gets a /run of its own, so that
//     it works, and covers what it should of /proc, also where the host runs no systemd; a /sys of the guest's
//     network, read-only; and the whole of cgroup version 2 in the place where it looks for it, also where the
//     host has version 1.
//   - The guest's root has no power over the host. Its user ids are 65536 of the host's that nobody else has,
//     in a user namespace of their own. The layers are mounted with their ids mapped there, so on disk they
//     stay what they were: the same layers and disks serve guests of either kind. That mapping is what needs
//     Linux 6.3, and a base on a file system that can be mapped, such as ext4, XFS, Btrfs or tmpfs.
//   - An order to stop is SIGRTMIN+4 to the guest's init: an orderly power-off. The supervisor's exit
//     code is nspawn's, which tells what the guest's init asked for.
//   - Processes are in a control group named after the guest, made in the supervisor's own and removed by it.
//
// The network is the caller's (package link): the supervisor runs in its namespace, and nspawn takes the
// guest's interface from there.
//
// Sources: systemd-nspawn(1), systemd(1) for the signals, the kernel's idmappings.rst, mount_setattr(2), cgroups(7).
package machine
