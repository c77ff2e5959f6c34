// Package link is the network of one booted guest: a subnet with nobody in it but the guest and what this
// process serves there.
//
// Rules it decides:
//
//   - The subnet is a network namespace that only descriptors of this process lead to, and the guest's
//     supervisor. It goes, with its interfaces, when the last of them does: nothing of it ever appears in the
//     host's network, and nothing is left when this process is killed.
//   - In it are the router's end of a pair of interfaces and the guest's end, [Interface], which the guest takes
//     with it into its own namespace. The router has the subnet's first address, as in a VPC, and 169.254.169.254.
//   - The guest gets its address by DHCP, with the options that a VPC's DHCP gives: mask, router, resolver, host
//     name, domain, MTU 9001, a lease of an hour.
//   - The resolver at 169.254.169.253 knows the guest's own name and that of the metadata service, and refuses
//     all others at once, so that nothing waits for an answer that cannot come.
//   - Nothing is forwarded: there is no way out of the subnet, to the host, to other guests or beyond. The host
//     reaches the guest with [Network.Dial].
//
// Addresses and interfaces are made with ip, of package iproute2. Sources: RFC 2131 and 2132 for DHCP, RFC 1035
// for DNS, the Amazon
// VPC User Guide for the addresses that a subnet reserves.
package link
