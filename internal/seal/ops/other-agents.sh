# operation: other-agents
# reason: clones would fight over one registration, or inherit what it allows
# paths: Wazuh's client.keys, meta.json of Elastic Beats, Tailscale's state, ids of Consul, Nomad, Netdata, Docker, Splunk, osquery and
#   ZeroTier, Teleport's identity, node passwords of k3s and RKE2, Landscape's registration, CodeDeploy's deployments, data of cfn-init and
#   cfn-hup, keys that fwupd, Cockpit and Datadog make for themselves.
#   Warns of registrations that only their own tools can remove: CrowdStrike, Qualys, Tenable, Trend Micro, Elastic Agent

other_agents_each() {
	"$2" "$GA_ROOT"/var/lib/tailscale/tailscaled.state "$GA_ROOT"/var/lib/*beat/meta.json \
		"$GA_ROOT"/var/lib/consul/node-id "$GA_ROOT"/opt/consul/node-id "$GA_ROOT"/opt/consul/data/node-id \
		"$GA_ROOT"/opt/nomad/data/client/client-id "$GA_ROOT"/opt/nomad/data/client/secret-id "$GA_ROOT"/opt/nomad/client/client-id \
		"$GA_ROOT"/var/lib/teleport/host_uuid "$GA_ROOT"/var/lib/netdata/registry/netdata.public.unique.id \
		"$GA_ROOT"/etc/docker/key.json "$GA_ROOT"/var/lib/docker/engine-id \
		"$GA_ROOT"/opt/splunkforwarder/etc/instance.cfg "$GA_ROOT"/opt/splunk/etc/instance.cfg \
		"$GA_ROOT"/var/lib/zerotier-one/identity.secret "$GA_ROOT"/var/lib/zerotier-one/identity.public \
		"$GA_ROOT"/etc/rancher/node/password "$GA_ROOT"/etc/datadog-agent/auth_token \
		"$GA_ROOT"/var/lib/fwupd/pki/secret.key "$GA_ROOT"/var/lib/fwupd/pki/client.pem "$GA_ROOT"/etc/cockpit/ws-certs.d/0-self-signed* \
		"$GA_ROOT"/var/lib/landscape/client/broker.bpickle "$GA_ROOT"/var/lib/cfn-init/data/metadata.json
	for dir in opt/codedeploy-agent/deployment-root var/lib/cfn-hup/data var/ossec/queue/rids var/lib/teleport/proc \
		var/lib/netdata/cloud.d var/osquery/osquery.db; do
		"$1" "$GA_ROOT/$dir"
	done
}

other_agents_seal() {
	other_agents_each clear_tree destroy
	# In place: its owner reads it, and the agent enrols where it is empty.
	where_it_says '.' other_agents_empty "$GA_ROOT/var/ossec/etc/client.keys"
}

other_agents_empty() { kept "$1" || rewrite "$1" ''; }

other_agents_check() {
	other_agents_each left_files left
	left_lines '.' "$GA_ROOT/var/ossec/etc/client.keys"
	other_agents_warn opt/CrowdStrike/falconstore "falconctl -d -f --aid"
	other_agents_warn etc/qualys/hostid "stop the agent and remove its host id as Qualys describes for images"
	other_agents_warn etc/tenable_tag "nessuscli prepare-image"
	other_agents_warn var/opt/ds_agent/dsa_core/ds_agent.crt "dsa_control -r"
	other_agents_warn opt/Elastic/Agent/fleet.enc "install it with --delay-enroll"
	for key in "$GA_ROOT"/var/lib/snapd/device/private-keys-v1/*; do
		! here "$key" || emit note "/var/lib/snapd/device stays: snapd knows all instances as the device of the build, and nothing can make it forget"
	done
}

# other_agents_warn PATH WAY: their other files have it too, so it does not help to
# remove this one.
other_agents_warn() {
	! here "$GA_ROOT/$1" || kept "$GA_ROOT/$1" ||
		warn "/$1 may hold the build's registration, which only the vendor's own tool can remove; before the seal: $2"
}
