//go:build linux

// Package guest is the init of an instance. It does at boot what cloud-init, systemd and sshd do together on
// an EC2 image of Debian, as far as an image build can see it, and it runs inside the guest.
//
// Rules it decides, all after cloud-init (modules cc_ssh, cc_users_groups, cc_set_hostname,
// cc_scripts_user) and systemd-machine-id-setup:
//
//   - An instance id other than the one in /var/lib/cloud/data/instance-id is a first boot: SSH host keys are
//     deleted and made anew, the default user and its keys are set up, user data runs once.
//   - On a later boot none of this happens. Host keys that were removed stay away, and then no SSH server
//     starts, as sshd without host keys exits.
//   - An empty or missing /etc/machine-id is filled on every boot.
//   - User data runs after SSH is up, as in cloud-init's final stage.
//
// It is no cloud-init: of its configuration only the default user is honoured, and of user data only shell
// scripts, alone, gzipped or as parts of a MIME archive. Other parts are named in the log and left alone.
package guest
