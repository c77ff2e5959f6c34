# operation: cloudwatch-agent
# reason: it would go on where the build's logs ended and leave out an instance's first lines
# paths: below /opt/aws/amazon-cloudwatch-agent/logs, /var/awslogs/state

cloudwatch_agent_seal() {
	[ ! -d "$GA_ROOT/opt/aws/amazon-cloudwatch-agent/logs" ] || stop_services amazon-cloudwatch-agent.service
	clear_files "$GA_ROOT/opt/aws/amazon-cloudwatch-agent/logs"
	clear_files "$GA_ROOT/var/awslogs/state"
}

cloudwatch_agent_check() {
	left_files "$GA_ROOT/opt/aws/amazon-cloudwatch-agent/logs"
	left_files "$GA_ROOT/var/awslogs/state"
}
