# Plants what a build leaves in a machine, and waits until the other shell, which
# the test opens, has its command typed. The machine has BusyBox's tools or GNU's.
set -eu

logger "canary-journal: $(whoami) was here"
echo canary-log >/var/log/build.log
echo 'mysql -pcanary-root-history' >/root/.bash_history
# shellcheck disable=SC2016 # the other shell expands it
su -s /bin/sh "$BUILD_USER" -c 'umask 077
  cd
  echo "export TOKEN=canary-history" >.bash_history
  ssh-keygen -q -t ed25519 -N "" -f .ssh/id_deploy -C canary-client-key
  echo "git.internal ssh-ed25519 canary-known-hosts" >.ssh/known_hosts
  mkdir .aws
  printf "[default]\naws_secret_access_key = canary-aws-key\n" >.aws/credentials'
echo 'password=canary-temp' >/tmp/varfile_1.sh
echo 'password=canary-vartmp' >/var/tmp/notes
mkdir -p /var/lib/dhcp
echo 'lease { canary-lease }' >/var/lib/dhcp/dhclient.eth0.leases

# Everybody gets in by password, by a file that comes before others.
printf 'root:canary-password\n%s:canary-password\n' "$BUILD_USER" | chpasswd
printf 'PermitRootLogin yes\nPasswordAuthentication yes\nKbdInteractiveAuthentication yes\n' >/etc/ssh/sshd_config.d/10-build.conf
kill -HUP "$(cat /run/sshd.pid)"
echo 'root:canary-shadow:1:0:99999:7:::' >/etc/shadow-

# What the kernel swapped out.
dd if=/dev/zero of=/swapfile bs=1M count=8 2>/dev/null
chmod 600 /swapfile
[ ! -d /sys/fs/selinux/class ] || chcon -t swapfile_t /swapfile
/sbin/mkswap /swapfile
printf canary-swapped | dd of=/swapfile bs=4096 seek=1500 conv=notrunc 2>/dev/null
sync
/sbin/swapon /swapfile
echo '/swapfile none swap sw 0 0' >>/etc/fstab

# A key that was removed before the seal is free blocks to it.
echo canary-removed-before >/root/removed
sync
rm /root/removed

touch /run/planted
until [ -e /run/typed ]; do sleep 0.1; done
