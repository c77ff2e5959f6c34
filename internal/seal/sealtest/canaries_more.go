package sealtest

import "strings"

// SwapHeader is the first page of a swap area, as mkswap writes it.
func SwapHeader(page int) string {
	return strings.Repeat("\x00", 1024) + "\x01\x00\x00\x00a UUID and a label" + strings.Repeat("\x00", page-1024-22-10) + "SWAPSPACE2"
}

// agents are what agents and subscriptions know a machine by.
func agents() []Canary {
	var all []Canary
	for operation, paths := range map[string][]string{
		"subscriptions": {
			"etc/pki/consumer/cert.pem", "etc/pki/entitlement/1-key.pem", "var/lib/rhsm/facts/facts.json", "etc/insights-client/machine-id",
			"etc/zypp/credentials.d/SCCcredentials", "var/cache/cloudregister/currentSMTInfo.obj",
			"var/lib/ubuntu-advantage/private/machine-token.json", "var/lib/yum/uuid", "etc/sysconfig/rhn/systemid",
		},
		"storage-identities":  {"etc/nvme/hostnqn", "etc/nvme/hostid"},
		"database-identities": {"var/lib/mysql/auto.cnf", "var/lib/rabbitmq/.erlang.cookie"},
		"domain-membership": {
			"etc/krb5.keytab", "var/lib/sss/db/cache_example.com.ldb", "var/lib/sss/mc/passwd", "var/lib/sss/secrets/secrets.ldb",
			"var/lib/samba/private/secrets.tdb", "var/lib/ipa-client/pki/key4.db",
		},
		"ecs-agent":        {"var/lib/ecs/data/agent.db", "var/lib/ecs/data/ecs_agent_data.json"},
		"cloudwatch-agent": {"opt/aws/amazon-cloudwatch-agent/logs/state/_var_log_messages", "opt/aws/amazon-cloudwatch-agent/logs/amazon-cloudwatch-agent.log", "var/awslogs/state/agent-state"},
		"kubelet":          {"var/lib/kubelet/pki/kubelet-client-current.pem", "etc/kubernetes/pki/ca.key", "var/lib/kubelet/cpu_manager_state"},
		"puppet":           {"etc/puppetlabs/puppet/ssl/private_keys/build.pem", "var/lib/puppet/ssl/certs/ca.pem"},
		"chef":             {"etc/chef/client.pem", "etc/chef/acme-validator.pem", "etc/cinc/encrypted_data_bag_secret", "var/chef/cache/x.json"},
		"salt":             {"etc/salt/pki/minion/minion.pem", "etc/salt/minion_id", "var/cache/salt/minion/grains"},
		"other-agents": {
			"var/lib/filebeat/meta.json", "var/lib/tailscale/tailscaled.state", "opt/consul/data/node-id", "etc/docker/key.json",
			"opt/codedeploy-agent/deployment-root/1/x", "var/lib/cfn-init/data/metadata.json", "var/ossec/queue/rids/001",
			"opt/splunkforwarder/etc/instance.cfg", "var/lib/zerotier-one/identity.secret", "etc/rancher/node/password",
			"var/lib/fwupd/pki/secret.key", "etc/cockpit/ws-certs.d/0-self-signed.key", "var/lib/teleport/proc/sqlite.db",
			"var/lib/netdata/cloud.d/private.pem", "var/osquery/osquery.db/CURRENT", "etc/datadog-agent/auth_token",
		},
	} {
		for _, p := range paths {
			all = append(all, Canary{Operation: operation, Path: p, Content: Marker + "\n"})
		}
	}
	return append(all,
		Canary{Operation: "kubelet", Path: "etc/kubernetes/kubelet.conf", Content: "users:\n- user:\n    token: " + Marker + "\n"},
		Canary{Operation: "other-agents", Path: "var/ossec/etc/client.keys", Content: "001 build any " + Marker + "\n", Stays: true})
}

// credentials are logins as the tools write them. What tells them from
// configuration is in their lines.
func credentials() []Canary {
	logins := map[string]string{
		"home/build/.aws/credentials":                   "[default]\naws_secret_access_key = " + Marker,
		"home/build/.aws/sso/cache/1.json":              Marker,
		"root/.aws/config":                              "[default]\naws_secret_access_key=" + Marker,
		"home/build/.azure/msal_token_cache.json":       Marker,
		"home/build/.config/gcloud/credentials.db":      Marker,
		"home/build/.docker/config.json":                `{"auths": {"r": {"auth": "` + Marker + `"}}}`,
		"root/.config/containers/auth.json":             `{"auths": {"r": {"auth": "` + Marker + `"}}}`,
		"srv/app/.netrc":                                "machine m password " + Marker,
		"home/build/.git-credentials":                   "https://u:" + Marker + "@h",
		"home/build/.npmrc":                             "//registry/:_authToken=" + Marker,
		"home/build/.config/pip/pip.conf":               "index-url = https://u:" + Marker + "@h/simple",
		"home/build/.pypirc":                            Marker,
		"root/.kube/config":                             "users:\n- user:\n    token: " + Marker,
		"home/build/.vault-token":                       Marker,
		"home/build/.terraform.d/credentials.tfrc.json": Marker,
		"home/build/.gnupg/private-keys-v1.d/0A.key":    Marker,
		"home/build/.gnupg/secring.gpg":                 Marker,
		"home/build/.pgpass":                            "h:5432:d:u:" + Marker,
		"home/build/.my.cnf":                            "[client]\npassword = " + Marker,
		"home/build/.config/gh/hosts.yml":               Marker,
		"home/build/.cargo/credentials.toml":            Marker,
		"home/build/.m2/settings.xml":                   "<settings><password>" + Marker + "</password></settings>",
		"home/build/.ssh/environment":                   "TOKEN=" + Marker,
		"home/build/.cache/huggingface/token":           Marker,
		"home/build/.kaggle/kaggle.json":                Marker,
		"home/build/.pulumi/credentials.json":           Marker,
		"home/build/.aws/login/cache/1.json":            Marker,
		"home/build/.docker/trust/private/1.key":        Marker,
		"home/build/.mc/config.json":                    `{"aliases": {"s3": {"secretKey": "` + Marker + `"}}}`,
		"home/build/.wgetrc":                            "password = " + Marker,
		"home/build/.nuget/NuGet/NuGet.Config":          `<add key="ClearTextPassword" value="` + Marker + `" />`,
		"root/.erlang.cookie":                           Marker,
		"root/.claude/.credentials.json":                Marker,
		"root/.local/share/keyrings/login.keyring":      Marker,
		"etc/skel/.netrc":                               "machine m password " + Marker,
		"home/la st/.netrc":                             "machine m password " + Marker,
	}
	all := make([]Canary, 0, len(logins))
	for p, content := range logins {
		all = append(all, Canary{Operation: "credentials", Path: p, Content: content + "\n"})
	}
	return all
}

// edited are the files of which only some lines are the build's.
func edited() []Canary {
	return append(access(), []Canary{
		{
			Operation: "hostname", Path: "etc/hosts",
			Content: "127.0.0.1 localhost\n10.1.2.3 ip-10-1-2-3 ip-10-1-2-3.ec2.internal\n::1 localhost\n",
			Becomes: "127.0.0.1 localhost\n::1 localhost\n",
		},
		{
			Operation: "fstab", Path: "etc/fstab",
			Content: "UUID=1 / ext4 defaults 0 1\n/swap\\040file none swap sw 0 0\n/dev/nvme1n1 /mnt auto defaults,nofail,comment=cloudconfig 0 2\n",
			Becomes: "UUID=1 / ext4 defaults 0 1\n/swap\\040file none swap sw 0 0\n",
		},
		{
			Operation: "swap", Path: "swap file",
			Content: SwapHeader(4096) + strings.Repeat("\x00", 9000) + Marker + strings.Repeat("\x00", 9000),
			Becomes: SwapHeader(4096) + strings.Repeat("\x00", 18000+len(Marker)),
		},
		{
			Operation: "installer-leftovers", Path: "var/cache/debconf/passwords.dat",
			Content: "Name: mysql-server/root_password\nTemplate: mysql-server/root_password\nValue: " + Marker + "\nOwners: mysql-server\n\n",
			Becomes: "Name: mysql-server/root_password\nTemplate: mysql-server/root_password\nOwners: mysql-server\n",
		},
		{Operation: "resolv-conf", Path: "etc/resolv.conf", Content: "search eu-west-1.compute.internal\nnameserver 10.0.0.2\n", Stays: true},
		{
			Operation: "network-names", Path: "etc/sysconfig/network-scripts/ifcfg-eth0",
			Content: "DEVICE=eth0\nHWADDR=0a:00:00:00:00:01\nONBOOT=yes\n", Becomes: "DEVICE=eth0\nONBOOT=yes\n",
		},
		{
			Operation: "network-names", Path: "etc/NetworkManager/system-connections/wired.nmconnection",
			Content: "[ethernet]\nmac-address=0A:00:00:00:00:01\n", Becomes: "[ethernet]\n",
		},
		{
			Operation: "storage-identities", Path: "etc/iscsi/initiatorname.iscsi",
			Content: "## DO NOT EDIT\nInitiatorName=iqn.1993-08.org.debian:01:abc\n", Becomes: "GenerateName=yes\n",
		},
	}...)
}

// Kept is what Plant leaves that no seal may change: path and content.
func Kept() map[string]string {
	return map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nbuild:x:1000:1000::/home/build:/bin/bash\napp:x:998:998::/srv/app:/bin/false\n" +
			"nobody:x:65534:65534::/:/bin/false\nfar:x:5:5::/nonexistent:/bin/false\nodd:x:6:6:::\nlast:x:7:7::/home/la st:/bin/sh\n",
		"etc/ssh/ssh_config":                              "Host *\n",
		"etc/cloud/cloud.cfg":                             "cloud_init_modules:\n - seed_random\n - ssh\ncloud_config_modules:\n - runcmd\n",
		"usr/sbin/sshd":                                   "\x7fELF",
		"usr/bin/ssh-keygen":                              "\x7fELF",
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
		"usr/bin/cloud-init":                              "#!/usr/bin/python3\n",
		"lib/open-iscsi/startup-checks.sh":                "grep -q GenerateName=yes\n",
		"etc/ssh/more/keys.inc":                           "HostKey /etc/keys/Included\nHostCertificate /etc/keys/other-cert.pub\n",
		"etc/skel/.bashrc":                                "alias ll=ls\n",
		"srv/app/.wgetrc":                                 "tries = 3\n",
		"srv/app/.mc/config.json":                         `{"aliases": {"s3": {"secretKey": ""}}}`,
		"var/cache/debconf/config.dat":                    "Name: tzdata\nValue: UTC\n",
		"etc/goldenami/manifest.json":                     "{}\n",
		"var/lib/goldenami/stages/base":                   "cut 1\n",
		"srv/app/.docker/config.json":                     "{\"credsStore\": \"ecr-login\"}\n",
		"home/build/.aws/config":                          "[default]\nregion = eu-west-1\n",
		"srv/app/.npmrc":                                  "registry=https://npm.example\n",
		"srv/app/.kube/config":                            "users:\n- user:\n    exec:\n      command: aws\n",
		"srv/app/.pip/pip.conf":                           "index-url = https://pypi.example/simple\n",
		"home/build/.gnupg/pubring.kbx":                   "public keys\n",
		"etc/kubernetes/proxy.conf":                       "clusters: []\n",
		"etc/kubernetes/pki/ca.crt":                       "the cluster's\n",
		"var/spool/at/.SEQ":                               "00001\n",
		"etc/crontab":                                     "17 * * * * root run-parts /etc/cron.hourly\n",
		"opt/aws/amazon-cloudwatch-agent/etc/config.json": "{}\n",
	}
}
