package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/seal"
	"github.com/goldenami/packer-plugin-goldenami/internal/seal/sealtest"
)

// holds tells what a file below root has, or why it cannot be read.
func holds(t *testing.T, root, p string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, p)) //nolint:gosec // below the planted root
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// A build mounts the guest's own directories below /tmp, and find takes a bind
// mount for a directory like any other: it is of the same file system.
func TestWhatIsMountedBelowIsNotEmptied(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		o := options(t, sealtest.Plant(t), seal.ModeSeal)
		sealtest.Write(t, o.Root, "tmp/beside", sealtest.Marker)
		report, status, _ := mounted(t, sh, o, `
for dir in "tmp/a b[*]/root" tmp/plain var/tmp/chroot/usr home/build/.ansible/usr var/cache/apt/usr; do
	mkdir -p "$R/$dir" && mount --bind "$R/usr" "$R/$dir"
done
mkdir "$R/tmp/disk" && mount -t tmpfs none "$R/tmp/disk" && echo content >"$R/tmp/disk/file"`,
			`cat "$R/tmp/disk/file" "$R/usr/bin/cloud-init" || echo lost
umount "$R/tmp/a b[*]/root" "$R/tmp/plain" "$R/var/tmp/chroot/usr" "$R/home/build/.ansible/usr" "$R/var/cache/apt/usr" "$R/tmp/disk"`)
		if status != seal.ExitSealed {
			t.Errorf("status %d: %v", status, report.Err())
		}
		for _, p := range []string{"/tmp/a b[*]/root", "/tmp/plain", "/tmp/disk", "/var/tmp/chroot/usr"} {
			if !strings.Contains(strings.Join(report.Notes, "\n"), p+" is mounted") {
				t.Errorf("no note tells of %s: %q", p, report.Notes)
			}
		}
		for _, wrong := range sealtest.Sealed(t, o.Root) {
			t.Error(wrong)
		}
		if _, err := os.Stat(filepath.Join(o.Root, "tmp/beside")); err == nil {
			t.Error("what stood beside the mounts stayed")
		}
	})
}

// Hardened guests have logs and audit records on disks of their own.
func TestLogsOnTheirOwnDiskAreEmptied(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		for _, mode := range []seal.Mode{seal.ModeAudit, seal.ModeSeal} {
			o := alone(options(t, sealtest.Plant(t), mode), "logs")
			report, status, printed := mounted(t, sh, o, `
for dir in audit apt; do mount -t tmpfs none "$R/var/log/$dir" && echo secret >"$R/var/log/$dir/a.log" && echo old >"$R/var/log/$dir/a.log.1"; done`,
				`cd "$R/var/log" && wc -c audit/* apt/*`)
			if mode == seal.ModeAudit {
				var left []string
				for _, op := range report.Operations {
					left = append(left, op.LeftAt...)
				}
				named := strings.Join(left, " ")
				for _, log := range []string{"/var/log/audit/a.log", "/var/log/apt/a.log.1", "/var/log/syslog"} {
					if !strings.Contains(named, log) {
						t.Errorf("audit does not name %s: %s", log, named)
					}
				}
				continue
			}
			if status != seal.ExitSealed || strings.Contains(printed, "log.1") || !strings.Contains(printed, "0 audit/a.log") || !strings.Contains(printed, "0 apt/a.log") {
				t.Errorf("status %d, %v\n%s", status, report.Err(), printed)
			}
		}
	})
}

// Homes on a file server belong to people who go on using them.
func TestFilesOfOtherMachinesStay(t *testing.T) {
	t.Parallel()
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		far := map[string]string{
			"home/far/ann/.bash_history": sealtest.Marker, "home/far/ann/.ssh/id_rsa": sealtest.Private, "home/far/ann/.ssh/authorized_keys": sealtest.Public,
			"home/far/ann/.netrc": sealtest.Marker, "home/far/ann/.aws/sso/cache/x.json": sealtest.Marker, "srv/far/key": sealtest.BuildKey,
		}
		for p, content := range far {
			sealtest.Write(t, root, p, content)
		}
		if err := os.Symlink("far/ann", filepath.Join(root, "home/linked")); err != nil {
			t.Fatal(err)
		}
		sealtest.Write(t, root, "etc/passwd", "root:x:0:0::/root:/bin/sh\nbuild:x:1000:1000::/home/build:/bin/sh\napp:x:998:998::/srv/app:/bin/sh\n"+
			"nobody:x:65534:65534::/:/bin/false\nann:x:2000:2000::/home/far/ann:/bin/sh\n")
		table := filepath.Join(t.TempDir(), "mounts")
		escaped := strings.NewReplacer(`\`, `\134`, " ", `\040`).Replace(root)
		lines := "/dev/vda1 / ext4 rw 0 0\nfiles:/x R/home/far nfs4 rw 0 0\nfs-1@x R/srv/far fuse.sshfs rw 0 0\n"
		if err := os.WriteFile(table, []byte(strings.ReplaceAll(lines, "R", escaped)), 0o600); err != nil {
			t.Fatal(err)
		}
		o := options(t, root, seal.ModeSeal)
		o.Skip = []string{"secret-scan", "passwords"}
		text, err := seal.Program(o)
		if err != nil {
			t.Fatal(err)
		}
		text = strings.Replace(text, "\nmount_table=/proc/mounts\n", "\nmount_table='"+table+"'\n", 1)
		parser := seal.NewParser(o)
		if status, _ := sh.Run(t.Context(), t, text, parser); status != seal.ExitSealed {
			t.Errorf("status %d: %v", status, parser.Report().Err())
		}
		for p, content := range far {
			if got := holds(t, root, p); got != content {
				t.Errorf("%s of another machine: %q", p, got)
			}
		}
		if notes := strings.Join(parser.Report().Notes, "\n"); !strings.Contains(notes, "/home/far is a file system of another machine") {
			t.Errorf("notes: %q", notes)
		}
	})
}

// A user's link must not make root empty what is not the user's.
func TestLinksOfUsersLeadNowhereElse(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a link to a user")
	}
	underEachShell(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		sealtest.Write(t, root, "srv/mine/x", sealtest.Marker)
		without(t, root, "home/build/.ansible", "home/build/.cache", "root/.cache")
		for link, target := range map[string]string{"home/build/.ansible": "../../usr", "home/build/.cache": "../../srv/mine", "root/.cache": "../opt/cache"} {
			if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
				t.Fatal(err)
			}
		}
		sealtest.Write(t, root, "opt/cache/x", sealtest.Marker)
		for _, p := range []string{"home/build/.ansible", "home/build/.cache", "srv/mine", "opt/cache"} {
			if err := os.Lchown(filepath.Join(root, p), 1000, 1000); err != nil {
				t.Fatal(err)
			}
		}
		report, status := run(t, sh, options(t, root, seal.ModeSeal))
		if status != seal.ExitLeft || report.Err() == nil || !strings.Contains(report.Err().Error(), "/home/build/.ansible is reached by a link of a user") {
			t.Errorf("status %d: %v", status, report.Err())
		}
		if got := holds(t, root, "usr/bin/cloud-init"); !strings.HasPrefix(got, "#!") {
			t.Error(got)
		}
		for _, p := range []string{"srv/mine/x", "opt/cache/x"} { // the user's own, and where root leads
			if _, err := os.Stat(filepath.Join(root, p)); err == nil {
				t.Errorf("%s stayed", p)
			}
		}
	})
}

// Package managers link what they install with their caches: to overwrite one
// name would break the other.
func TestOtherNamesOfScrubbedFilesKeepTheirContent(t *testing.T) {
	t.Parallel()
	underEachShred(t, func(t *testing.T, sh sealtest.Shell) {
		root := sealtest.Plant(t)
		for from, to := range map[string]string{"opt/build/src/main.c": "usr/lib/installed", "srv/tool.tar": "usr/lib/tool"} {
			if err := os.Remove(filepath.Join(root, from)); err != nil {
				t.Fatal(err)
			}
			sealtest.Write(t, root, to, "in use")
			if err := os.Link(filepath.Join(root, to), filepath.Join(root, from)); err != nil {
				t.Fatal(err)
			}
		}
		report, status := run(t, sh, options(t, root, seal.ModeSeal))
		if status != seal.ExitSealed {
			t.Error(report.Err())
		}
		for _, p := range []string{"usr/lib/installed", "usr/lib/tool"} {
			if got := holds(t, root, p); got != "in use" {
				t.Errorf("%s: %q", p, got)
			}
		}
		for _, p := range []string{"/opt/build", "/srv/tool.tar"} {
			if !strings.Contains(strings.Join(report.Warnings, "\n"), p) {
				t.Errorf("no warning tells of %s: %q", p, report.Warnings)
			}
		}
		for _, wrong := range sealtest.Sealed(t, root) {
			t.Error(wrong)
		}
	})
}
