//go:build linux

package vendorlayer

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Options of one vendor layer.
type Options struct {
	Base string   // the root that guests see below this layer
	User string   // the default user of cloud.cfg
	Hide []string // absolute paths of the host that guests must not see, such as the state directory
}

// standard are the top-level names of the Filesystem Hierarchy Standard 3.0; lib<qual> is matched apart.
var standard = map[string]bool{
	"bin": true, "boot": true, "dev": true, "etc": true, "home": true, "lib": true, "media": true, "mnt": true,
	"opt": true, "proc": true, "root": true, "run": true, "sbin": true, "srv": true, "sys": true, "tmp": true,
	"usr": true, "var": true,
}

// Build writes the layer into the empty directory dst.
func Build(dst string, o Options) error {
	l := &layer{base: o.Base, dst: dst}
	steps := []func() error{
		l.mirrorRoot, l.topLevel, l.emptyDirs, l.logs, l.secrets, l.accounts, l.identity, l.services,
		func() error { return l.cloud(o.User) },
		func() error { return l.hide(o.Hide) },
		l.times,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("vendor layer of %s: %w", o.Base, err)
		}
	}
	return nil
}

func (l *layer) mirrorRoot() error { return l.copyDirAttrs(".") }

func (l *layer) topLevel() error {
	entries, err := os.ReadDir(l.base)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if standard[e.Name()] || strings.HasPrefix(e.Name(), "lib") || strings.Contains(e.Name(), ".usr-is-merged") {
			continue
		}
		if err := l.whiteout(e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// emptyDirs are the places that are a user's, or mount points. Those below var exist in the layer only where
// the base has them.
func (l *layer) emptyDirs() error {
	always := []struct {
		name string
		mode uint32
	}{
		{"root", 0o700},
		{"home", 0o755},
		{"tmp", 0o1777},
		{"mnt", 0o755},
		{"media", 0o755},
		{"srv", 0o755},
		{"opt", 0o755},
		{"dev", 0o755},
		{"proc", 0o555},
		{"sys", 0o555},
		{"run", 0o755},
		{"var/tmp", 0o1777},
	}
	for _, d := range always {
		if err := l.opaque(d.name, d.mode); err != nil {
			return err
		}
	}
	for _, name := range []string{
		"var/mail", "var/backups", "var/crash", "var/www", "var/snap", "var/spool/mail", "var/spool/cron/crontabs",
		"var/lib/docker", "var/lib/containerd", "var/lib/containers", "var/lib/lxc", "var/lib/lxd",
		"var/lib/libvirt", "var/lib/machines", "var/lib/portables", "var/lib/snapd", "var/lib/private", "etc/ssl/private",
	} {
		if err := l.emptied(name); err != nil {
			return err
		}
	}
	return l.skeleton()
}

// skeleton gives root the files that every new home starts with.
func (l *layer) skeleton() error {
	skel := filepath.Join(l.base, "etc/skel")
	entries, err := os.ReadDir(skel)
	if err != nil {
		return nil //nolint:nilerr // a base without skel gives an empty home
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(skel, e.Name()))
		if err != nil {
			return err
		}
		if err := l.file(filepath.Join("root", e.Name()), content, 0o644, 0); err != nil {
			return err
		}
	}
	return nil
}

// hide takes away single places of the host wherever they are. A name that is itself part of the system,
// or of which the layer already hides a parent, is left alone.
func (l *layer) hide(paths []string) error {
	sort.Strings(paths)
	for _, p := range paths {
		rel, err := filepath.Rel(l.base, p)
		if err != nil || !filepath.IsLocal(rel) || system(rel) || l.covered(rel) {
			continue
		}
		if _, err := os.Lstat(filepath.Join(l.base, rel)); err != nil {
			continue
		}
		if err := l.whiteout(rel); err != nil {
			return err
		}
	}
	return nil
}

// system tells whether a guest could not do without this directory.
func system(rel string) bool {
	parts := strings.Split(rel, "/")
	if len(parts) == 1 {
		return true
	}
	switch parts[0] {
	case "bin", "sbin", "boot", "dev", "proc", "sys", "run":
		return true
	case "usr":
		return len(parts) == 2 || (len(parts) == 3 && (parts[1] == "lib" || parts[1] == "share" || parts[1] == "local"))
	case "var":
		return len(parts) == 2
	case "etc", "lib":
		return len(parts) == 2
	}
	return false
}
