package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// tool is one clean-up.
type tool struct {
	name string
	// clean works on the root and gives the time it took, and that of processors.
	clean func(ctx context.Context, root string) (wall, cpu time.Duration, err error)
}

// The first is what the others are compared with.
var tools = []tool{
	{"goldenami-seal", func(ctx context.Context, root string) (time.Duration, time.Duration, error) {
		return sealed(ctx, seal.Options{Root: root})
	}},
	{"goldenami-seal, all operations", func(ctx context.Context, root string) (time.Duration, time.Duration, error) {
		return sealed(ctx, seal.Options{
			Root: root, Enable: sealtest.Enabled(), ScrubPaths: sealtest.Scrubbed(), Banner: sealtest.Banner, BuildKey: sealtest.BuildKey,
		})
	}},
	{"virt-sysprep", sysprepped},
	{"cloud-init clean", cloudCleaned},
	{"EC2 Image Builder's list", listed},
}

// sealed runs the seal's program with root= and a user's defaults. That it finds
// what its operations that are off would have removed is no failure here.
func sealed(ctx context.Context, o seal.Options) (wall, cpu time.Duration, err error) {
	if o.Nonce, err = seal.NewNonce(); err != nil {
		return 0, 0, err
	}
	o.Mode, o.SecretScan, o.ScanTimeout = seal.ModeSeal, seal.ScanFail, time.Minute
	text, err := seal.Program(o)
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, "sh", "-s")
	parser := seal.NewParser(o)
	cmd.Stdin, cmd.Stdout = strings.NewReader(text), parser
	begin := time.Now()
	runErr := cmd.Run()
	wall = time.Since(begin)
	if report := parser.Report(); !report.Complete {
		return 0, 0, errors.Join(runErr, report.Err())
	}
	return wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// sysprepped puts the root into the image of a disk, as virt-sysprep takes it, and
// takes it out again; only virt-sysprep's own time counts.
func sysprepped(ctx context.Context, root string) (wall, cpu time.Duration, err error) {
	image := root + ".img"
	defer func() { err = errors.Join(err, os.Remove(image)) }()
	file, err := os.Create(image) //nolint:gosec // beside the copy
	if err != nil {
		return 0, 0, err
	}
	const size = 2 << 30
	if err := errors.Join(file.Truncate(size), file.Close()); err != nil {
		return 0, 0, err
	}
	if _, _, err := timed(exec.CommandContext(ctx, "mkfs.ext4", "-q", "-F", "-U", rootUUID, "-d", root, image)); err != nil {
		return 0, 0, err
	}
	if err := os.RemoveAll(root); err != nil {
		return 0, 0, err
	}
	if err := os.Mkdir(root, 0o755); err != nil { //nolint:gosec // a root
		return 0, 0, err
	}
	if wall, cpu, err = timed(exec.CommandContext(ctx, "virt-sysprep", "--format", "raw", "-a", image)); err != nil {
		return 0, 0, err
	}
	_, _, err = timed(exec.CommandContext(ctx, "debugfs", "-R", "rdump / "+root, image))
	return wall, cpu, err
}

// cloudCleaned runs the root's own cloud-init. Its --seed is for those who want the
// seed gone too, which is content.
func cloudCleaned(ctx context.Context, root string) (wall, cpu time.Duration, err error) {
	return timed(exec.CommandContext(ctx, "chroot", root, "/usr/bin/cloud-init", "clean", "--logs", "--machine-id"))
}

// The files and directories of which EC2 Image Builder's user guide says that its
// clean-up of Linux removes them, under "Required post-build clean up".
var (
	builderFiles = []string{
		"/etc/sudoers.d/90-cloud-init-users", "/etc/locale.conf", "/var/log/cloud-init.log", "/var/log/cloud-init-output.log",
		"/etc/.updated", "/etc/aliases.db", "/etc/hostname", "/var/lib/misc/postfix.aliasesdb-stamp", "/var/lib/postfix/master.lock",
		"/var/spool/postfix/pid/master.pid", "/var/.updated", "/var/cache/yum/x86_64/2/.gpgkeyschecked.yum",
		"/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_rsa_key.pub", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ecdsa_key.pub",
		"/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key.pub", "/root/.ssh/authorized_keys", "/home/*/.ssh/authorized_keys",
		"/var/log/audit/audit.log", "/var/log/boot.log", "/var/log/dmesg", "/var/log/cron", "/var/log/sa/sa*",
		"/var/lib/dhclient/dhclient*.lease", "/var/lib/rsyslog/imjournal.state",
	}
	builderTrees = []string{"/var/lib/cloud", "/var/log/amazon/ssm", "/var/tmp", "/var/log/journal"}
)

// listed removes what is on the list as the guide says that it is done: every file
// is overwritten by a shred of its own.
func listed(ctx context.Context, root string) (wall, cpu time.Duration, err error) {
	script := fmt.Sprintf(`for f in %s; do [ ! -f "$f" ] || shred -zuf "$f"; done
for d in %s; do [ ! -d "$d" ] || { find "$d" -type f -exec shred -zuf {} \; ; rm -rf "$d"/*; }; done
touch /etc/machine-id`, strings.Join(builderFiles, " "), strings.Join(builderTrees, " "))
	return timed(exec.CommandContext(ctx, "chroot", root, "/bin/sh", "-c", script))
}
