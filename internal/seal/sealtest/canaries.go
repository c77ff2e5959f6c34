package sealtest

// Canary is one planted thing that no image may carry.
type Canary struct {
	Operation string // whose task it is
	Path      string // below the root
	Content   string // what is in the file; a link's target with Link
	Link      bool   // a symbolic link
	Stays     bool   // the file stays, its content goes
	Becomes   string // what the file holds after the seal, where some of it stays
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
		"var/tmp/dnf-build/cache", "tmp/-rf", "home/build/packer-file123", "home/build/.ansible/tmp/module.py", "root/.ansible_async/1.2")
	add("histories", text, "root/.bash_history", "home/build/.bash_history", "home/build/.zsh_history", "home/build/.python_history",
		"home/build/.local/share/fish/fish_history", "home/build/.viminfo", "home/build/.lesshst", "srv/app/.psql_history",
		"home/build/.wget-hsts", "home/build/.unheard_history", "home/build/.bash_history-01234.tmp", "home/build/.local/share/atuin/history.db-wal",
		"home/build/.cache/zsh/history", "etc/skel/.bash_history", "home/example.com/ann/.bash_history")
	add("ssh-client-keys", Private, "root/.ssh/id_rsa", "home/build/.ssh/id_ed25519", "home/build/.ssh/deploy.pem", "srv/app/.ssh/id_ecdsa")
	add("ssh-client-keys", text, "home/build/.ssh/known_hosts", "home/build/.ssh/known_hosts.old", "home/build/.ssh/id_ed25519.pub")
	add("account-backups", text, "etc/passwd-", "etc/shadow-", "etc/group-", "etc/gshadow-", "etc/subuid-", "etc/subgid-", "var/backups/shadow.bak")
	add("dhcp-leases", text, "var/lib/dhcp/dhclient.eth0.leases", "var/lib/dhclient/dhclient--eth0.lease", "var/lib/dhcpcd/eth0.lease",
		"var/lib/NetworkManager/internal-eth0.lease", "var/lib/NetworkManager/secret_key", "var/lib/wicked/lease-eth0-dhcp-ipv4.xml",
		"var/db/dhcpcd/eth0.lease", "etc/dhcpcd.duid", "var/lib/dhcpcd5/dhcpcd-eth0.lease")
	add("ssm-agent", text, "var/lib/amazon/ssm/Vault/Store/RegistrationKey", "var/lib/amazon/ssm/registration",
		"var/lib/amazon/ssm/credentials", "var/lib/amazon/ssm/i-0123456789abcdef0/document/state", "var/lib/amazon/ssm/mi-0123456789abcdef0/x",
		"var/snap/amazon-ssm-agent/42/var/lib/amazon/ssm/registration")
	add("random-seed", text, "var/lib/systemd/random-seed", "var/lib/systemd/credential.secret", "boot/efi/loader/random-seed",
		"var/lib/urandom/random-seed", "var/lib/seedrng/seed.credit", "var/lib/misc/random-seed")
	add("cloud-init", text, "var/lib/cloud/instances/i-0123/user-data.txt", "var/lib/cloud/instances/i-0123/obj.pkl",
		"var/lib/cloud/data/instance-id", "var/lib/cloud/sem/config_scripts_per_once.once", "var/lib/cloud/handlers/h.py")
	add("hostname", "ip-10-1-2-3\n", "etc/hostname")
	add("crash-dumps", text, "var/crash/app.1000.crash", "var/lib/systemd/coredump/core.app.zst", "var/spool/abrt/ccpp-1/coredump")
	add("mail", text, "var/spool/postfix/deferred/A/A1B2", "var/spool/exim4/input/1-D", "var/spool/clientmqueue/qf1", "home/build/dead.letter")
	add("at-jobs", text, "var/spool/at/a00001019", "var/spool/cron/atjobs/a0000201", "var/spool/atspool/a00002")
	add("user-crontabs", text, "var/spool/cron/crontabs/build", "var/spool/cron/tabs/root", "var/spool/cron/root")
	add("installer-leftovers", text, "root/anaconda-ks.cfg", "root/autoinst.xml", "etc/cloud/cloud.cfg.d/99-installer.cfg",
		"var/cache/debconf/passwords.dat-old")
	add("network-names", text, "etc/udev/rules.d/70-persistent-net.rules", "etc/netplan/50-cloud-init.yaml",
		"etc/systemd/network/10-cloud-init-ens5.network", "etc/network/interfaces.d/50-cloud-init")
	add("package-history", text, "var/lib/dnf/history.sqlite", "var/lib/dnf/history.sqlite-wal", "var/lib/yum/history/2026-01-01/x")
	add("home-caches", text, "home/build/.cache/pip/http/a", "root/.cache/x")
	add("disk-bindings", text, "etc/lvm/devices/system.devices", "etc/lvm/archive/vg_1.vg", "etc/multipath/wwids")
	add("scrub-paths", text, "opt/build/src/main.c", "opt/build/.git/config", "srv/tool.tar")
	for _, p := range []string{"var/mail/root", "var/spool/mail/build"} {
		all = append(all, Canary{Operation: "mail", Path: p, Content: text, Stays: true})
	}
	add("logs", text, "var/log/syslog.1", "var/log/messages-20260101", "var/log/dpkg.log.2.gz", "var/log/old.log.old",
		"var/log/journal/0123456789abcdef0123456789abcdef/system.journal", "var/lib/wtmpdb/wtmp.db", "var/account/pacct",
		"var/lib/faillock/root", "var/lib/rsyslog/imjournal.state")
	add("authorized-keys", Public, "root/.ssh/authorized_keys", "home/build/.ssh/authorized_keys", "home/build/.ssh/authorized_keys2",
		"srv/app/.ssh/authorized_keys", "home/gone/.ssh/authorized_keys", "etc/ssh/keys/build", "home/build/.ssh/authorized_keys.bak",
		"home/build/.keys/second", ".ssh/authorized_keys",
		"home/build/.keys/of-build", "etc/skel/.ssh/authorized_keys", "home/example.com/ann/.ssh/authorized_keys", "root/.shosts")
	add("ssh-host-keys", Private, "etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_ed25519_key", "etc/ssh/ssh_host_mldsa44_ed25519_key", "etc/keys/Special", "etc/keys/Included")
	add("ssh-host-keys", Public, "etc/ssh/ssh_host_rsa_key.pub", "etc/ssh/ssh_host_rsa_key-cert.pub", "etc/keys/Special.pub", "etc/keys/other-cert.pub")
	for _, p := range []string{
		"var/log/syslog", "var/log/auth.log", "var/log/wtmp", "var/log/lastlog", "var/log/audit/audit.log",
		"var/log/apt/history.log", "var/log/cloud-init-output.log",
	} {
		all = append(all, Canary{Operation: "logs", Path: p, Content: text, Stays: true})
	}
	all = append(all, agents()...)
	all = append(all, credentials()...)
	all = append(all, edited()...)
	return append(all,
		Canary{Operation: "cloud-init", Path: "var/lib/cloud/instance", Content: "/var/lib/cloud/instances/i-0123", Link: true},
		Canary{Operation: "machine-id", Path: "etc/machine-id", Content: "0123456789abcdef0123456789abcdef\n", Stays: true},
		Canary{Operation: "machine-id", Path: "var/lib/dbus/machine-id", Content: "0123456789abcdef0123456789abcdef\n", Stays: true})
}

// Banner is the text that the ssh-banner canary needs in ssh_banner.
const Banner = "It's $(id) `touch x`\n\t\"watched\" \\n"

// BuildKey is the build's public key in the build-key canary; nobody's.
const BuildKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB+uildbuild/buildbuildbuildbuildbuildbuil packer_build"

// Enabled are the operations of canaries that are off by default.
func Enabled() []string {
	return []string{"package-history", "home-caches", "user-crontabs", "disk-bindings", "ssh-no-dns"}
}

// Scrubbed are the paths that the scrub-paths canaries need in scrub_paths.
func Scrubbed() []string { return []string{"/opt/build", "/srv/tool.tar"} }
