//go:build linux

package vendorlayer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/accounts"
)

// private tells whether only the host's root, or a group, may see this.
func private(st fs.FileInfo) bool {
	if st.IsDir() {
		return st.Mode()&0o005 != 0o005
	}
	return st.Mode().IsRegular() && st.Mode()&0o004 == 0
}

// needed are private places without which apt, dpkg or sudo fail, and which hold no secret.
var needed = map[string]bool{
	"etc/sudoers": true, "var/lib/dpkg": true, "var/lib/apt": true, "var/cache/apt": true, "var/cache/debconf": true,
	"var/lib/rpm": true, "var/lib/dnf": true, "var/cache/ldconfig": true,
}

// secrets hides what others may not read. Unreadable directories stay as empty ones, for the daemons that
// own them; symbolic links and device nodes say nothing by themselves and stay.
func (l *layer) secrets() error {
	for _, top := range []string{"etc", "var", "usr/local/etc"} {
		err := filepath.WalkDir(filepath.Join(l.base, top), func(p string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(l.base, p)
			if err != nil {
				return err
			}
			return l.secret(rel, d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *layer) secret(rel string, d fs.DirEntry) error {
	if needed[rel] || l.covered(rel) {
		if d.IsDir() {
			return filepath.SkipDir
		}
		return nil
	}
	st, err := d.Info()
	if errors.Is(err, fs.ErrNotExist) || (err == nil && !private(st)) {
		return nil
	}
	if err != nil {
		return err
	}
	if d.IsDir() {
		if err := l.emptied(rel); err != nil {
			return err
		}
		return filepath.SkipDir
	}
	return l.whiteout(rel)
}

// logs keeps the directories that services expect below /var/log, and the files that login needs.
func (l *layer) logs() error {
	if err := l.opaque("var/log", 0o755); err != nil {
		return err
	}
	root := filepath.Join(l.base, "var/log")
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || e.Name() == "journal" {
			continue
		}
		st, err := e.Info()
		if err != nil {
			return err
		}
		if err := os.Mkdir(l.in("var/log/"+e.Name()), 0o700); err != nil {
			return err
		}
		if err := setAttrs(l.in("var/log/"+e.Name()), st); err != nil {
			return err
		}
	}
	group, err := os.ReadFile(filepath.Join(l.base, "etc/group"))
	if err != nil {
		return err
	}
	utmp := accounts.GroupID(group, "utmp", 0)
	for name, mode := range map[string]uint32{"wtmp": 0o664, "lastlog": 0o664, "btmp": 0o660} {
		if err := l.file("var/log/"+name, nil, mode, utmp); err != nil {
			return err
		}
	}
	return nil
}

func (l *layer) accounts() error {
	passwd, err := os.ReadFile(filepath.Join(l.base, "etc/passwd"))
	if err != nil {
		return err
	}
	group, err := os.ReadFile(filepath.Join(l.base, "etc/group"))
	if err != nil {
		return err
	}
	p, s, g := accounts.Vendor(passwd, group)
	shadow := accounts.GroupID(group, "shadow", 0)
	files := []struct {
		name    string
		content []byte
		mode    uint32
		gid     int
	}{
		{"passwd", p, 0o644, 0},
		{"group", g, 0o644, 0},
		{"shadow", s, 0o640, shadow},
		{"gshadow", accounts.Gshadow(g), 0o640, shadow},
		{"subuid", nil, 0o644, 0},
		{"subgid", nil, 0o644, 0},
	}
	for _, f := range files {
		if err := l.file("etc/"+f.name, f.content, f.mode, f.gid); err != nil {
			return err
		}
		backup := "etc/" + f.name + "-" // the copy that passwd tools keep
		if _, err := os.Lstat(filepath.Join(l.base, backup)); err == nil {
			if err := l.whiteout(backup); err != nil {
				return err
			}
		}
	}
	return nil
}

const hosts = `127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
`

func (l *layer) identity() error {
	keys, err := filepath.Glob(filepath.Join(l.base, "etc/ssh/ssh_host_*"))
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := l.whiteout("etc/ssh/" + filepath.Base(k)); err != nil {
			return err
		}
	}
	// The guest uses the host's network, so the host's resolver is the right one whatever the base is.
	resolv, err := os.ReadFile("/etc/resolv.conf")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for name, content := range map[string][]byte{
		"etc/hostname": []byte("localhost\n"), "etc/hosts": []byte(hosts), "etc/resolv.conf": resolv,
		"etc/fstab": []byte("# the root is an overlay\n"),
	} {
		if err := l.file(name, content, 0o644, 0); err != nil {
			return err
		}
	}
	if err := l.file("etc/machine-id", nil, 0o444, 0); err != nil {
		return err
	}
	for _, name := range []string{"var/lib/dbus/machine-id", "var/lib/systemd/random-seed"} {
		if st, err := os.Lstat(filepath.Join(l.base, name)); err == nil && st.Mode().IsRegular() {
			if err := l.whiteout(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// noServices is how Debian's maintainer scripts are told not to start daemons (invoke-rc.d(8)): there is no
// service manager in a guest, and one that binds a low port could not.
const noServices = `#!/bin/sh
# No service manager runs in this instance: services are installed, not started.
exit 101
`

func (l *layer) services() error {
	if st, err := os.Lstat(filepath.Join(l.base, "usr/sbin")); err != nil || !st.IsDir() {
		return nil //nolint:nilerr // no Debian
	}
	return l.file("usr/sbin/policy-rc.d", []byte(noServices), 0o755, 0)
}

// cloud writes the little of cloud-init's configuration that says who the default user is.
func (l *layer) cloud(user string) error {
	if err := l.opaque("etc/cloud", 0o755); err != nil {
		return err
	}
	if err := l.opaque("var/lib/cloud", 0o755); err != nil {
		return err
	}
	cfg := fmt.Sprintf(strings.TrimLeft(`
users:
  - default
disable_root: true
ssh_deletekeys: true
datasource_list: [Ec2]
system_info:
  default_user:
    name: %s
    lock_passwd: true
    groups: [%s]
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    shell: /bin/bash
`, "\n"), user, strings.Join(accounts.DefaultGroups, ", "))
	return l.file("etc/cloud/cloud.cfg", []byte(cfg), 0o644, 0)
}
