# operation: package-history
# default: off
# reason: it records each command of the build with its user; without it dnf no longer knows what was installed on purpose
# paths: /var/lib/dnf/history.sqlite*, /var/lib/yum/history, /usr/lib/sysimage/libdnf5/transaction_history.sqlite*
#
# The logs of apt and zypper are those of the operation logs.

package_history_each() {
	"$2" "$GA_ROOT"/var/lib/dnf/history.sqlite* "$GA_ROOT"/usr/lib/sysimage/libdnf5/transaction_history.sqlite*
	"$1" "$GA_ROOT/var/lib/yum/history"
}

package_history_seal() { package_history_each clear_files drop; }

package_history_check() { package_history_each left_files left; }
