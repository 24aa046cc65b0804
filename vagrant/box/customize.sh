#!/bin/bash
# Turns the freshly installed packages in $1 into the box's root file system, then into an ext4
# image. build.sh has mmdebstrap run this, as root of mmdebstrap's own namespace: so owners and
# file capabilities are right without root on the host, and nothing is mounted in a loop.
# Needs HALAB_STAGE (a copy of this folder) and HALAB_DROP (where results go).
set -euo pipefail

root=$1
tree=
epoch=$SOURCE_DATE_EPOCH

in_guest() { chroot "$root" env LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

overlay() {
  local file
  # The modes are set here, because git keeps but one bit of them.
  (cd "$HALAB_STAGE/rootfs" && find . -type f -print0) | while IFS= read -r -d '' file; do
    install -D -m 0644 "$HALAB_STAGE/rootfs/$file" "$root/$file"
  done
  chmod 0755 "$root"/usr/lib/halab/*
  chmod 0440 "$root"/etc/sudoers.d/vagrant
  chmod 0700 "$root"/home/vagrant/.ssh
  chmod 0600 "$root"/home/vagrant/.ssh/authorized_keys
  in_guest chown -R vagrant:vagrant /home/vagrant
  ln -sf /usr/share/zoneinfo/UTC "$root"/etc/localtime
  echo 'LANG=C.UTF-8' > "$root"/etc/default/locale
}

users() {
  # '*' and not '!': locked for passwords, yet open for keys.
  in_guest useradd --uid 1000 --create-home --shell /bin/bash --password '*' vagrant
  in_guest passwd --quiet --lock root
  in_guest passwd --quiet --lock hacluster
  # The learner reads the cluster's state without sudo, as an administrator would arrange it.
  in_guest usermod --append --groups haclient,adm,systemd-journal vagrant
}

ssh_server() {
  # What a learner's own terminal exports must not reach the guest: it has one locale.
  sed -i 's/^AcceptEnv/#&/' "$root"/etc/ssh/sshd_config
  rm -f "$root"/etc/ssh/ssh_host_*
  chmod -x "$root"/etc/update-motd.d/* 2>/dev/null || true
  : > "$root"/etc/motd
}

units() {
  local script name unit generator
  in_guest systemctl --quiet preset-all
  in_guest systemctl --quiet --global preset-all
  in_guest systemctl --quiet set-default multi-user.target
  # Pulled in by other units, not by a wish of their own, so `disable` does not reach them. No
  # lesson starts these.
  in_guest systemctl --quiet mask systemd-networkd-wait-online.service systemd-network-generator.service \
    systemd-networkd-persistent-storage.service systemd-journald-audit.socket apt-daily.timer apt-daily-upgrade.timer systemd-firstboot.service
  # These stay startable, they are only not wanted at boot any more.
  for unit in sysinit.target/dev-hugepages.mount sysinit.target/dev-mqueue.mount \
    sysinit.target/proc-sys-fs-binfmt_misc.automount sysinit.target/sys-fs-fuse-connections.mount \
    sysinit.target/sys-kernel-config.mount sysinit.target/sys-kernel-debug.mount \
    sysinit.target/sys-kernel-tracing.mount sysinit.target/systemd-ask-password-console.path \
    sysinit.target/systemd-binfmt.service sysinit.target/systemd-random-seed.service \
    multi-user.target/systemd-ask-password-wall.path multi-user.target/systemd-logind.service multi-user.target/dbus.service \
    systemd-udevd.service/systemd-udev-load-credentials.service sockets.target/systemd-creds.socket sockets.target/systemd-initctl.socket sockets.target/systemd-sysext.socket; do
    mkdir -p "$root/etc/systemd/system/${unit%/*}.wants"
    ln -s /dev/null "$root/etc/systemd/system/${unit%/*}.wants/${unit#*/}"
  done
  # Each runs at every boot and every daemon-reload, and none has anything to say here.
  mkdir -p "$root"/etc/systemd/system-generators
  for generator in gpt-auto hibernate-resume rc-local ssh system-update sysv tpm2; do
    ln -s /dev/null "$root/etc/systemd/system-generators/systemd-$generator-generator"
  done
  # For a unit that has an old-style script besides, `systemctl enable` and `disable` also run update-rc.d, which
  # reloads systemd once more: 6 s under emulation instead of 1.3 s. systemd itself never looks at such a script.
  for script in "$root"/etc/init.d/*; do
    name=${script##*/}
    if [ ! -e "$root/usr/lib/systemd/system/$name.service" ]; then
      echo "customize.sh: $name has an old-style script and no unit, which nothing would start" >&2
      return 1
    fi
    rm -f "$script" "$root"/etc/rc[0-6S].d/[KS][0-9][0-9]"$name"
  done
}

cluster_stack() {
  # Debian starts a cluster of one node. The learner writes this file, in the first lesson.
  mv "$root"/etc/corosync/corosync.conf "$root"/etc/corosync/corosync.conf.dpkg-dist
  rm -f "$root"/etc/corosync/authkey "$root"/etc/pacemaker/authkey
  find "$root"/var/lib/pacemaker "$root"/var/lib/corosync "$root"/var/log/pacemaker "$root"/var/log/corosync -type f -delete
  rm -rf "$root"/var/lib/pcsd/*
  # Ten workers of 33 MB each would leave nothing of a small machine.
  printf '\n# A machine of the lab is small: by default there are 10 workers of 33 MB each.\nPCSD_WORKER_COUNT=2\nPCSD_MAX_WORKER_COUNT=4\n' >> "$root"/etc/default/pcsd
}

# What must differ from machine to machine, or would make two builds of one input differ.
forget_identity() {
  : > "$root"/etc/machine-id
  rm -f "$root"/var/lib/dbus/machine-id "$root"/var/lib/systemd/random-seed
  rm -rf "$root"/etc/iscsi/initiatorname.iscsi "$root"/etc/corosync/qnetd/nssdb
  rm -f "$root"/etc/hostname.* "$root"/etc/passwd- "$root"/etc/shadow- "$root"/etc/group- "$root"/etc/gshadow- \
    "$root"/etc/subuid- "$root"/etc/subgid-
}

clean() {
  # mmdebstrap takes these back only after its hooks; they kept daemons from starting in the chroot.
  rm "$root"/usr/sbin/policy-rc.d
  mv "$root"/sbin/start-stop-daemon.REAL "$root"/sbin/start-stop-daemon
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/cache/debconf/*-old \
    "$root"/var/lib/dpkg/*-old "$root"/var/cache/ldconfig/aux-cache "$root"/var/tmp/*
  rm -f "$root"/etc/apt/apt.conf.d/{00,99}mmdebstrap "$root"/etc/apt/sources.list.d/0000* "$root"/etc/dpkg/dpkg.cfg.d/99mmdebstrap
  rm -f "$root"/var/log/{alternatives.log,bootstrap.log,dpkg.log,fontconfig.log,apt/*}
  find "$root"/usr/share/man -mindepth 1 -type d -empty -delete
  # Packages installed later leave out the same files.
  cp "$HALAB_STAGE/dpkg.cfg" "$root"/etc/dpkg/dpkg.cfg.d/halab
  chmod 0644 "$root"/etc/dpkg/dpkg.cfg.d/halab
}

take_kernel() {
  local version
  version=$(basename "$root"/usr/lib/modules/*)
  in_guest depmod -a "$version"
  cp -L "$root/boot/vmlinuz-$version" "$HALAB_DROP/vmlinuz"
  make_initrd "$version"
  chmod 0644 "$HALAB_DROP"/{vmlinuz,initrd.img}
  # The guest is started with these from outside: inside they would only be ballast.
  rm -f "$root"/boot/{vmlinuz,initrd.img}-* "$root"/{vmlinuz,initrd.img}{,.old}
}

# Not compressed, nor are the modules in it: unpacking costs more than reading under emulation.
make_initrd() { # kernel version
  local tree=$root/tmp/initrd module
  mkdir -p "$tree"/{bin,dev,proc,root}
  cp "$root"/bin/busybox "$tree"/bin/
  install -m 0755 "$HALAB_STAGE/initrd-init" "$tree"/init
  for module in virtio_pci virtio_blk crc32c_generic ext4; do
    # Lines of `insmod FILE`, in the order needed, or of `builtin NAME`.
    in_guest modprobe --set-version "$1" --show-depends "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r module; do
    case $module in
      # The guest's own: a minimal host has no xz.
      *.xz) in_guest busybox xzcat "$module" ;;
      *) cat "$root$module" ;;
    esac > "$tree/$(basename "${module%.xz}")"
    echo "/$(basename "${module%.xz}")" >> "$tree"/modules
  done
  find "$tree" -exec touch --no-dereference --date="@$epoch" {} +
  # shellcheck disable=SC2016  # for the shell in the guest
  in_guest sh -c 'cd /tmp/initrd && find . | sort | cpio --quiet --reproducible --renumber-inodes -o -H newc' > "$HALAB_DROP/initrd.img"
  rm -rf "$tree"
}

# mmdebstrap has /proc, /sys and /dev mounted in the tree. A plain bind mount of the tree shows it
# without what is mounted below, which is what belongs into the image.
bare_view() {
  mkdir "$HALAB_DROP/tree"
  mount --bind "$root" "$HALAB_DROP/tree"
  tree=$HALAB_DROP/tree
  # What is in these is mmdebstrap's: it still needs it, and the guest mounts over them.
  mount -t tmpfs -o mode=0755 tmpfs "$tree/dev"
  mount -t tmpfs -o mode=0755 tmpfs "$tree/run"
  mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
}

# Files that the build made carry the build's fixed time; files from packages keep theirs, or
# Python's compiled files would no longer match. Also keeps the first boot from believing that
# /usr was updated, and from redoing its caches.
fixed_times() {
  touch "$tree"/etc/.updated "$tree"/var/.updated
  find "$tree" -xdev -newer "$HALAB_STAGE/started" -print0 | xargs -0 -r touch --no-dereference --date="@$epoch"
}

make_image() {
  E2FSPROGS_FAKE_TIME=$epoch mke2fs -q -F -t ext4 -L halab-root -m 1 -J size=64 \
    -U 6c616c61-6268-4261-a5e0-64656269616e \
    -E "hash_seed=6c616c61-6268-4261-a5e0-626f78626f78,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0" \
    -d "$tree" "$HALAB_DROP/root.ext4" "$HALAB_DISK_SIZE"
  chmod 0644 "$HALAB_DROP/root.ext4"
  umount "$tree/dev" "$tree/run" "$tree/tmp" "$tree"
  rmdir "$tree"
}

step() { echo "halab-step: $*"; }

step users; users
step overlay; overlay
step ssh; ssh_server
step units; units
step cluster; cluster_stack
step kernel; take_kernel
# shellcheck disable=SC2016  # dpkg-query's own variables
in_guest dpkg-query -W -f='${Package}=${Version}\n' | LC_ALL=C sort > "$HALAB_DROP/packages"
chmod 0644 "$HALAB_DROP/packages"
step clean; clean; forget_identity
install -D -m 0644 "$HALAB_STAGE/box-hash" "$root/usr/share/halab/box-hash"
step image
bare_view
fixed_times
make_image
