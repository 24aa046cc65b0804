#!/bin/bash
# Builds the lab's base box: a Debian 13 guest for Vagrant's libvirt provider, which needs no
# internet once it is built. Works as root and as an ordinary user; boots no machine, mounts no loop.
#
#   build.sh --output DIR [--mirror URL] [--work DIR] [--locked] [--no-pack]
#   build.sh --print-hash
#
# On stdout: `@@progress PERCENT TEXT` lines. The noise goes to DIR/build.log.
# Exit: 0 built, 1 failed, 2 wrong use, 3 this computer lacks something.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
suite=trixie
fallback_mirror=http://deb.debian.org/debian
security_fallback=http://deb.debian.org/debian-security
box_name=halab/debian13
disk_gib=6
work_mib_needed=4096
# Every build of one input carries this date, so that two builds can be compared.
export SOURCE_DATE_EPOCH=1767225600
export LC_ALL=C.UTF-8
# What the namespace's users are to read must not be closed to them by the caller's own umask.
umask 022
# Ordinary users have no sbin on Debian, where mke2fs lives.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

output='' mirror='' work=/var/tmp locked=no pack=yes
tmp='' partial='' child='' log=/dev/null apt_helper=''

usage() { sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

fail() { # status, message…
  local status=$1; shift
  printf 'build.sh: %s\n' "$@" >&2
  exit "$status"
}

progress() { printf '@@progress %s %s\n' "$1" "$2"; }

# What decides the box's content: file names, whether they are executable, and their bytes. Not the
# lock (a record of what a build got) and not the proof.
print_hash() {
  cd "$here"
  find . -type f ! -name packages.lock ! -name verify.sh ! -name '*.md' | sort | while IFS= read -r file; do
    local kind=file
    [ -x "$file" ] && kind=program
    printf '%s %s %s\n' "$(sha256sum < "$file" | cut -d' ' -f1)" "$kind" "$file"
  done | sha256sum | cut -d' ' -f1
}

parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --print-hash) print_hash; exit 0 ;;
      --output|--mirror|--work)
        [ -n "${2:-}" ] || fail 2 "$1 wants a value"
        printf -v "${1#--}" %s "$2"; shift ;;
      --locked) locked=yes ;;
      --no-pack) pack=no ;;
      -h|--help) usage; exit 0 ;;
      *) fail 2 "unknown argument: $1" "$(usage)" ;;
    esac
    shift
  done
  [ -n "$output" ] || fail 2 "where to? Say --output DIR" "$(usage)"
}

# --- refusing early --------------------------------------------------------------------------------

need_tools() {
  local missing=() pair
  for pair in mmdebstrap:mmdebstrap mke2fs:e2fsprogs qemu-img:qemu-utils apt-get:apt tar:tar flock:util-linux; do
    command -v "${pair%%:*}" > /dev/null || missing+=("${pair##*:}")
  done
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
  if [ "$(id -u)" != 0 ]; then
    command -v newuidmap > /dev/null || missing+=(uidmap)
  fi
  [ ${#missing[@]} = 0 ] || fail 3 "these packages are missing: ${missing[*]}" "Install them: sudo apt-get install --no-install-recommends ${missing[*]}"
  [ "$(id -u)" = 0 ] || need_other_users
  find_apt_helper
}

# The box's files belong to many users: an unprivileged build makes them as its subordinate ones.
need_other_users() {
  local said
  said=$(mmdebstrap --unshare-helper true 2>&1) && return 0
  # mmdebstrap takes the first line of that name, and no line that begins with the user's number.
  grep -qsF "$(id -un):" /etc/subuid && grep -qsF "$(id -un):" /etc/subgid ||
    fail 3 "$(id -un) has no subordinate user ids in /etc/subuid and /etc/subgid, which an unprivileged build needs" \
      "halab doctor says what to type."
  fail 3 "this user may not build as its subordinate users: $said" "Run the build as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)."
}

# apt's own downloader lies beside its methods: in /usr/lib/apt on Debian, elsewhere on others.
find_apt_helper() {
  local methods='' folder
  eval "$(apt-config shell methods Dir::Bin::methods/d)"
  for folder in "${methods%/}/.." /usr/lib/apt /usr/libexec/apt; do
    [ -x "$folder/apt-helper" ] || continue
    apt_helper=$folder/apt-helper
    return 0
  done
  fail 3 "apt-helper, a part of apt, is not beside apt's methods in ${methods:-/usr/lib/apt/methods}" "Install apt again."
}

need_room() {
  mkdir -p "$work" || fail 3 "cannot make the work folder $work"
  work=$(cd "$work" && pwd)
  local free
  free=$(df -Pm "$work" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$work_mib_needed" ] || fail 3 "$work has $free MB free; the build needs $work_mib_needed MB" "Name a roomier folder with --work DIR."
}

# Half of the build is programs of the box's that run where they were unpacked.
need_programs() {
  printf '#!/bin/sh\n' > "$tmp/runs"
  chmod 0755 "$tmp/runs"
  "$tmp/runs" 2> /dev/null || fail 3 "programs may not be run in $work (it is mounted noexec)" "Name another folder with --work DIR."
}

# The users of the build's namespace are not you: they must be able to walk to the work folder.
need_way_in() {
  [ "$(id -u)" != 0 ] || return 0
  local dir=$work
  while [ "$dir" != / ]; do
    [ $(( 0$(stat -c %a "$dir") & 1 )) = 1 ] || fail 3 "$dir is closed to other users, and so to the build's own namespace" "Name another folder with --work DIR, or: chmod o+x $dir"
    dir=$(dirname "$dir")
  done
}

# --- where packages come from ----------------------------------------------------------------------

# The first archive that the host's own apt uses under that label: it is near, and reachable.
host_archive() { # label
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format '$(CREATED_BY)|$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' 2> /dev/null |
    awk -F'|' -v label="$1" '$1 == "Packages" && $2 == "Debian" && $3 == label && $4 == "main" && $5 ~ /^https?:/ { sub(/\/$/, "", $5); print $5; exit }' || true
}

# By apt itself: it knows the host's proxies and passwords.
reachable() { # archive, suite
  rm -f "$tmp/probe"
  "$apt_helper" download-file "$1/dists/$2/InRelease" "$tmp/probe" >> "$log" 2>&1
}

choose_archives() {
  [ -n "$mirror" ] || mirror=$(host_archive Debian)
  mirror=${mirror:-$fallback_mirror}
  mirror=${mirror%/}
  reachable "$mirror" "$suite" || fail 3 "the Debian mirror $mirror does not answer for $suite" "Name another one with --mirror URL. Details: $log"
  local security
  security=$(host_archive Debian-Security)
  security=${security:-$security_fallback}
  {
    echo "deb $mirror $suite main"
    if reachable "$mirror" "$suite-updates"; then echo "deb $mirror $suite-updates main"; fi
    if reachable "$security" "$suite-security"; then
      echo "deb $security $suite-security main"
    else
      echo "build.sh: no security updates: $security does not answer" >&2
    fi
  } > "$tmp/sources.list"
}

# mmdebstrap's apt reads none of the host's settings: hand on those that say how to reach the mirror, with its proxies
# (also of one host, or found by a program) and the certificates that it trusts. Names are "::" for a list's items.
apt_options() {
  local settings setting value copy
  settings=$(apt-config dump --format '%F "%v";%n' | grep -E '^Acquire::(https?(::[^ ]*)?|ForceIPv[46]|Check-(Valid-Until|Date)) ".+";$' || true)
  while read -r setting value; do
    # A certificate in a closed HOME is copied to where the build's users can read it. No private key is.
    if [[ $setting == *::CaInfo ]]; then
      value=${value#\"} value=${value%\";}
      copy=$(mktemp "$tmp/certificates.XXXXXX")
      cat "$value" > "$copy" 2>> "$log" || fail 3 "apt is told to trust the certificates in $value ($setting), which you cannot read" "Let everybody read them: sudo chmod a+r $value"
      chmod 0644 "$copy"
      value="\"$copy\";"
    fi
    [ -z "$setting" ] || printf '%s %s\n' "$setting" "$value"
  done <<< "$settings"
  echo 'Acquire::Languages "none";'
  echo 'Acquire::Retries "3";'
}

# apt knows these in small letters only; other programs also write them in capitals.
proxy_environment() {
  local name capitals
  for name in http_proxy https_proxy no_proxy; do
    capitals=${name^^}
    [ -n "${!name:-}" ] || [ -z "${!capitals:-}" ] || export "$name=${!capitals}"
  done
}

# --- the steps -------------------------------------------------------------------------------------

# A file system without locks (NFS without its lock daemon) says another status: there, nobody is kept away.
lock_output() {
  local status=0
  flock -n -E 75 9 || status=$?
  [ "$status" != 75 ] || fail 3 "another build into $output is running"
}

prepare() {
  mkdir -p "$output" || fail 3 "cannot make $output"
  output=$(cd "$output" && pwd)
  exec 9> "$output/.lock"
  lock_output
  log=$output/build.log
  : > "$log"
  tmp=$(mktemp -d "$work/halab-box.XXXXXX")
  chmod 0711 "$tmp"
  need_programs
  partial=$(mktemp -d "$output/.partial.XXXXXX")
  # The namespace's users read the inputs and write the results here, wherever the project lies.
  mkdir "$tmp/stage" "$tmp/drop" "$tmp/mmdebstrap"
  cp -r "$here"/. "$tmp/stage"
  print_hash > "$tmp/stage/box-hash"
  touch "$tmp/stage/started"
  chmod -R a+rX "$tmp/stage"
  chmod 0777 "$tmp/drop"
  chmod 1777 "$tmp/mmdebstrap"
  sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$here/packages.list" > "$tmp/packages"
}

# Turns mmdebstrap's chatter into progress; everything lands in the log.
watch_bootstrap() {
  awk -v log_file="$log" '
    function at(percent, text) { if (percent > last) { last = percent; print "@@progress " percent " " text; fflush() } }
    { print >> log_file }
    /^I: running apt-get update/ { at(3, "reading the list of packages") }
    /^I: downloading/            { at(5, "downloading the base system") }
    /^Get:[0-9]/                 { got++; at(int(5 + 15 * min(got / 440)), "downloading packages (" got ")") }
    /^Unpacking /                { unpacked++; at(int(20 + 25 * min(unpacked / 420)), "unpacking " $2) }
    /^Setting up /               { set_up++; at(int(45 + 25 * min(set_up / 480)), "setting up " $3) }
    /^Processing triggers for man-db/ { at(71, "indexing man pages") }
    /^halab-step: users/         { at(73, "configuring the guest") }
    /^halab-step: units/         { at(75, "turning services off until a lesson wants them") }
    /^halab-step: kernel/        { at(76, "taking the kernel, making the initrd") }
    /^halab-step: image/         { at(77, "writing the file system image") }
    function min(x) { return x > 1 ? 1 : x }
  '
}

# Runs a program so that a signal to this script ends the program first, then us.
run_child() {
  "$@" &
  child=$!
  local status=0
  wait "$child" || status=$?
  child=''
  return "$status"
}

# What a failure of apt's means, where its own words do not say what to do.
explain_bootstrap() {
  if grep -Eq 'NO_PUBKEY|EXPKEYSIG' "$log"; then
    echo "the keys of Debian's archive on this computer are too old to check Debian 13 ($suite). Get newer ones:"
    echo "sudo apt-get update && sudo apt-get install debian-archive-keyring"
    echo "If that brings none: the package debian-archive-keyring of Debian 12 or newer can be installed on older systems too."
  fi
}

bootstrap() {
  apt_options > "$tmp/apt.conf"
  # From a HOME that is closed to the namespace's users, what they start could not even find out where it is.
  cd "$tmp"
  export HALAB_STAGE=$tmp/stage HALAB_DROP=$tmp/drop HALAB_DISK_SIZE=${disk_gib}G
  # No clean-up by mmdebstrap: the tree is thrown away, and its apt would fall back to the host's
  # own package lists, and delete them, once its settings in the tree are gone.
  # The box has an initrd of its own, so Debian's need not be made.
  # shellcheck disable=SC2016  # $1 is the hook's
  INITRD=No TMPDIR=$tmp/mmdebstrap run_child mmdebstrap --mode=auto --variant=apt --format=null --skip=cleanup --verbose --architectures=amd64 \
    --include="$(paste -sd, "$tmp/packages")" \
    --aptopt="$tmp/apt.conf" --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt="$tmp/stage/dpkg.cfg" --dpkgopt=force-unsafe-io \
    --customize-hook='"$HALAB_STAGE/customize.sh" "$1"' \
    "$suite" /dev/null "$tmp/sources.list" > >(watch_bootstrap) 2>&1 < /dev/null 9>&- ||
    fail 1 "building the root file system failed; the end of $log:" "$(tail -n 15 "$log"; explain_bootstrap)"
}

check_lock() {
  local drift
  cp "$tmp/drop/packages" "$partial/packages"
  [ -e "$here/packages.lock" ] || return 0
  drift=$(diff <(grep -v '^#' "$here/packages.lock") "$tmp/drop/packages" | sed -n 's/^</  locked:/p; s/^>/  built: /p' || true)
  [ -n "$drift" ] || return 0
  [ "$locked" = no ] || fail 1 "the mirror's packages differ from packages.lock:" "$drift"
  printf 'build.sh: warning: %s\n' "these packages differ from packages.lock:" "$drift" >&2
}

compress() {
  # zstd: as small as zlib within a few percent, and several times faster to read at boot.
  run_child qemu-img convert -p -c -W -m 8 -f raw -O qcow2 -o compression_type=zstd "$tmp/drop/root.ext4" "$partial/box.img" \
    2>> "$log" 9>&- > >(tr '\r' '\n' | awk '/%/ { p = int(80 + substr($1, 2) * 0.15); if (p > last) { last = p; print "@@progress " p " compressing the image"; fflush() } }') ||
    fail 1 "compressing the image failed; see $log"
}

size_of() { stat -c %s "$1"; }

describe() {
  local hash cmdline
  hash=$(cat "$tmp/stage/box-hash")
  cmdline=$(grep -v '^#' "$here/cmdline")
  cp "$tmp/drop/vmlinuz" "$tmp/drop/initrd.img" "$partial/"
  sed "s|@CMDLINE@|$cmdline|" "$here/Vagrantfile.in" > "$partial/Vagrantfile"
  printf '{"provider":"libvirt","format":"qcow2","virtual_size":%s}\n' "$disk_gib" > "$partial/metadata.json"
  {
    printf '{\n  "name": "%s",\n  "hash": "%s",\n  "source_date_epoch": %s,\n' "$box_name" "$hash" "$SOURCE_DATE_EPOCH"
    printf '  "suite": "%s",\n  "cmdline": "%s",\n' "$suite" "$cmdline"
    printf '  "bytes": { "box.img": %s, "vmlinuz": %s, "initrd.img": %s },\n' \
      "$(size_of "$partial/box.img")" "$(size_of "$partial/vmlinuz")" "$(size_of "$partial/initrd.img")"
    printf '  "sha256": { "box.img": "%s" },\n  "packages": {\n' "$(sha256sum < "$partial/box.img" | cut -d' ' -f1)"
    awk -F= '{ printf "%s    \"%s\": \"%s\"", (NR > 1 ? ",\n" : ""), $1, $2 }' "$partial/packages"
    printf '\n  }\n}\n'
  } > "$partial/manifest.json"
}

# Plain tar: the image is compressed inside, and gzip would only make `vagrant box add` slow.
pack_box() {
  [ "$pack" = yes ] || return 0
  tar -C "$partial" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
    -cf "$partial/halab-debian13.box" metadata.json Vagrantfile box.img vmlinuz initrd.img manifest.json
}

# The manifest goes first out and last in: while it is there, the files beside it belong together.
publish() {
  rm -f "$output/manifest.json"
  chmod 0644 "$partial"/*
  local file
  for file in "$partial"/*; do
    [ "${file##*/}" = manifest.json ] || mv -f "$file" "$output/"
  done
  mv -f "$partial/manifest.json" "$output/"
}

clean_up() {
  local status=$?
  trap '' INT TERM HUP
  if [ -n "$child" ]; then
    kill -TERM "$child" 2> /dev/null || true
    wait "$child" 2> /dev/null || true
  fi
  if [ -n "$tmp" ] && [ -d "$tmp" ]; then
    # What the namespace's users left behind is not ours to delete, except from inside again.
    rm -rf --one-file-system "$tmp" 2> /dev/null ||
      mmdebstrap --unshare-helper rm -rf --one-file-system "$tmp" 2> /dev/null || true
    rm -rf --one-file-system "$tmp" || true
  fi
  [ -z "$partial" ] || rm -rf "$partial"
  exit "$status"
}

main() {
  parse_arguments "$@"
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  need_tools
  need_room
  need_way_in
  prepare
  proxy_environment
  progress 1 'looking for a Debian mirror'
  choose_archives
  progress 2 "using $mirror"
  bootstrap
  check_lock
  progress 80 'compressing the image'
  compress
  progress 95 'packing the box'
  describe
  pack_box
  publish
  progress 100 "done: $output"
}

main "$@"
