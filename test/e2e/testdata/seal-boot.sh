# Plants what a build leaves in a machine, and waits until the other shell, which
# the test opens, has its command typed.
set -eu
user=$SUDO_USER

cloud-init status --wait >/dev/null || [ $? = 2 ] # 2 is done with warnings
rm -f /root/from-user-data

if [ "$PURGE" = true ]; then
  # What cloud-init would do at each boot is the image's own from here on.
  dpkg --purge cloud-init >/dev/null
  rm -rf /etc/cloud /var/lib/cloud /etc/systemd/network/10-cloud-init-*
  printf '[Match]\nName=ens5\n[Network]\nDHCP=yes\n' >/etc/systemd/network/80-ec2.network
  echo "$BAKED_KEY baked" >>"/home/$user/.ssh/authorized_keys"
fi

# The seed is saved by its unit when it stops; in a container it would not start.
mkdir -p /run/systemd/system/systemd-random-seed.service.d
printf '[Unit]\nConditionVirtualization=\n' >/run/systemd/system/systemd-random-seed.service.d/here.conf
systemctl daemon-reload
systemctl start systemd-random-seed.service

# The build's own choice, which no seal may undo.
systemctl disable --now e2scrub_reap.service fstrim.timer 2>/dev/null || true
mkdir -p /var/log/journal /var/lib/dhcp && systemctl restart systemd-journald
logger "canary-journal: $(whoami) was here"
echo canary-log >/var/log/build.log
echo 'mysql -pcanary-root-history' >/root/.bash_history
sudo -u "$user" sh -c 'umask 077
  cd
  echo "export TOKEN=canary-history" >.bash_history
  ssh-keygen -q -t ed25519 -N "" -f .ssh/id_deploy -C canary-client-key
  echo "git.internal ssh-ed25519 canary-known-hosts" >.ssh/known_hosts'
echo 'password=canary-temp' >/tmp/varfile_1.sh
echo 'password=canary-vartmp' >/var/tmp/notes
echo 'lease { canary-lease }' >/var/lib/dhcp/dhclient.ens5.leases

# As an echo makes it; visudo wants 0440 and sudo does not.
echo "Defaults:$user !lecture" >/etc/sudoers.d/50-lecture

# Everybody gets in by password, by a file that comes before others.
printf 'root:canary-password\n%s:canary-password\n' "$user" | chpasswd
printf 'PermitRootLogin yes\nPasswordAuthentication yes\nKbdInteractiveAuthentication yes\n' >/etc/ssh/sshd_config.d/10-build.conf
systemctl try-reload-or-restart ssh.service
echo 'root:canary-shadow:1:0:99999:7:::' >/etc/shadow-

touch /run/planted
until [ -e /run/typed ]; do sleep 0.1; done
