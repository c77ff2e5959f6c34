//go:build unix

// Package accounts reads and writes the account files of a Linux root: passwd, shadow and group.
//
// It works on text, so that both the vendor layer (which drops the host's people) and the guest (which adds
// its default user) use the same rules. It knows local files only: no LDAP, no NSS.
package accounts

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// People have ids in this range on Debian and Red Hat (login.defs: UID_MIN, UID_MAX).
const (
	MinID = 1000
	MaxID = 60000
)

// User is one line of passwd.
type User struct {
	Name, Home, Shell string
	UID, GID          int
}

// Person tells whether an id belongs to a person and not to the system.
func Person(id int) bool { return id >= MinID && id <= MaxID }

// Lines gives the lines of an account file, split at the colons. Comments and empty lines are left out.
func Lines(file []byte) [][]string {
	var out [][]string
	for l := range bytes.Lines(file) {
		s := strings.TrimSpace(string(l))
		if s != "" && !strings.HasPrefix(s, "#") {
			out = append(out, strings.Split(s, ":"))
		}
	}
	return out
}

// Lookup finds a user by name in the passwd file of the root.
func Lookup(root, name string) (User, error) {
	file, err := os.ReadFile(filepath.Join(root, "etc/passwd"))
	if err != nil {
		return User{}, err
	}
	for _, f := range Lines(file) {
		if len(f) < 7 || f[0] != name {
			continue
		}
		uid, errU := strconv.Atoi(f[2])
		gid, errG := strconv.Atoi(f[3])
		if errU != nil || errG != nil {
			return User{}, fmt.Errorf("user %s: bad ids in passwd", name)
		}
		u := User{Name: name, UID: uid, GID: gid, Home: f[5], Shell: f[6]}
		if u.Shell == "" {
			u.Shell = "/bin/sh"
		}
		return u, nil
	}
	return User{}, fmt.Errorf("user %s: not in passwd", name)
}

// Groups gives the ids of all groups that the user is in, the primary one first.
func Groups(root string, u User) []int {
	ids := []int{u.GID}
	file, err := os.ReadFile(filepath.Join(root, "etc/group"))
	if err != nil {
		return ids
	}
	for _, f := range Lines(file) {
		if len(f) < 4 {
			continue
		}
		gid, err := strconv.Atoi(f[2])
		if err != nil || gid == u.GID {
			continue
		}
		for m := range strings.SplitSeq(f[3], ",") {
			if m == u.Name {
				ids = append(ids, gid)
			}
		}
	}
	return ids
}

// Vendor gives the system's accounts without the people: passwd, shadow with every password locked, and
// group, from those of a host.
func Vendor(passwd, group []byte) (newPasswd, newShadow, newGroup []byte) {
	var p, s, g bytes.Buffer
	for _, f := range Lines(passwd) {
		if len(f) < 7 || person(f[2]) {
			continue
		}
		fmt.Fprintln(&p, strings.Join(f, ":"))
		fmt.Fprintf(&s, "%s:*:19700:0:99999:7:::\n", f[0])
	}
	gone := map[string]bool{}
	for _, f := range Lines(passwd) {
		if len(f) >= 7 && person(f[2]) {
			gone[f[0]] = true
		}
	}
	for _, f := range Lines(group) {
		if len(f) < 4 || person(f[2]) {
			continue
		}
		var members []string
		for m := range strings.SplitSeq(f[3], ",") {
			if m != "" && !gone[m] {
				members = append(members, m)
			}
		}
		fmt.Fprintf(&g, "%s:x:%s:%s\n", f[0], f[2], strings.Join(members, ","))
	}
	return p.Bytes(), s.Bytes(), g.Bytes()
}

func person(id string) bool {
	n, err := strconv.Atoi(id)
	return err == nil && Person(n)
}

// DefaultGroups are those that cloud-init puts the default user in on Debian and Ubuntu (its cloud.cfg), of
// which the ones that exist count, and wheel and systemd-journal, its choice on Amazon Linux.
var DefaultGroups = []string{
	"adm", "audio", "cdrom", "dialout", "dip", "floppy", "lxd", "netdev", "plugdev", "sudo", "video", "wheel", "systemd-journal",
}

// GroupID gives the id of a group in the text of a group file, or the other id if it is not there.
func GroupID(group []byte, name string, other int) int {
	for _, f := range Lines(group) {
		if len(f) > 2 && f[0] == name {
			if id, err := strconv.Atoi(f[2]); err == nil {
				return id
			}
		}
	}
	return other
}

// Gshadow gives a gshadow file without passwords for a group file.
func Gshadow(group []byte) []byte {
	var out bytes.Buffer
	for _, f := range Lines(group) {
		if len(f) > 3 {
			fmt.Fprintf(&out, "%s:*::%s\n", f[0], f[3])
		}
	}
	return out.Bytes()
}
