// Package instance runs the guests behind the local EC2 endpoint: real Linux process trees that a real
// SSH client reaches, on a machine that must stay exactly as it was.
//
// There are two kinds. The guest of [NewLinux] runs the programs of the host's root under an init of ours and is up
// in a fraction of a second. The guest of [NewBooted] is a machine: systemd as process 1, cloud-init with an
// instance metadata service (package imds) and sshd of a root of its own, in a network of its own (package link),
// run by systemd-nspawn (package machine). It is up in some seconds. Disks, layers, addresses and what follows
// hold for both; where only one is meant it is said.
//
// Rules it decides:
//
//   - A disk is a stack of overlay layers. At the bottom lies the base (the host's root, or a directory),
//     read only; above it a vendor layer that makes the base look like a fresh cloud image and hides what
//     belongs to the host's users; above that the layers of the image, bottom first; on top the changes of
//     the one instance. [Backend.Commit] turns that top into a layer, so an image holds what its instance
//     changed and nothing else, and what an instance deleted stays deleted in each instance of its image.
//   - A guest never reaches the host's files. It starts only after its root was pivoted, the old root was
//     unmounted and its mount table was compared with what it should be. It runs in a user namespace of its
//     own, below a trusted pid 1 that it can neither trace nor leave, from a sealed copy of this binary. One that
//     boots has user ids of the host that nobody else has, and reaches no network.
//   - Nothing outlives the process. All mounts live in mount namespaces that no file names; they go with the
//     threads that hold them. A killed parent takes its guests along.
//   - Port 22 of an instance's address reaches the instance, also where an sshd of the host has port 22 of all
//     addresses (package steer). Between Stop and Start, and after Terminate, that sshd answers there. An
//     address that someone listens on by itself, or that another instance has, is not taken over.
//   - First boot follows cloud-init: what is per instance (host keys, default user, authorized keys, user
//     data) happens when the instance id is new to the disk, and is left alone on every later boot. Guests that
//     boot have cloud-init itself for it.
//   - A machine that powers itself off is off, and the owner of its [Spec] is told; one that reboots itself is
//     booted again.
//   - A state directory belongs to one kind of guest.
//
// What neither kind does: boot a kernel of its own, or limit memory or processor time.
//
// What a guest that shares the host's programs does not do: it shares the host's network, so it needs no route or
// address of its own, has its metadata service at a port of its loopback address and not at 169.254.169.254, sees the host's listening ports, and cannot bind ports below 1024. There is no systemd in it,
// no sshd_config is read (public keys are the only way in).
// Programs of another architecture, 32 bit ones included, do not run, and on kernels before 6.12 a guest can
// connect to abstract unix sockets of the host. A program that uses this package should be built with
// CGO_ENABLED=0: one that is linked against the C library needs that library in the base as well.
// It keeps a well-meaning build, and its mistakes, away from the host; it is no place for hostile code.
//
// Disks of stopped instances live in memory and reach the state directory in [Backend.Close]; layers reach
// it when they are made.
package instance
