#!/bin/sh
# The runtime that applications of this family share. A real one would be a JDK or
# an interpreter; this one needs no download: it runs a program in a clean
# environment as an unprivileged user.
set -eu

mkdir -p /opt/runtime/bin
cat >/opt/runtime/bin/run-app <<'RUN'
#!/bin/sh
# usage: run-app PROGRAM [ARGUMENT...]
set -eu
[ "$(id -u)" -eq 0 ] || exec env -i PATH=/usr/bin:/bin "$@"
exec setpriv --reuid=65534 --regid=65534 --clear-groups env -i PATH=/usr/bin:/bin "$@"
RUN
chmod 0755 /opt/runtime/bin/run-app
echo 21.0.9 >/opt/runtime/version
[ "$(/opt/runtime/bin/run-app id -u)" != 0 ]
