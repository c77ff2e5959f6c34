# operation: package-caches
# reason: they fill the image, go stale, and name the mirrors of the build
# paths: /var/cache/{apt,dnf,libdnf5,yum,zypp,apk,PackageKit}, /var/lib/apt/lists
#
# Files go, directories stay: apt complains about a missing partial directory.
# Lock files are empty, and a package manager may hold one. The package
# managers' own commands are not used: they may ask the network, take locks, and
# cannot work on a mounted root.

package_caches_seal() { package_caches_each clear_files ! -name lock; }

package_caches_check() { package_caches_each left_below -type f ! -name lock; }

# package_caches_each COMMAND TESTS: on every cache directory.
package_caches_each() {
	command=$1
	shift
	for cache in cache/apt cache/dnf cache/libdnf5 cache/yum cache/zypp cache/PackageKit lib/apt/lists cache/apk; do
		# With this link, apk's cache is one that the owner asked for.
		[ "$cache" != cache/apk ] || ! here "$GA_ROOT/etc/apk/cache" || continue
		"$command" "$GA_ROOT/var/$cache" "$@"
	done
}
