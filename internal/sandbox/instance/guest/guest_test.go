//go:build linux

package guest

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func gz(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const mimeArchive = `Content-Type: multipart/mixed; boundary="==B=="
MIME-Version: 1.0

--==B==
Content-Type: text/cloud-config; charset="us-ascii"

#cloud-config
{}
--==B==
Content-Type: text/x-shellscript; charset="us-ascii"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="one.sh"

IyEvYmluL3NoCmVjaG8gb25lCg==
--==B==
Content-Type: text/plain

#!/bin/sh
echo two
--==B==--
`

func TestUserDataParts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":               {nil, ""},
		"blank":                 {[]byte(" \n"), ""},
		"script":                {[]byte("#!/bin/sh\n"), "text/x-shellscript  #!/bin/sh\n"},
		"gzipped":               {gz(t, "#!/bin/sh\n"), "text/x-shellscript  #!/bin/sh\n"},
		"cloud config":          {[]byte("#cloud-config\n{}"), "text/cloud-config  #cloud-config\n{}"},
		"text":                  {[]byte("hello"), "text/plain  hello"},
		"archive":               {[]byte(mimeArchive), "text/cloud-config  #cloud-config\n{}|text/x-shellscript one.sh #!/bin/sh\necho one\n|text/x-shellscript  #!/bin/sh\necho two"},
		"archive in an archive": {[]byte("Content-Type: multipart/mixed; boundary=o\nMIME-Version: 1.0\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\nContent-Type: text/x-shellscript\nContent-Disposition: attachment; filename=\"in\"\n\n#!/bin/sh\n--i--\n\n--o--\n"), "text/x-shellscript in #!/bin/sh"},
		"named by its content":  {[]byte("Content-Type: text/x-shellscript\nMIME-Version: 1.0\n\n#cloud-config\n{}"), "text/cloud-config  #cloud-config\n{}"},
		"gzipped archive":       {gz(t, strings.ReplaceAll(mimeArchive, "\n", "\r\n")), "text/cloud-config  #cloud-config\r\n{}|text/x-shellscript one.sh #!/bin/sh\necho one\n|text/x-shellscript  #!/bin/sh\r\necho two"},
	} {
		got, err := parts(c.data, 0)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var all []string
		for _, p := range got {
			all = append(all, p.kind+" "+p.name+" "+string(p.body))
		}
		if s := strings.Join(all, "|"); s != c.want {
			t.Errorf("%s: got %q, want %q", name, s, c.want)
		}
	}
	bomb := []byte("#!/bin/sh\n")
	for range 6 {
		bomb = gz(t, string(bomb))
	}
	for name, data := range map[string][]byte{
		"nested": bomb, "cut gzip": gz(t, "#!/bin/sh\n")[:12], "no boundary": []byte("MIME-Version: 1.0\n\nx"), "script that looks like an archive": []byte("#!/bin/sh\n# MIME-Version: 1.0\n"),
		"bad base64": []byte(strings.ReplaceAll(mimeArchive, "IyEv", "****")),
	} {
		if got, err := parts(data, 0); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// disk gives a boot over a small root.
func disk(t *testing.T, id string) *boot {
	t.Helper()
	b := &boot{root: t.TempDir(), Spec: Spec{ID: id, Hostname: "h", User: "admin"}}
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\nsudo:x:27:\n", "etc/shadow": "", "etc/skel/.x": "skel",
		"etc/hosts": "127.0.0.1 localhost\n127.0.1.1 old\n",
	} {
		file := b.path(name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (b *boot) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(b.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func run(t *testing.T, b *boot) {
	t.Helper()
	steps := []func() error{b.local}
	for _, step := range append(steps, func() error {
		if !b.fresh {
			return nil
		}
		return b.perInstance()
	}, b.everyBoot) {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBootsOfOneDisk(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		if b := disk(t, "i-1"); b.local() != nil || b.perInstance() == nil {
			t.Error("files were given to another user without root's rights")
		}
		return
	}
	b := disk(t, "i-1")
	run(t, b)
	key, id := b.read(t, "etc/ssh/ssh_host_ed25519_key"), b.read(t, "etc/machine-id")
	if _, err := ssh.ParsePrivateKey([]byte(key)); err != nil {
		t.Error(err)
	}
	if got := b.read(t, "etc/hosts"); got != "127.0.0.1 localhost\n127.0.1.1 h\n" {
		t.Errorf("hosts: %q", got)
	}
	if got := b.read(t, "home/admin/.x"); got != "skel" {
		t.Errorf("skel: %q", got)
	}
	run(t, b)
	if b.fresh || b.read(t, "etc/ssh/ssh_host_ed25519_key") != key || b.read(t, "etc/machine-id") != id {
		t.Error("a second boot of the same instance changed its identity")
	}
	b.ID, b.Hostname = "i-2", "h2"
	run(t, b)
	if !b.fresh || b.read(t, "etc/ssh/ssh_host_ed25519_key") == key {
		t.Error("a new instance kept the host key")
	}
	if got := b.read(t, "etc/machine-id"); got != id {
		t.Error("a machine-id that is set changed")
	}
	if got := b.read(t, "var/lib/cloud/data/previous-instance-id"); got != "i-1\n" {
		t.Errorf("previous instance: %q", got)
	}
	if got := strings.Count(b.read(t, "etc/passwd"), "\nadmin:"); got != 1 {
		t.Errorf("the default user was made %d times", got)
	}
}

func TestMachineID(t *testing.T) {
	t.Parallel()
	for have, kept := range map[string]bool{"": false, "\n": false, "uninitialized\n": false, "0123456789abcdef0123456789abcdef\n": true} {
		b := disk(t, "i-1")
		if err := os.WriteFile(b.path("etc/machine-id"), []byte(have), 0o444); err != nil {
			t.Fatal(err)
		}
		if err := b.machineID(); err != nil {
			t.Fatal(err)
		}
		got := b.read(t, "etc/machine-id")
		if len(got) != 33 || (got == have) != kept {
			t.Errorf("%q became %q", have, got)
		}
	}
}
