#!/bin/bash
# Installs on a public Debian 13 box what halab's own box holds, and leaves none of it running.
# $1: the text of box/packages.list. Runs as root; may run again.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

# Services must not start while they are installed: a fresh corosync would form a cluster of one.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
trap 'rm -f /usr/sbin/policy-rc.d' EXIT

apt-get update
# The public box has its own kernel and init; the list's part on them does no harm.
sed 's/#.*//' <<< "$1" | xargs apt-get install --yes --no-install-recommends

systemctl disable corosync pacemaker pcsd sbd drbd nfs-server apache2 cups.service cups.socket cups.path \
  corosync-qdevice corosync-qnetd heartbeat iscsid.socket iscsid.service rpcbind.service rpcbind.socket tgt 2>/dev/null || true
# sbd makes itself a requirement of the cluster, which then does not start without a watchdog.
rm -f /etc/systemd/system/{corosync,pacemaker}.service.{requires,wants}/sbd.service
if [ -e /etc/corosync/corosync.conf ] && [ ! -e /etc/halab/provisioned ]; then
  mv /etc/corosync/corosync.conf /etc/corosync/corosync.conf.dpkg-dist
  find /var/lib/pacemaker /var/lib/corosync -type f -delete
fi
systemctl daemon-reload
