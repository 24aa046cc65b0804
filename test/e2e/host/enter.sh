#!/bin/bash
# Process 1 of the namespaces that `npm run e2e:host` makes (unshare --mount --pid --fork): lays a
# layer over the kept root, makes it this namespace's root and becomes the root's own process 1.
#
#   enter.sh ROOT WORK INIT [ARGUMENT ...]
#
# All mounts are this namespace's: they go when its last process goes, whatever happens.
set -euo pipefail
root=$1 work=$2
shift 2
new=$work/root
mkdir -p "$work/upper" "$work/overlay" "$new"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/overlay" "$new"
mount -t proc proc "$new/proc"
mount --rbind /dev "$new/dev"
mount --rbind /sys "$new/sys"
mount --make-rprivate "$new/sys"
mount --make-rprivate "$new/dev"
# Not chroot: who is in a chroot may make no user namespace (user_namespaces(7)), and root's lab needs one.
cd "$new"
pivot_root . .
umount --lazy .
cd /
echo entered
exec "$@"
