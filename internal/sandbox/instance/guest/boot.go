//go:build linux

package guest

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// boot is one boot of one disk.
type boot struct {
	Spec
	root  string // "/" but in tests
	fresh bool   // the disk has not seen this instance id
}

func (b *boot) path(elem ...string) string {
	return filepath.Join(append([]string{b.root}, elem...)...)
}

// state is cloud-init's directory of this instance.
func (b *boot) state(elem ...string) string {
	return b.path(append([]string{"var/lib/cloud/instances", b.ID}, elem...)...)
}

// log writes to the console and to cloud-init's log.
func (b *boot) log(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	fmt.Fprintln(os.Stderr, "init:", line)
	f, err := os.OpenFile(b.path("var/log/cloud-init.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return // the console has it
	}
	defer func() { _ = f.Close() }()
	_, _ = fmt.Fprintf(f, "%s - init[INFO]: %s\n", time.Now().UTC().Format("2006-01-02 15:04:05,000"), line)
}

type dir struct {
	name string
	mode os.FileMode
}

// local is what precedes all else: run-time directories, and the question whether the instance is new.
func (b *boot) local() error {
	for _, d := range []dir{
		{"run/sshd", 0o755},
		{"run/lock", 0o777 | os.ModeSticky},
		{"run/cloud-init", 0o755},
		{"run/user", 0o755},
		{"var/log", 0o755},
		{"var/lib/cloud/data", 0o755},
		{"var/lib/cloud/instances", 0o755},
		{"tmp", 0o777 | os.ModeSticky},
		{"var/tmp", 0o777 | os.ModeSticky},
		{"etc/ssh", 0o755},
	} {
		if err := b.mkdir(d.name, d.mode); err != nil {
			return fmt.Errorf("prepare boot: %w", err)
		}
	}
	last, err := os.ReadFile(b.path("var/lib/cloud/data/instance-id"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b.fresh = strings.TrimSpace(string(last)) != b.ID
	if !b.fresh {
		return nil
	}
	previous := strings.TrimSpace(string(last))
	if previous == "" {
		previous = "NO_PREVIOUS_INSTANCE_ID" // cloud-init's word
	}
	if err := os.WriteFile(b.path("var/lib/cloud/data/previous-instance-id"), []byte(previous+"\n"), 0o644); err != nil { //nolint:gosec // as cloud-init
		return err
	}
	if err := os.WriteFile(b.path("var/lib/cloud/data/instance-id"), []byte(b.ID+"\n"), 0o644); err != nil { //nolint:gosec // as cloud-init
		return err
	}
	if err := os.MkdirAll(b.state("sem"), 0o755); err != nil { //nolint:gosec // as cloud-init
		return err
	}
	link := b.path("var/lib/cloud/instance")
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(filepath.Join("/var/lib/cloud/instances", b.ID), link)
}

// mkdir makes a directory that is missing; one that is there keeps its mode.
func (b *boot) mkdir(name string, mode os.FileMode) error {
	if st, err := os.Stat(b.path(name)); err == nil && st.IsDir() {
		return nil
	}
	if err := os.MkdirAll(b.path(name), 0o755); err != nil { //nolint:gosec // a system directory
		return err
	}
	return os.Chmod(b.path(name), mode)
}

// perInstance is cloud-init's work for an instance it has not seen.
func (b *boot) perInstance() error {
	if err := b.hostKeys(); err != nil {
		return fmt.Errorf("ssh host keys: %w", err)
	}
	if err := b.defaultUser(); err != nil {
		return fmt.Errorf("default user %s: %w", b.User, err)
	}
	if err := os.WriteFile(b.path("etc/hostname"), []byte(b.Hostname+"\n"), 0o644); err != nil { //nolint:gosec // public
		return err
	}
	return b.storeUserData()
}

// everyBoot is what systemd does, and cloud-init's update_hostname.
func (b *boot) everyBoot() error {
	name := b.Hostname
	if own, err := os.ReadFile(b.path("etc/hostname")); err == nil && strings.TrimSpace(string(own)) != "" {
		name = strings.TrimSpace(string(own))
	}
	if b.root == "/" {
		if err := unix.Sethostname([]byte(name)); err != nil {
			return fmt.Errorf("host name %s: %w", name, err)
		}
	}
	if err := b.ownName(name); err != nil {
		return err
	}
	return b.machineID()
}

// ownName lets the guest look up its own name: no DNS server knows it, and sudo asks.
func (b *boot) ownName(name string) error {
	hosts, err := os.ReadFile(b.path("etc/hosts"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var out strings.Builder
	for line := range strings.Lines(string(hosts)) {
		if f := strings.Fields(line); len(f) > 0 && f[0] == "127.0.1.1" {
			continue
		}
		out.WriteString(strings.TrimRight(line, "\n") + "\n")
	}
	out.WriteString("127.0.1.1 " + name + "\n")
	if out.String() == string(hosts) {
		return nil
	}
	return os.WriteFile(b.path("etc/hosts"), []byte(out.String()), 0o644) //nolint:gosec // public
}

// machineID fills an empty id with a random one, as systemd does on first boot (machine-id(5)).
func (b *boot) machineID() error {
	file := b.path("etc/machine-id")
	have, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if s := strings.TrimSpace(string(have)); s != "" && s != "uninitialized" {
		return nil
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // a version 4 UUID, as systemd's
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(file, []byte(hex.EncodeToString(id[:])+"\n"), 0o444) //nolint:gosec // public, as systemd writes it
}
