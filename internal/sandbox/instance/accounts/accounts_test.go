//go:build unix

package accounts_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/instance/accounts"
)

const (
	passwd = "root:x:0:0:root:/root:/bin/bash\n# comment\n\nsys:x:3:3::/dev:\nalice:x:1000:1000::/home/alice:/bin/zsh\nnobody:x:65534:65534::/:/usr/sbin/nologin\nbad:x:y:z::/:/\nshort:x\n"
	group  = "root:x:0:\nadm:x:4:syslog,alice\nsudo:x:27:alice\nalice:x:1000:\nnogroup:x:65534:\n"
)

func rootWith(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestVendorDropsThePeople(t *testing.T) {
	t.Parallel()
	p, s, g := accounts.Vendor([]byte(passwd), []byte(group))
	const wantP = "root:x:0:0:root:/root:/bin/bash\nsys:x:3:3::/dev:\nnobody:x:65534:65534::/:/usr/sbin/nologin\nbad:x:y:z::/:/\n"
	if string(p) != wantP {
		t.Errorf("passwd:\n%s", p)
	}
	if string(g) != "root:x:0:\nadm:x:4:syslog\nsudo:x:27:\nnogroup:x:65534:\n" {
		t.Errorf("group:\n%s", g)
	}
	if string(s) != "root:*:19700:0:99999:7:::\nsys:*:19700:0:99999:7:::\nnobody:*:19700:0:99999:7:::\nbad:*:19700:0:99999:7:::\n" {
		t.Errorf("shadow:\n%s", s)
	}
	if got := string(accounts.Gshadow([]byte("adm:x:4:syslog\n"))); got != "adm:*::syslog\n" {
		t.Errorf("gshadow: %s", got)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	root := rootWith(t, map[string]string{"passwd": passwd, "group": group})
	u, err := accounts.Lookup(root, "alice")
	if err != nil || u != (accounts.User{Name: "alice", UID: 1000, GID: 1000, Home: "/home/alice", Shell: "/bin/zsh"}) {
		t.Errorf("alice: %+v, %v", u, err)
	}
	if got := accounts.Groups(root, u); !slices.Equal(got, []int{1000, 4, 27}) {
		t.Errorf("groups: %v", got)
	}
	if u, err := accounts.Lookup(root, "sys"); err != nil || u.Shell != "/bin/sh" {
		t.Errorf("a user without a shell: %+v, %v", u, err)
	}
	for _, name := range []string{"bad", "short", "none", "", "# comment"} {
		if u, err := accounts.Lookup(root, name); err == nil {
			t.Errorf("%q: %+v", name, u)
		}
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	root := rootWith(t, map[string]string{"passwd": passwd[:len(passwd)-1], "group": group, "shadow": "root:*:1::::::\n", "gshadow": "sudo:*::alice\n"})
	u, err := accounts.Add(root, "admin", "Default", "/bin/bash", []string{"sudo", "wheel"})
	if err != nil {
		t.Fatal(err)
	}
	if u != (accounts.User{Name: "admin", UID: 1001, GID: 1001, Home: "/home/admin", Shell: "/bin/bash"}) {
		t.Errorf("user: %+v", u)
	}
	if again, err := accounts.Lookup(root, "admin"); err != nil || again != u {
		t.Errorf("looked up: %+v, %v", again, err)
	}
	if got := accounts.Groups(root, u); !slices.Equal(got, []int{1001, 27}) {
		t.Errorf("groups: %v", got)
	}
	for name, want := range map[string]string{
		"shadow":  "root:*:1::::::\nadmin:!:19700:0:99999:7:::\n",
		"gshadow": "sudo:*::alice,admin\nadmin:!::\n",
	} {
		text, err := os.ReadFile(filepath.Join(root, "etc", name))
		if err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if st, err := os.Stat(filepath.Join(root, "etc", name)); err != nil || st.Mode().Perm() != 0o640 {
			t.Errorf("%s: mode %v, %v", name, st.Mode(), err)
		}
	}
	if _, err := accounts.Add(t.TempDir(), "x", "", "/bin/sh", nil); err == nil {
		t.Error("a root without accounts")
	}
}

func TestAddUsesAnExistingGroup(t *testing.T) {
	t.Parallel()
	root := rootWith(t, map[string]string{"passwd": "root:x:0:0::/:/bin/sh\n", "group": "admin:x:117:\n", "shadow": ""})
	u, err := accounts.Add(root, "admin", "", "/bin/sh", nil)
	if err != nil || u.GID != 117 || u.UID != 1000 {
		t.Errorf("%+v, %v", u, err)
	}
}
