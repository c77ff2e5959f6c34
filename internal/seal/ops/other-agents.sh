# operation: other-agents
# reason: clones would fight over one registration, or inherit what it allows
# paths: Wazuh's client.keys, meta.json of Elastic Beats, Tailscale's state, ids of Consul, Nomad, Teleport, Netdata and Docker,
#   Landscape's registration, CodeDeploy's deployments, data of cfn-init and cfn-hup

other_agents_each() {
	"$2" "$GA_ROOT"/var/lib/tailscale/tailscaled.state "$GA_ROOT"/var/lib/*beat/meta.json \
		"$GA_ROOT"/var/lib/consul/node-id "$GA_ROOT"/opt/consul/node-id "$GA_ROOT"/opt/consul/data/node-id \
		"$GA_ROOT"/opt/nomad/data/client/client-id "$GA_ROOT"/opt/nomad/data/client/secret-id "$GA_ROOT"/opt/nomad/client/client-id \
		"$GA_ROOT"/var/lib/teleport/host_uuid "$GA_ROOT"/var/lib/netdata/registry/netdata.public.unique.id \
		"$GA_ROOT"/etc/docker/key.json "$GA_ROOT"/var/lib/docker/engine-id \
		"$GA_ROOT"/var/lib/landscape/client/broker.bpickle "$GA_ROOT"/var/lib/cfn-init/data/metadata.json
	for dir in opt/codedeploy-agent/deployment-root var/lib/cfn-hup/data var/ossec/queue/rids; do
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
	if here "$GA_ROOT/opt/CrowdStrike/falconstore"; then
		warn "/opt/CrowdStrike/falconstore may hold the build's agent id, which only the sensor's own tool can remove: run falconctl -d -f --aid before the seal"
	fi
}
