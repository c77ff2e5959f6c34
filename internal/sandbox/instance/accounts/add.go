//go:build unix

package accounts

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Add makes a person with a locked password in the account files of the root, with a group of the same name,
// in those of the wanted groups that exist. useradd does the same, but need not be there.
func Add(root, name, gecos, shell string, wanted []string) (User, error) {
	etc := filepath.Join(root, "etc")
	passwd, err := os.ReadFile(filepath.Join(etc, "passwd"))
	if err != nil {
		return User{}, err
	}
	group, err := os.ReadFile(filepath.Join(etc, "group"))
	if err != nil {
		return User{}, err
	}
	id := freeID(passwd, group)
	u := User{Name: name, UID: id, GID: id, Home: "/home/" + name, Shell: shell}
	members := addMember(group, name, wanted, 3)
	gid := GroupID(group, name, -1)
	if gid >= 0 {
		u.GID = gid
	} else {
		members = fmt.Appendf(members, "%s:x:%d:\n", name, id)
	}
	if err := replace(filepath.Join(etc, "group"), members); err != nil {
		return User{}, err
	}
	if err := addShadow(etc, name, wanted, gid < 0); err != nil {
		return User{}, err
	}
	passwd = fmt.Appendf(endLine(passwd), "%s:x:%d:%d:%s:%s:%s\n", name, u.UID, u.GID, gecos, u.Home, u.Shell)
	return u, replace(filepath.Join(etc, "passwd"), passwd)
}

func addShadow(etc, name string, wanted []string, newGroup bool) error {
	shadow, err := os.ReadFile(filepath.Join(etc, "shadow"))
	if err != nil {
		return err
	}
	shadow = fmt.Appendf(endLine(shadow), "%s:!:19700:0:99999:7:::\n", name)
	if err := replace(filepath.Join(etc, "shadow"), shadow); err != nil {
		return err
	}
	gshadow, err := os.ReadFile(filepath.Join(etc, "gshadow"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	gshadow = addMember(gshadow, name, wanted, 3)
	if newGroup {
		gshadow = fmt.Appendf(gshadow, "%s:!::\n", name)
	}
	return replace(filepath.Join(etc, "gshadow"), gshadow)
}

func freeID(files ...[]byte) int {
	used := map[string]bool{}
	for _, file := range files {
		for _, f := range Lines(file) {
			if len(f) > 2 {
				used[f[2]] = true
			}
		}
	}
	id := MinID
	for used[strconv.Itoa(id)] {
		id++
	}
	return id
}

// addMember puts the name into the member list, the field with this index, of the wanted groups.
func addMember(file []byte, name string, wanted []string, field int) []byte {
	var out bytes.Buffer
	for _, f := range Lines(file) {
		if len(f) > field && slices.Contains(wanted, f[0]) {
			members := strings.FieldsFunc(f[field], func(r rune) bool { return r == ',' })
			if !slices.Contains(members, name) {
				f[field] = strings.Join(append(members, name), ",")
			}
		}
		fmt.Fprintln(&out, strings.Join(f, ":"))
	}
	return out.Bytes()
}

func endLine(b []byte) []byte {
	if len(b) > 0 && b[len(b)-1] != '\n' {
		return append(b, '\n')
	}
	return b
}

// replace writes the new file beside the old one, with its mode and owner, and renames it: a reader never
// sees half of it.
func replace(file string, content []byte) error {
	st, err := os.Stat(file)
	if err != nil {
		return err
	}
	uid, gid := owner(st)
	tmp := file + ".new"
	if err := os.WriteFile(tmp, content, 0o600); err != nil {
		return err
	}
	if err := os.Chown(tmp, uid, gid); err != nil {
		return err
	}
	if err := os.Chmod(tmp, st.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}
