#!/bin/bash
# Boots a built box once, on loopback only and in software emulation on two processors, and says in
# a plain sentence what is wrong with it.
#
#   verify.sh DIR [--write-lock]      DIR as build.sh made it; --write-lock: it is good, so record
#                                     its package versions in packages.lock
# Exit: 0 all is well, 1 something is wrong, 2 wrong use, 3 this computer lacks something.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
max_boot=45 processors=${HALAB_VERIFY_PROCESSORS:-0,1} max_image_mb=800 give_up=180
dir='' write_lock=no tmp='' qemu='' port='' wrong=0

complain() { echo "verify: $*"; wrong=$((wrong + 1)); }
tell() { echo "# $*"; }

parse_arguments() {
  local argument
  for argument; do
    case $argument in
      --write-lock) write_lock=yes ;;
      -*) echo "verify.sh: unknown argument: $argument" >&2; exit 2 ;;
      *) dir=$argument ;;
    esac
  done
  [ -n "$dir" ] || { echo 'verify.sh: which box? Say verify.sh DIR' >&2; exit 2; }
}

clean_up() {
  [ -z "$qemu" ] || kill -KILL "$qemu" 2> /dev/null || true
  [ -z "$tmp" ] || rm -rf "$tmp"
}

check_files() {
  local file bytes
  for file in box.img vmlinuz initrd.img metadata.json Vagrantfile manifest.json packages; do
    [ -s "$dir/$file" ] || { complain "the box has no $file"; exit 1; }
  done
  bytes=$(stat -c %s "$dir/box.img")
  tell "box.img $((bytes / 1000000)) MB, initrd $(($(stat -c %s "$dir/initrd.img") / 1000000)) MB"
  [ "$bytes" -le $((max_image_mb * 1000000)) ] || complain "box.img is larger than $max_image_mb MB"
}

# Vagrant's well-known key: not a secret, and never kept in this project.
find_key() {
  local key
  for key in "${VAGRANT_INSECURE_KEY:-}" "$HOME/.vagrant.d/insecure_private_key" /usr/share/rubygems-integration/all/gems/vagrant-*/keys/vagrant /opt/vagrant/embedded/gems/gems/vagrant-*/keys/vagrant; do
    if [ -n "$key" ] && [ -r "$key" ]; then
      install -m 0600 "$key" "$tmp/key"
      return
    fi
  done
  echo "verify.sh: Vagrant's insecure key is not on this computer; name it in VAGRANT_INSECURE_KEY" >&2
  exit 3
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_machine() {
  local pin=()
  port=$(free_port)
  if command -v taskset > /dev/null && [ "$(nproc)" -ge 2 ]; then pin=(taskset -c "$processors"); fi
  TMPDIR=$tmp "${pin[@]}" qemu-system-x86_64 -machine pc,accel=tcg -cpu qemu64 -smp 1 -m 768 \
    -display none -vga none -monitor none -serial "file:$tmp/console" -nodefaults \
    -kernel "$dir/vmlinuz" -initrd "$dir/initrd.img" -append "$(sed -n "s/.*cmd_line = '\(.*\)'/\1/p" "$dir/Vagrantfile")" \
    -drive "file=$dir/box.img,format=qcow2,if=virtio,snapshot=on" \
    -device i6300esb -watchdog-action none \
    -netdev "user,id=m0,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" -device virtio-net-pci,netdev=m0,addr=0x5 \
    -netdev hubport,id=c0,hubid=0 -device virtio-net-pci,netdev=c0,addr=0x6 \
    -chardev "socket,id=qga,path=$tmp/qga,server=on,wait=off" -device virtio-serial -device virtserialport,chardev=qga,name=org.qemu.guest_agent.0 \
    < /dev/null 2> "$tmp/qemu.log" &
  qemu=$!
}

guest() { # seconds, command…
  local limit=$1; shift
  timeout "$limit" ssh -F none -p "$port" -i "$tmp/key" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=10 \
    -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile="$tmp/known" -o LogLevel=ERROR \
    -o ServerAliveInterval=5 vagrant@127.0.0.1 "$@"
}

wait_for_login() {
  local begin=$SECONDS took worked
  until guest 15 true 2> /dev/null; do
    if ! kill -0 "$qemu" 2> /dev/null; then complain "QEMU ended: $(tail -n 3 "$tmp/qemu.log")"; exit 1; fi
    if [ $((SECONDS - begin)) -gt $give_up ]; then
      complain "no ssh login after $give_up s; the end of the console: $(tail -n 20 "$tmp/console")"
      exit 1
    fi
    sleep 0.3
  done
  took=$((SECONDS - begin))
  # What the emulator worked, in all its threads: on an idle computer about as long as it took,
  # and hardly longer when others compete for the processors.
  worked=$(awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($12 + $13) / ticks) }' "/proc/$qemu/stat")
  tell "power on to ssh login: $took s, of which the emulator worked $worked s"
  [ "$worked" -le "$max_boot" ] || [ "$took" -le "$max_boot" ] || complain "the first boot took $took s, more than $max_boot s"
}

# Runs in the guest, as vagrant. `bad` lines are complaints, `#` lines are told.
in_guest_checks() {
  cat <<'GUEST'
bad() { echo "bad $*"; }
must() { local say=$1; shift; "$@" > /tmp/out 2>&1 < /dev/null || bad "$say: $(tail -n 3 /tmp/out | tr '\n' ' ')"; }

for i in $(seq 60); do case $(systemctl is-system-running) in starting|initializing) sleep 1 ;; *) break ;; esac; done
echo "# $(systemd-analyze time | head -n 1)"
echo "# slowest: $(systemd-analyze blame | head -n 8 | tr -s ' \n' ' ' )"
echo "# running: $(systemctl list-units --type=service --state=running --no-legend --plain | awk '{ printf "%s ", $1 }')"
echo "# enabled: $(systemctl list-unit-files --state=enabled --no-legend | awk '{ printf "%s ", $1 }')"
echo "# $(df -h / | awk 'NR == 2 { print "root: " $2 ", used " $3 }'); $(free -m | awk 'NR == 2 { print "memory: " $3 " of " $2 " MB used" }')"
failed=$(systemctl --failed --no-legend --plain)
[ -z "$failed" ] || bad "units failed: $failed"

for u in corosync pacemaker pacemaker_remote pcsd pcsd-ruby drbd nfs-server rpcbind rpcbind.socket rpc-statd apache2 \
  cups.service cups.socket cups.path cups-browsed sbd corosync-qdevice corosync-qnetd heartbeat iscsid.service iscsid.socket \
  open-iscsi tgt cron logrotate.timer; do
  active=$(systemctl is-active "$u"); enabled=$(systemctl is-enabled "$u" 2> /dev/null)
  case $active in active|activating|failed) bad "$u is $active, and no lesson has started it" ;; esac
  case $enabled in masked*) bad "$u is masked: a learner could not start it" ;; enabled*) bad "$u is enabled" ;; esac
done
listening=$(sudo ss -Hltunp | grep -v '"sshd"' | grep -v 'systemd-network')
[ -z "$listening" ] || bad "something listens besides sshd: $listening"

[ -z "$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | grep -v ^installed)" ] || bad "packages are half installed"
[ ! -e /usr/sbin/policy-rc.d ] && [ ! -e /usr/sbin/start-stop-daemon.REAL ] || bad 'the build left its brakes in: policy-rc.d or a false start-stop-daemon'
ls /etc/apt/apt.conf.d /etc/dpkg/dpkg.cfg.d /etc/apt/sources.list.d | grep -q mmdebstrap && bad 'the build left its apt settings in'
loose=$(find /etc /usr/lib/halab /home -xdev -type f \( -perm -0002 -o -uid +60000 \) 2> /dev/null | head -n 3)
[ -z "$loose" ] || bad "files with a wrong owner or mode: $loose"
[ "$(stat -c %a-%U /etc/hosts /etc/resolv.conf /etc/hostname /usr/bin/sudo | sort -u | tr '\n' ' ')" = '4755-root 644-root ' ] || bad 'modes of system files are wrong'
sudo getcap /usr/bin/arping | grep -q cap_net_raw || bad 'file capabilities are lost'
must 'ping does not work for an ordinary user' ping -c 1 -W 5 127.0.0.1
must 'the virtio watchdog or another kernel module is missing' sudo modprobe -a drbd i6300esb sch_netem softdog nfsd nfs iscsi_tcp iscsi_target_mod nf_tables 8021q dummy
grep -q '^version: 8\.4' /proc/drbd || bad 'the kernel has no DRBD 8.4'
[ -c /dev/watchdog ] || bad 'there is no /dev/watchdog'
for page in corosync.conf crm_mon drbd.conf pcs crm sbd exports ocf_heartbeat_IPaddr2 ha.cf votequorum; do
  man -w "$page" > /dev/null 2>&1 || echo "# no man page: $page"
done
must 'man corosync.conf does not work' sh -c 'man corosync.conf | col -b | grep -q two_node || man votequorum | grep -q two_node'
for c in corosync crm_mon cibadmin crm_simulate pcs crm drbdadm exportfs apache2ctl lpstat sbd corosync-qdevice corosync-qnetd iscsiadm tgtadm \
  tcpdump nano vim man less curl ip arping ethtool nft jq python3 sudo qemu-ga fuser lsof xmllint mkfs.ext4 fence_virsh fence_sbd fence_dummy fence_virt fence_scsi; do
  sudo sh -c "command -v $c" > /dev/null || bad "the command $c is missing"
done
[ -x /usr/lib/ocf/resource.d/heartbeat/IPaddr2 ] || bad 'the resource agents are missing'
[ -x /usr/libexec/heartbeat/heartbeat ] || bad 'heartbeat is missing'
[ ! -e /etc/corosync/corosync.conf ] || bad 'Debian'"'"'s one-node corosync.conf is still there'
[ -z "$(sudo find /var/lib/pacemaker/cib -type f 2> /dev/null)" ] || bad 'a CIB is already there'
sudo passwd -S hacluster | grep -q ' L ' || bad 'hacluster has a password'
sudo passwd -S root | grep -q ' L ' || bad 'root has a password'
[ "$(cat /etc/hosts | grep -c 127.0.1.1)" = 0 ] || bad '/etc/hosts has a 127.0.1.1 line'
complaint=$(sudo -n true 2>&1) && [ -z "$complaint" ] || bad "sudo complains: $complaint"
ip -4 -o addr show dev eth0 | grep -q inet || bad 'eth0 has no address'
[ -e /sys/class/net/eth1 ] || bad 'there is no eth1'
begin=$(date +%s%N); getent ahosts node2.example > /dev/null; took=$(( ($(date +%s%N) - begin) / 1000000 ))
[ $took -lt 2000 ] || bad "looking up an unknown name took $took ms"
begin=$(date +%s%N); curl -s --max-time 20 http://192.0.2.1/ > /dev/null; took=$(( ($(date +%s%N) - begin) / 1000000 ))
[ $took -lt 3000 ] || bad "a connection to nowhere hung for $took ms"

# networkd must not take away what a cluster adds: an address, a route.
sudo tee /etc/systemd/network/20-cluster.network > /dev/null <<'NET'
[Match]
Name=eth1
[Link]
RequiredForOnline=no
[Network]
Address=198.51.100.11/24
LinkLocalAddressing=no
IPv6AcceptRA=no
ConfigureWithoutCarrier=yes
IgnoreCarrierLoss=yes
KeepConfiguration=yes
NET
sudo networkctl reload; sleep 3
sudo ip address add 198.51.100.100/24 dev eth1; sudo ip route add 203.0.113.0/24 dev eth1
for what in 'systemctl restart systemd-networkd' 'networkctl reload' 'ip link set eth1 down; sleep 1; ip link set eth1 up'; do
  sudo sh -c "$what"; sleep 4
  ip -o addr show dev eth1 | grep -q 198.51.100.11/ || bad "eth1 has no address after: $what"
  ip -o addr show dev eth1 | grep -q 198.51.100.100/ || bad "an address that a cluster added is gone after: $what"
done
ip -o addr show dev eth1 | sed 's/^/# /' 
sudo rm /etc/systemd/network/20-cluster.network; sudo ip addr flush dev eth1; sudo networkctl reload

# A cluster of one, started as an administrator would.
sudo tee /etc/corosync/corosync.conf > /dev/null <<'CONF'
totem {
  version: 2
  cluster_name: proof
  transport: knet
  crypto_cipher: none
  crypto_hash: none
}
nodelist {
  node {
    ring0_addr: 127.0.0.1
    name: localhost
    nodeid: 1
  }
}
quorum {
  provider: corosync_votequorum
}
CONF
sudo sed -i 's/name: localhost/name: '"$(hostname)"'/' /etc/corosync/corosync.conf
echo "# $(sudo corosync -v | head -n 1); $(sudo pacemakerd --version | head -n 1); $(sudo drbdadm --version | grep DRBDADM_VERSION=); $(uname -r)"
must 'corosync and pacemaker do not start' sudo systemctl start corosync pacemaker
for i in $(seq 90); do sudo crm_mon -1 2> /dev/null | grep -q "Online: \[ $(hostname)" && break; sleep 1; done
[ "$i" -lt 90 ] || bad "the one-node cluster never came online: $(sudo crm_mon -1 2>&1 | tr '\n' ' ')"
echo "# cluster of one online after $i s or a little more"
crm_mon -1 > /dev/null 2>&1 || bad 'vagrant cannot read the cluster state without sudo'
must 'corosync and pacemaker do not stop' sudo systemctl stop pacemaker corosync
for s in apache2 cups nfs-server tgt iscsid pcsd corosync-qnetd; do
  must "$s does not start" sudo systemctl start $s
  must "$s does not stop" sudo systemctl stop $s
done
must 'a classic heartbeat cannot be asked for its version' sudo /usr/libexec/heartbeat/heartbeat -V
echo done
GUEST
}

check_inside() {
  local line finished=no
  while IFS= read -r line; do
    case $line in
      'bad '*) complain "${line#bad }" ;;
      done) finished=yes ;;
      *) echo "$line" ;;
    esac
  done < <(in_guest_checks | guest 600 bash 2>&1 || true)
  [ "$finished" = yes ] || complain 'the checks inside the guest did not get to their end'
}

# The way in when ssh is dead.
check_agent() {
  python3 - "$tmp/qga" <<'PY' || complain 'the guest agent does not answer'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect(sys.argv[1])
s.sendall(b'{"execute":"guest-ping"}\n')
sys.exit(0 if 'return' in json.loads(s.makefile().readline()) else 1)
PY
}

save_lock() {
  { echo '# Package versions of the last box that verify.sh found good. A record; build.sh --locked insists on it.'; cat "$dir/packages"; } > "$here/packages.lock"
  tell "wrote $here/packages.lock"
}

main() {
  parse_arguments "$@"
  command -v qemu-system-x86_64 > /dev/null || { echo 'verify.sh: qemu-system-x86_64 is missing (package qemu-system-x86)' >&2; exit 3; }
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  tmp=$(mktemp -d /var/tmp/halab-verify.XXXXXX)
  check_files
  find_key
  start_machine
  wait_for_login
  check_agent
  check_inside
  if [ "$wrong" -gt 0 ]; then echo "verify: $wrong wrong"; exit 1; fi
  echo 'verify: the box is good'
  [ "$write_lock" = no ] || save_lock
}

main "$@"
