package sealtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Canary is one planted thing that no image may carry.
type Canary struct {
	Operation string // whose task it is
	Path      string // below the root
	Content   string // what is in the file; a link's target with Link
	Link      bool   // a symbolic link
	Stays     bool   // the file stays, its content goes
}

// Private is a key by its head; nobody's.
const Private = "-----BEGIN OPENSSH PRIVATE KEY-----\nY2FuYXJ5IGNhbmFyeSBjYW5hcnk=\n-----END OPENSSH PRIVATE KEY-----\n"

// Public is the public half of nobody's key.
const Public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMcanarycanarycanarycanarycanarycanarycana packer_canary\n"

// Marker is in every canary's content that is no key, and so must be nowhere.
const Marker = "canary-7f3a"

// Canaries is everything that Plant leaves in a root, one operation after the
// other.
func Canaries() []Canary {
	var all []Canary
	add := func(operation, content string, paths ...string) {
		for _, p := range paths {
			all = append(all, Canary{Operation: operation, Path: p, Content: content})
		}
	}
	text := Marker + "\n"
	add("package-caches", text, "var/cache/apt/archives/tool_1_amd64.deb", "var/cache/apt/pkgcache.bin",
		"var/lib/apt/lists/deb.example_dists_stable_InRelease", "var/cache/dnf/repo-1/repodata/repomd.xml",
		"var/cache/yum/x86_64/2/base/primary.sqlite", "var/cache/zypp/solv/@System/solv", "var/cache/apk/APKINDEX.1.tar.gz",
		"var/cache/libdnf5/repo-2/solv/repo.solv")
	add("temp-files", text, "tmp/script_1234.sh", "tmp/varfile_1234.sh", "tmp/.hidden", "tmp/deep/er/file", "tmp/with space\nand newline",
		"var/tmp/dnf-build/cache", "tmp/-rf", "home/build/packer-file123", "home/build/.ansible/tmp/module.py")
	add("histories", text, "root/.bash_history", "home/build/.bash_history", "home/build/.zsh_history", "home/build/.python_history",
		"home/build/.local/share/fish/fish_history", "home/build/.viminfo", "home/build/.lesshst", "srv/app/.psql_history",
		"home/build/.wget-hsts", "home/build/.unheard_history", "home/build/.bash_history-01234.tmp")
	add("ssh-client-keys", Private, "root/.ssh/id_rsa", "home/build/.ssh/id_ed25519", "home/build/.ssh/deploy.pem", "srv/app/.ssh/id_ecdsa")
	add("ssh-client-keys", text, "home/build/.ssh/known_hosts", "home/build/.ssh/known_hosts.old", "home/build/.ssh/id_ed25519.pub")
	add("account-backups", text, "etc/passwd-", "etc/shadow-", "etc/group-", "etc/gshadow-", "etc/subuid-", "etc/subgid-", "var/backups/shadow.bak")
	add("dhcp-leases", text, "var/lib/dhcp/dhclient.eth0.leases", "var/lib/dhclient/dhclient--eth0.lease", "var/lib/dhcpcd/eth0.lease",
		"var/lib/NetworkManager/internal-eth0.lease", "var/lib/NetworkManager/secret_key", "var/lib/wicked/lease-eth0-dhcp-ipv4.xml")
	add("ssm-agent", text, "var/lib/amazon/ssm/Vault/Store/RegistrationKey", "var/lib/amazon/ssm/registration",
		"var/lib/amazon/ssm/credentials", "var/lib/amazon/ssm/i-0123456789abcdef0/document/state", "var/lib/amazon/ssm/mi-0123456789abcdef0/x",
		"var/snap/amazon-ssm-agent/42/var/lib/amazon/ssm/registration")
	add("random-seed", text, "var/lib/systemd/random-seed", "var/lib/systemd/credential.secret", "boot/efi/loader/random-seed",
		"var/lib/urandom/random-seed", "var/lib/seedrng/seed.credit")
	add("cloud-init", text, "var/lib/cloud/instances/i-0123/user-data.txt", "var/lib/cloud/instances/i-0123/obj.pkl",
		"var/lib/cloud/data/instance-id", "var/lib/cloud/sem/config_scripts_per_once.once", "var/lib/cloud/handlers/h.py")
	add("hostname", "ip-10-1-2-3\n", "etc/hostname")
	add("logs", text, "var/log/syslog.1", "var/log/messages-20260101", "var/log/dpkg.log.2.gz", "var/log/old.log.old",
		"var/log/journal/0123456789abcdef0123456789abcdef/system.journal", "var/lib/wtmpdb/wtmp.db", "var/account/pacct")
	add("authorized-keys", Public, "root/.ssh/authorized_keys", "home/build/.ssh/authorized_keys", "home/build/.ssh/authorized_keys2",
		"srv/app/.ssh/authorized_keys", "home/gone/.ssh/authorized_keys", "etc/ssh/keys/build", "home/build/.ssh/authorized_keys.bak",
		"home/build/.keys/second", ".ssh/authorized_keys")
	add("ssh-host-keys", Private, "etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_ed25519_key", "etc/ssh/ssh_host_mldsa44_ed25519_key", "etc/keys/Special")
	add("ssh-host-keys", Public, "etc/ssh/ssh_host_rsa_key.pub", "etc/ssh/ssh_host_rsa_key-cert.pub", "etc/keys/Special.pub")
	for _, p := range []string{
		"var/log/syslog", "var/log/auth.log", "var/log/wtmp", "var/log/lastlog", "var/log/audit/audit.log",
		"var/log/apt/history.log", "var/log/cloud-init-output.log",
	} {
		all = append(all, Canary{Operation: "logs", Path: p, Content: text, Stays: true})
	}
	return append(all,
		Canary{Operation: "cloud-init", Path: "var/lib/cloud/instance", Content: "/var/lib/cloud/instances/i-0123", Link: true},
		Canary{Operation: "machine-id", Path: "etc/machine-id", Content: "0123456789abcdef0123456789abcdef\n", Stays: true},
		Canary{Operation: "machine-id", Path: "var/lib/dbus/machine-id", Content: "0123456789abcdef0123456789abcdef\n", Stays: true})
}

// Kept is what Plant leaves that no seal may change: path and content.
func Kept() map[string]string {
	return map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nbuild:x:1000:1000::/home/build:/bin/bash\napp:x:998:998::/srv/app:/bin/false\n" +
			"nobody:x:65534:65534::/:/bin/false\nfar:x:5:5::/nonexistent:/bin/false\nodd:x:6:6:::\nlast:x:7:7::/home/la st:/bin/sh\n",
		"etc/shadow": "root:*:19000:0:99999:7:::\n",
		"etc/ssh/sshd_config": "# HostKey /etc/shadow\nPort 22\nhostkey=\"/etc/keys/Special\"\nHostKey /etc/shadow\n" +
			"AuthorizedKeysFile .ssh/authorized_keys %h/.keys/second /etc/ssh/keys/%u /dev/null\n",
		"etc/ssh/ssh_config":                              "Host *\n",
		"etc/cloud/cloud.cfg":                             "cloud_init_modules:\n - seed_random\n - ssh\ncloud_config_modules:\n - runcmd\n",
		"usr/sbin/sshd":                                   "\x7fELF",
		"usr/lib/systemd/systemd":                         "\x7fELF",
		"var/lib/cloud/scripts/per-boot/10-app.sh":        "#!/bin/sh\n",
		"var/lib/cloud/seed/nocloud/user-data":            "#cloud-config\n",
		"var/lib/dpkg/status":                             "Package: sh\n",
		"var/log/README":                                  "",
		"home/build/.bashrc":                              "alias ll=ls\n",
		"home/build/.ssh/config":                          "Host git\n",
		"home/build/work/id_rsa.md":                       "not a key\n",
		"tmp/systemd-private-0123-app.service-x/tmp/data": "in use\n",
		"opt/app/logs/kept.log":                           "the application's own\n",
		"var/cache/app/data.bin":                          "an application's cache\n",
	}
}

// Plant makes a root with every canary and every kept file, and a directory
// beside it that links of the root lead to. Root is a physical path.
func Plant(tb testing.TB) (root string) {
	tb.Helper()
	base, err := filepath.EvalSymlinks(memoryDir(tb))
	must(tb, err)
	root = filepath.Join(base, "ro ot'$(id)[*]") // a name that any missing quote breaks
	for _, dir := range []string{"tmp", "var/tmp", "var/log/nginx", "home/la st", "run"} {
		must(tb, os.MkdirAll(filepath.Join(root, dir), 0o755)) //nolint:gosec // as in a system
	}
	must(tb, os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky))
	for p, content := range Kept() {
		Write(tb, root, p, content)
	}
	for _, c := range Canaries() {
		if c.Link {
			must(tb, os.Symlink(c.Content, filepath.Join(root, c.Path)))
			continue
		}
		Write(tb, root, c.Path, c.Content)
	}
	Write(tb, root, "etc/hosts", "127.0.0.1 localhost\n10.1.2.3 ip-10-1-2-3 ip-10-1-2-3.ec2.internal\n::1 localhost\n")
	return root
}

// memoryDir is a directory for the test, in memory where the machine has one:
// the seal flushes each key that it overwrites, which on a busy disk takes most
// of a test's time.
func memoryDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "sealtest-*") //nolint:usetesting // t.TempDir is not in memory
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() { must(tb, os.RemoveAll(dir)) })
	return dir
}

// Write puts one file below root.
func Write(tb testing.TB, root, path, content string) {
	tb.Helper()
	full := filepath.Join(root, path)
	must(tb, os.MkdirAll(filepath.Dir(full), 0o755))     //nolint:gosec // as in a system
	must(tb, os.WriteFile(full, []byte(content), 0o644)) //nolint:gosec // as in a system
}

// Sealed gives what is wrong with a root after a seal, seen from outside.
func Sealed(tb testing.TB, root string) []string {
	tb.Helper()
	var wrong []string
	for _, c := range Canaries() {
		info, err := os.Lstat(filepath.Join(root, c.Path))
		switch {
		case c.Stays && c.Operation == "logs" && err != nil:
			wrong = append(wrong, c.Path+" is gone where it had to be emptied")
		case c.Stays && err == nil && info.Mode().IsRegular() && info.Size() != 0:
			wrong = append(wrong, c.Path+" has content")
		case !c.Stays && err == nil:
			wrong = append(wrong, c.Path+" is there")
		}
	}
	wrong = append(wrong, unchanged(root)...)
	must(tb, filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(p) //nolint:gosec // below the planted root
		if strings.Contains(string(text), Marker) || strings.Contains(string(text), "PRIVATE KEY") {
			wrong = append(wrong, p+" holds a canary")
		}
		return err
	}))
	return wrong
}

// unchanged compares what had to stay.
func unchanged(root string) []string {
	var wrong []string
	for p, want := range Kept() {
		got, err := os.ReadFile(filepath.Join(root, p))
		if err != nil || string(got) != want {
			wrong = append(wrong, p+" was changed")
		}
	}
	return wrong
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
