// Package proof says what a new image has to show before it is called good.
//
// It decides:
//
//   - by which sign an instance that nobody can log in to is known to be up: its
//     console, its password, the SSM agent, EC2's status checks;
//   - when the first boot is over: cloud-init has ended without an error, where there
//     is cloud-init, and every stage has left its marker with the hash of its content;
//   - which traits two machines must never share: SSH host keys, as files and as the
//     handshake shows them, the machine-id, the host name. A machine without one of
//     them has nothing to share.
//
// It does not launch, log in or terminate, and marks no image: the builder does.
package proof
