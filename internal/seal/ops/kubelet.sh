# operation: kubelet
# reason: a node with another node's certificate joins the cluster as that one; its CPU state keeps kubelet from starting on another size
# paths: /var/lib/kubelet/{pki,cpu_manager_state,memory_manager_state}, keys below /etc/kubernetes/pki, /etc/kubernetes/*.conf that hold a key or a token

kubelet_each() {
	"$1" "$GA_ROOT/var/lib/kubelet/pki"
	"$1" "$GA_ROOT/etc/kubernetes/pki" -name '*.key'
	"$2" "$GA_ROOT"/var/lib/kubelet/cpu_manager_state "$GA_ROOT"/var/lib/kubelet/memory_manager_state
	where_it_says '(token|client-key-data|client-key|client-certificate):' "$2" "$GA_ROOT"/etc/kubernetes/*.conf
}

kubelet_seal() {
	[ ! -d "$GA_ROOT/var/lib/kubelet/pki" ] || stop_services kubelet.service
	kubelet_each wipe_tree destroy
}

kubelet_check() { kubelet_each left_files left; }
