//go:build linux

package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/accounts"
)

// rootOptions stand before root's copy of the key: cloud-init's disable_root_opts.
const rootOptions = `no-port-forwarding,no-agent-forwarding,no-X11-forwarding,` +
	`command="echo 'Please login as the user \"%s\" rather than the user \"root\".';echo;sleep 10;exit 142" `

// defaultUser makes the image's user if it is missing, lets it use sudo, and gives it the launch key.
func (b *boot) defaultUser() error {
	u, err := accounts.Lookup(b.root, b.User)
	if err != nil {
		shell := "/bin/bash"
		if _, err := os.Stat(b.path(shell)); err != nil {
			shell = "/bin/sh"
		}
		if u, err = accounts.Add(b.root, b.User, "Default user", shell, accounts.DefaultGroups); err != nil {
			return err
		}
		b.log("new user %s, uid %d", u.Name, u.UID)
	}
	if err := b.home(u); err != nil {
		return err
	}
	if err := b.sudo(u.Name); err != nil {
		return err
	}
	if b.AuthorizedKey == "" {
		return nil
	}
	key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(b.AuthorizedKey))
	if err != nil {
		return fmt.Errorf("launch key: %w", err)
	}
	line := strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(key)), "\n")
	if comment != "" {
		line += " " + comment
	}
	if err := b.authorize(u, line); err != nil {
		return err
	}
	root, err := accounts.Lookup(b.root, "root")
	if err != nil {
		return err
	}
	return b.authorize(root, fmt.Sprintf(rootOptions, u.Name)+line)
}

// home makes a missing home directory from /etc/skel, as useradd -m does. The home is below the guest's own
// root, where links may lead anywhere.
func (b *boot) home(u accounts.User) error {
	home := b.path(u.Home)
	if _, err := os.Stat(home); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil { //nolint:gosec // /home
		return err
	}
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	skel := b.path("etc/skel")
	return errors.Join(os.Chown(home, u.UID, u.GID), filepath.WalkDir(skel, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || p == skel {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(skel, p)
		if err != nil {
			return err
		}
		return copyEntry(p, filepath.Join(home, rel), d, u)
	}))
}

func copyEntry(from, to string, d fs.DirEntry, u accounts.User) error {
	st, err := d.Info()
	if err != nil {
		return err
	}
	switch {
	case d.IsDir():
		err = os.Mkdir(to, st.Mode().Perm())
	case st.Mode()&os.ModeSymlink != 0:
		var target string
		if target, err = os.Readlink(from); err == nil {
			err = os.Symlink(target, to)
		}
	case st.Mode().IsRegular():
		var content []byte
		if content, err = os.ReadFile(from); err == nil {
			err = os.WriteFile(to, content, st.Mode().Perm())
		}
	default:
		return nil
	}
	if err != nil {
		return err
	}
	return os.Lchown(to, u.UID, u.GID)
}

func (b *boot) sudo(name string) error {
	if err := b.mkdir("etc/sudoers.d", 0o750); err != nil {
		return err
	}
	file := b.path("etc/sudoers.d/90-cloud-init-users")
	content := "# Created by the instance's init, after cloud-init\n\n# User rules for " + name + "\n" + name + " ALL=(ALL) NOPASSWD:ALL\n"
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(file, []byte(content), 0o440) //nolint:gosec // sudo wants this mode
}

// authorize adds a line to the user's authorized keys unless it is there.
func (b *boot) authorize(u accounts.User, line string) error {
	home := b.path(u.Home)
	dot := filepath.Join(home, ".ssh")
	if err := os.MkdirAll(dot, 0o700); err != nil {
		return err
	}
	file := filepath.Join(dot, "authorized_keys")
	have, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !strings.Contains("\n"+string(have), "\n"+line+"\n") {
		if len(have) > 0 && have[len(have)-1] != '\n' {
			have = append(have, '\n')
		}
		if err := os.WriteFile(file, append(have, line+"\n"...), 0o600); err != nil {
			return err
		}
	}
	return errors.Join(os.Chown(dot, u.UID, u.GID), os.Chown(file, u.UID, u.GID))
}
