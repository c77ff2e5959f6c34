package seal

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// alwaysKept is what the builder put into the image to be read by its instances
// and by the next stage's build: no operation touches it.
var alwaysKept = []string{"/etc/goldenami", "/var/lib/goldenami/stages"}

// system are the directories without which nothing boots, or that are no disk.
var system = []string{
	"/bin", "/boot", "/boot/efi", "/boot/grub", "/boot/grub2", "/boot/loader", "/dev", "/efi", "/etc", "/etc/cloud", "/etc/fstab", "/etc/group",
	"/etc/init.d", "/etc/pam.d", "/etc/passwd", "/etc/shadow", "/etc/ssh", "/etc/ssh/sshd_config", "/etc/sudoers", "/etc/systemd", "/home", "/lib", "/lib/modules", "/lib/systemd", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp",
	"/usr", "/usr/bin", "/usr/lib", "/usr/lib/modules", "/usr/lib/systemd", "/usr/lib64", "/usr/sbin", "/usr/share", "/var", "/var/cache",
	"/var/lib", "/var/lib/dpkg", "/var/lib/rpm", "/var/log", "/var/spool", "/var/tmp",
}

// stockKeys are private keys that packages make when they are installed and that
// protect nothing: what they serve is certified by nobody.
var stockKeys = []string{"/etc/ssl/private/ssl-cert-snakeoil.key", "/etc/pki/tls/private/localhost.key", "/etc/pki/tls/private/postfix.key"}

// ValidPath refuses paths of a guest that cannot mean what their writer thinks.
func ValidPath(p string) error {
	switch {
	case !strings.HasPrefix(p, "/"):
		return fmt.Errorf("%q is not an absolute path in the guest; write all of it, from / on", p)
	case strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%q holds a control character; name the directory that it is in", p)
	case !utf8.ValidString(p):
		return fmt.Errorf("%q is not UTF-8", p)
	case path.Clean(p) == "/":
		return fmt.Errorf("%q is the whole guest; name what is meant in it", p)
	case path.Clean(p) != strings.TrimSuffix(p, "/"):
		return fmt.Errorf("%q is not in its shortest form; write %q", p, path.Clean(p))
	}
	return nil
}

// validScrub refuses what would leave no guest, or what is wanted and unwanted
// at once.
func (o Options) validScrub(p string) error {
	if err := ValidPath(p); err != nil {
		return err
	}
	p = path.Clean(p)
	if slices.Contains(system, p) {
		return fmt.Errorf("%q is a part of every system; name what is to go in it", p)
	}
	for _, dir := range []string{"/dev", "/proc", "/sys"} {
		if below(p, dir) {
			return fmt.Errorf("%q is the kernel's and not in the image", p)
		}
	}
	for _, kept := range alwaysKept {
		if below(p, kept) || below(kept, p) {
			return fmt.Errorf("%q holds what instances and the next stage's build read from %s", p, kept)
		}
	}
	for _, kept := range o.Keep {
		if below(p, path.Clean(kept)) {
			return fmt.Errorf("%q is to go and is kept by %q in keep", p, kept)
		}
	}
	return nil
}

// below tells whether p is dir or stands in it; both are clean.
func below(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// validUser refuses what no passwd can hold as a user's name.
func validUser(name string) error {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == ':' || r == '/' }) || !utf8.ValidString(name) {
		return fmt.Errorf("%q is no name of a user; name each as /etc/passwd of the guest does", name)
	}
	return nil
}

// plainUser is a name that means the same in every file that names users.
var plainUser = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.@-]*$`)

// removable refuses users whose lines cannot be found safely.
func removable(name string) error {
	switch {
	case name == "":
		return errors.New("the builder does not tell as whom it logs in, so it is not known who is to go")
	case !plainUser.MatchString(name):
		return fmt.Errorf("%q is no plain name of a user, so its lines cannot be told from others; remove it in a script", name)
	}
	return nil
}

// validBanner refuses what sshd would show otherwise than it was written.
func validBanner(text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }) {
		return fmt.Errorf("%q holds a control character or is not UTF-8", text)
	}
	if text != "" && strings.TrimSpace(text) == "" {
		return fmt.Errorf("%q shows nothing; leave it out", text)
	}
	return nil
}
