# Plants what a build leaves in a machine, and waits until the other shell, which
# the test opens, has its command typed.
set -eu

# The seed is saved by its unit when it stops; in a container it would not start.
mkdir -p /run/systemd/system/systemd-random-seed.service.d
printf '[Unit]\nConditionVirtualization=\n' >/run/systemd/system/systemd-random-seed.service.d/here.conf
systemctl daemon-reload
systemctl start systemd-random-seed.service

# The build's own choice, which no seal may undo.
systemctl disable --now e2scrub_reap.service fstrim.timer 2>/dev/null || true
rm -f /root/from-user-data
mkdir -p /var/log/journal && systemctl restart systemd-journald
logger "canary-journal: $(whoami) was here"
echo canary-log >/var/log/build.log
echo 'mysql -pcanary-root-history' >/root/.bash_history
sudo -u admin sh -c 'umask 077
  echo "export TOKEN=canary-history" >~/.bash_history
  ssh-keygen -q -t ed25519 -N "" -f ~/.ssh/id_deploy -C canary-client-key
  echo "git.internal ssh-ed25519 canary-known-hosts" >~/.ssh/known_hosts'
echo 'password=canary-temp' >/tmp/varfile_1.sh
echo 'password=canary-vartmp' >/var/tmp/notes
echo 'lease { canary-lease }' >/var/lib/dhcp/dhclient.ens5.leases
echo 'root:canary-shadow:1:0:99999:7:::' >/etc/shadow-
passwd_hash='$6$canary$4dQ1r7mVz0o3lq7jYw1pQwYb2Qm0S0Wl3mPBy7m2mVQ5l3rI0s5rC7u1m2n3o4p5q6r7s8t9u0v1w2x3y4z5A.'
sed -i "s|^root:[^:]*|root:$passwd_hash|" /etc/shadow

until [ -e /run/typed ]; do sleep 0.1; done
