# operation: ecs-agent
# reason: an agent with another instance's state does not register with its cluster
# paths: below /var/lib/ecs/data

ecs_agent_seal() {
	[ -d "$GA_ROOT/var/lib/ecs/data" ] || return 0
	stop_services ecs.service
	clear_tree "$GA_ROOT/var/lib/ecs/data"
}

ecs_agent_check() { left_files "$GA_ROOT/var/lib/ecs/data"; }
