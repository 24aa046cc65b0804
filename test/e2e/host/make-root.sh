#!/bin/bash
# Makes the root of another distribution for `npm run e2e:host`: what a person has who has just installed
# that system, with Node, npm and git, and nothing of what halab needs.
#
#   make-root.sh debian13 FOLDER
#
# The noise goes to FOLDER.log. Exit: 0 made, 1 failed, 2 wrong use, 3 this computer lacks something.
set -euo pipefail

[ $# = 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$2

# The box's own way to a mirror that answers (need_tools, choose_archives, apt_options): build.sh without its last
# line, which would begin to build.
# shellcheck source=/dev/null
source <(sed '$d' "$(dirname "$0")/../../../vagrant/box/build.sh")

case $1 in
  debian13) suite=trixie ;;
  *) fail 2 "unknown distribution: $1; known: debian13" ;;
esac
# tini: a process 1 that takes in the dead, as any real computer has one.
packages=nodejs,npm,git,ca-certificates,tini,procps

need_tools
tmp=$(mktemp -d /var/tmp/halab-host-root.XXXXXX)
chmod 0755 "$tmp"
trap 'rm -rf --one-file-system "$tmp"' EXIT
log=$root.log
: > "$log"
choose_archives
apt_options > "$tmp/apt.conf"
TMPDIR=$tmp mmdebstrap --mode=root --variant=minbase --architectures=amd64 --include="$packages" \
  --aptopt="$tmp/apt.conf" --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
  "$suite" "$root" "$tmp/sources.list" >> "$log" 2>&1 < /dev/null ||
  fail 1 "the root could not be made; the end of $log:" "$(tail -n 15 "$log")"
# What said how to reach the mirror is needed again when halab installs packages; mmdebstrap takes it away.
cp "$tmp/apt.conf" "$root/etc/apt/apt.conf.d/90mirror"
