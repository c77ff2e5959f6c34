// Package steer gives one port of chosen loopback addresses to listeners of ours while another process
// listens on that port of all addresses.
//
// An sshd that listens on 0.0.0.0:22, or on [::]:22 for both families, makes bind(2) fail with EADDRINUSE
// for port 22 of every address, 127.1.0.1 included. Binding is not needed, though: before it looks for a
// listener the kernel asks the BPF programs of type sk_lookup in the network namespace (Linux 5.9 and later)
// which socket a new connection is for. The one here answers for the pairs of address and port in its map
// and leaves all others to the usual lookup, so the sshd keeps all its other addresses.
//
// Rules it decides:
//
//   - Only new TCP connections over IPv4 to the one port are looked at, and only those to an address in the
//     map are changed. The program never drops anything. Where another program chose a socket for one of our
//     addresses before, ours replaces it; one that runs after ours may replace ours.
//   - An entry of the map goes with the last descriptor of its listener, in whichever process that is. From
//     then on, connections to the address reach the listener on all addresses again.
//   - Program, map and attachment are known by descriptors of this process only, all close-on-exec: nothing is
//     pinned in bpffs. They go with [Program.Close], or with the process however it dies.
//   - [Holders] names who listens on a port, for the message of those who cannot have it.
//
// What it does not do: UDP, IPv6, ports that differ per address. It does not notice two programs that claim
// the same address; who steers must see to that. It changes no setting of the host, and needs CAP_BPF and
// CAP_NET_ADMIN in the initial user namespace, as root has.
//
// Sources: Documentation/bpf/prog_sk_lookup.rst and include/uapi/linux/bpf.h of Linux, bpf(2), bpf-helpers(7),
// and net/core/sock_map.c for which sockets a map takes (no Multipath TCP) and when it lets go of them.
package steer
