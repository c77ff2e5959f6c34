#!/bin/sh
# The application in the release that APP_VERSION names, and a first run of it.
set -eu

release=/opt/app/releases/${APP_VERSION:?}
mkdir -p "$release"
cat >"$release/app" <<'APP'
#!/bin/sh
here=$(dirname -- "$0")
read -r version <"$here/version"
echo "app $version on runtime $(cat /opt/runtime/version)"
APP
chmod 0755 "$release/app"
echo "$APP_VERSION" >"$release/version"
ln -sfn "$release" /opt/app/current

# An image whose application does not start is not golden.
/opt/runtime/bin/run-app /opt/app/current/app
