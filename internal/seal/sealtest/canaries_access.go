package sealtest

// sshdConfig is a configuration that includes none of sshd_config.d, with a wrong line, and with a
// Match block at its end, after which nothing may be appended.
const sshdConfig = "Include more/*.inc\n# HostKey /etc/shadow\nPort 22\nhostkey=\"/etc/keys/Special\"\nHostKey /etc/shadow\n" +
	"AuthorizedKeysFile .ssh/authorized_keys %h/.keys/second %h/.keys/of-%u /etc/ssh/keys/%u /dev/null\n" +
	"PasswordAuthentication yes\nMatch User git\n\tX11Forwarding no\n"

// sshdBlock is what the seal puts at the top of such a configuration.
func sshdBlock(name, lines string) string {
	return "# goldenami-seal: begin " + name + "\n" + lines + "# goldenami-seal: end " + name + "\n"
}

// access are the ways in that are closed and not removed.
func access() []Canary {
	sealed := sshdBlock("hardening", "PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nChallengeResponseAuthentication no\n") +
		sshdBlock("banner", "Banner /etc/issue.net\n") + sshdBlock("no-dns", "UseDNS no\n") + sshdConfig
	const hash = "$6$salt$" + Marker
	return []Canary{
		{Operation: "ssh-hardening", Path: "etc/ssh/sshd_config", Content: sshdConfig, Becomes: sealed},
		{Operation: "ssh-no-dns", Path: "etc/ssh/sshd_config", Content: sshdConfig, Becomes: sealed},
		{Operation: "ssh-banner", Path: "etc/ssh/sshd_config", Content: sshdConfig, Becomes: sealed},
		{Operation: "ssh-banner", Path: "etc/issue.net", Content: "Debian GNU/Linux 12\n", Becomes: Banner + "\n"},
		{
			Operation: "passwords", Path: "etc/shadow",
			Content: "root:" + hash + ":19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nbuild:" + hash + ":19000:0:99999:7:::\napp::19000::::::\n" +
				"nobody:!" + hash + ":19000::::::\nlast:!:19000::::::\nodd:!!:19000::::::\n+::::::::\n",
			Becomes: "root:!*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nbuild:*:19000:0:99999:7:::\napp:*:19000::::::\n" +
				"nobody:!*:19000::::::\nlast:!:19000::::::\nodd:!!:19000::::::\n+::::::::\n",
		},
		{Operation: "passwords", Path: "etc/gshadow", Content: "root:*::\nadm:" + hash + "::build\nusers:::\n", Becomes: "root:*::\nadm:*::build\nusers:::\n"},
		{Operation: "build-key", Path: "etc/app/trusted", Content: "# trusted\n" + BuildKey + "\nlast\n", Becomes: "# trusted\nlast\n"},
	}
}
