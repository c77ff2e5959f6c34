//go:build linux

// Package vendorlayer builds the layer that makes a host's root look like a fresh cloud image.
//
// Rules it decides, where an image of Debian or Ubuntu for EC2 is the model:
//
//   - People are hidden: their homes, their accounts, all that lies at the top level and is not of the
//     Filesystem Hierarchy Standard, /opt, /srv, /var/log, /var/mail, /var/www and the like.
//   - Secrets are hidden: below /etc, /var and /usr/local/etc a file that others may not read is gone, and a
//     directory that others may not enter is empty. What a package manager or sudo needs is kept.
//   - Packages install and do not start their daemons, as there is no service manager.
//   - Identity is fresh: no SSH host keys, an empty machine-id, neutral host name and hosts, no cloud-init
//     state; cloud.cfg names the default user.
//
// The result depends on the base and the options alone. It does not change the base, and it only sees the
// file system that the base directory is on: what is mounted below it is not part of a guest.
package vendorlayer
