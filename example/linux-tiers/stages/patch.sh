#!/bin/sh
# The operating system: updates, where UPGRADE is yes, and a list of what is installed.
set -eu

if [ "${UPGRADE:-yes}" = yes ]; then
	if command -v apt-get >/dev/null; then
		export DEBIAN_FRONTEND=noninteractive
		apt-get update
		apt-get -y dist-upgrade
	else
		dnf -y upgrade
	fi
fi

mkdir -p /usr/local/share/golden
if command -v dpkg-query >/dev/null; then
	# shellcheck disable=SC2016 # the braces are dpkg-query's
	dpkg-query -W -f '${Package} ${Version} ${Architecture}\n'
else
	rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE} %{ARCH}\n'
fi | sort >/usr/local/share/golden/packages.new

# An image without a single package would mean that the list, and so the audit, is wrong.
[ -s /usr/local/share/golden/packages.new ]
mv /usr/local/share/golden/packages.new /usr/local/share/golden/packages
echo "packages: $(wc -l </usr/local/share/golden/packages)"
