//go:build linux

// Package sshd is the SSH server of a guest. It serves what image builds use of OpenSSH's: commands, shells,
// terminals, scp and sftp by the guest's own programs, any number at once on one connection.
//
// Rules it decides: who may log in (public keys in the guest's own ~/.ssh/authorized_keys, with OpenSSH's
// StrictModes; an account whose password is locked may, as with UsePAM yes), what environment a login has,
// and how the end of a command is told. Keys of the host are read from /etc/ssh when the server starts; with
// none there is no server.
//
// It does not read sshd_config, know passwords, or forward ports, agents or X11.
package sshd
