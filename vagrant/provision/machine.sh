#!/bin/bash
# Gives a machine its name, its address on the cluster network and the lab's own ssh key.
# Runs as root; may run again at any time.
set -euo pipefail

# The cluster network is the card that is not the default way out: the second one.
device=$(find /sys/class/net -maxdepth 1 -name 'e*' -printf '%f\n' | sort -V | sed -n 2p)
if [ -z "$device" ]; then
  echo 'This machine has no second network card, so it cannot join the cluster network.' >&2
  exit 1
fi

hostnamectl set-hostname "$HALAB_NAME"
# Vagrant and Debian map the host's name to 127.0.1.1. A cluster that looks its own name up must
# find an address that the other nodes can reach.
sed -i '/^127\.0\.1\.1[[:space:]]/d' /etc/hosts

# The kernel owns the addresses that the cluster adds: networkd must neither remove them nor drop
# the physical one when the link is cut.
cat > /etc/systemd/network/20-cluster.network <<NETWORK
[Match]
Name=$device

[Link]
RequiredForOnline=no

[Network]
Address=$HALAB_ADDRESS
LinkLocalAddressing=no
IPv6AcceptRA=no
ConfigureWithoutCarrier=yes
IgnoreCarrierLoss=yes
KeepConfiguration=yes
NETWORK
systemctl enable --quiet --now systemd-networkd.service
networkctl reload
networkctl reconfigure "$device"

# Leaves the key as the only one that opens the door to a user.
only_key() { # user, home
  install -d -m 700 -o "$1" -g "$1" "$2/.ssh"
  printf '%s\n' "$HALAB_KEY" > "$2/.ssh/authorized_keys.new"
  chown "$1:$1" "$2/.ssh/authorized_keys.new"
  chmod 600 "$2/.ssh/authorized_keys.new"
  mv "$2/.ssh/authorized_keys.new" "$2/.ssh/authorized_keys"
}

if [ -n "${HALAB_KEY:-}" ]; then
  # halab looks at the machine as root: vagrant may become root anyway, and sudo is slow under
  # emulation. sshd takes the first value that it reads, so the name must sort first.
  echo 'PermitRootLogin prohibit-password' > /etc/ssh/sshd_config.d/05-halab-lab.conf
  only_key root /root
  only_key vagrant /home/vagrant
  systemctl reload ssh
fi

# halab reads this mark to know that the machine was set up to the end.
mkdir -p /etc/halab
echo 1 > /etc/halab/provisioned
# A power cut in a lesson must not take these files back.
sync
