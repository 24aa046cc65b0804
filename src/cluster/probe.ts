/** The units whose state every observation tells; a course may ask for more (ObserveOptions.units). */
export const standardUnits: readonly string[] = [
  'corosync.service',
  'pacemaker.service',
  'pcsd.service',
  'sbd.service',
  'corosync-qdevice.service',
  'corosync-qnetd.service',
  'heartbeat.service',
  'drbd.service',
  'nfs-server.service',
  'rpcbind.service',
  'apache2.service',
  'cups.service',
  'cups.socket',
  'cups.path',
];

/**
 * What runs on a machine, once an observation. Prints one section after the other; each ends with
 * a line "MARK NAME EXIT-CODE", and MARK holds a random token, so no file's content can pass for
 * one. Standard error goes where the output goes: a failed command's section is its message.
 *
 * Under software emulation every program that is started costs 20 ms and more. So files are read
 * by bash itself, nothing is asked of a daemon that does not run, and time limits need no
 * timeout(1): one watcher is told of each command's start and end, and kills what takes too long.
 * A hung daemon then costs its own part of the state and not the rest.
 */
const script = String.raw`
observe() {
  export LC_ALL=C
  local mark="@@halab-$1" each=$2 all=$3 ring=$5 follower=$6 answer code watcher unit links lines units commands index left
  # Before anything reads the time.
  [ -z "$4" ] || date --set="@$4" > /dev/null
  units=("${'$'}{@:8:$7}")
  commands=("${'$'}{@:8+$7}")
  SECONDS=0
  shopt -s nullglob

  section() { printf '\n%s %s %d\n' "$mark" "$1" "$2"; }

  clock() { printf '%s' "${'$'}{EPOCHREALTIME:-$(date +%s.%N)}"; section "$1" 0; }

  # Lines "PID SECONDS" when a command starts, an empty one when it has ended.
  watch() {
    local pid seconds
    while read -r pid seconds; do
      [ -z "$pid" ] || read -r -t "$seconds" || kill -KILL "$pid"
    done
  }

  # Sets left to the seconds that the next command may take.
  limit() {
    left=$((all - SECONDS))
    ((left > each)) && left=$each
    ((left > 0)) || left=0.2
  }

  # PID
  started() {
    limit
    printf '%s %s\n' "$1" "$left" >&"$watcher"
  }

  # PID; sets code.
  ended() {
    wait "$1"
    code=$?
    echo >&"$watcher"
  }

  # NAME COMMAND...
  run() {
    local name=$1; shift
    "$@" 2>&1 &
    started $!
    ended $!
    section "$name" "$code"
  }

  # NAME COMMAND...; sets answer to what it printed, too.
  hear() {
    local name=$1 output pid; shift
    exec {output}< <(exec "$@" 2>&1)
    pid=$!
    started "$pid"
    mapfile lines <&"$output"
    ended "$pid"
    exec {output}<&-
    printf '%s' "${'$'}{lines[@]}"
    section "$name" "$code"
    answer="${'$'}{lines[*]}"
  }

  # NAME FILE; nothing at all when there is no such file.
  show() {
    [ -e "$2" ] || return 0
    lines=()
    mapfile lines < "$2"
    code=$?
    printf '%s' "${'$'}{lines[@]}"
    section "$1" "$code"
  }

  # systemd keeps a control group as long as a service has a process (cgroup 2, then 1).
  running() {
    [ -d "/sys/fs/cgroup/system.slice/$1.service" ] || [ -d "/sys/fs/cgroup/systemd/system.slice/$1.service" ]
  }

  # UNIT; sets answer to the word of systemctl(1) is-enabled, from the unit files themselves: asking
  # systemd takes seconds, because it loads every unit that is not in memory.
  enabled() {
    local file=$1 folder text
    case $1 in *@?*.*) file=${'$'}{1%%@*}@.${'$'}{1##*.} ;; esac
    answer=
    for folder in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system \
      /usr/lib/systemd/system /lib/systemd/system /run/systemd/generator /run/systemd/generator.late; do
      [ -e "$folder/$file" ] || continue
      case $folder in /run/systemd/generator*) answer=generated; return ;; esac
      # A masked unit is a link to /dev/null.
      if [ -c "$folder/$file" ]; then
        case $folder in /run/*) answer=masked-runtime ;; *) answer=masked ;; esac
        return
      fi
      if [[ $links =~ \ /etc/[^\ ]*"/$1 " ]]; then answer=enabled; return; fi
      if [[ $links =~ \ /run/[^\ ]*"/$1 " ]]; then answer=enabled-runtime; return; fi
      IFS= read -r -d '' text < "$folder/$file"
      case $text in *'[Install]'*) answer=disabled ;; *) answer=static ;; esac
      return
    done
  }

  exec {watcher}> >(watch > /dev/null 2>&1)
  clock clock.start
  show hostname /proc/sys/kernel/hostname
  run addresses ip -j addr
  show hosts /etc/hosts
  show mounts /proc/self/mounts
  # The file outlives a power cut; without threads of the kernel's server nothing of it is true.
  answer=0
  if [ -e /proc/fs/nfsd/threads ]; then read -r answer < /proc/fs/nfsd/threads; fi
  if [ "$answer" -gt 0 ]; then show exports /var/lib/nfs/etab; fi

  lines=(/{etc,run}/systemd/system/*.{wants,requires,upholds}/*)
  links=" ${'$'}{lines[*]} "
  for unit in "${'$'}{units[@]}"; do
    enabled "$unit"
    printf '%s %s\n' "$unit" "$answer"
  done
  section units.enabled 0
  # Only what systemd has in memory; all other units are inactive.
  run units.loaded systemctl list-units --all --full --plain --no-legend --no-pager "${'$'}{units[@]}"

  show corosync.conf /etc/corosync/corosync.conf
  if [ -n "$ring" ] && running corosync; then run quorum corosync-quorumtool -s; fi

  answer=
  if [ -n "$follower" ] && running pacemaker; then
    hear controller crmadmin --output-as=xml --status "$HOSTNAME" --timeout=2s
  fi
  # A node that follows the DC has nothing of its own to tell.
  if running pacemaker && [[ $answer != *'"S_NOT_DC"'* ]]; then
    # Without the fencing history: crm_mon would have to ask one more daemon.
    hear crm_mon crm_mon --output-as=xml --inactive --exclude=fencing,tickets,attributes
    # The DC alone is asked for its controller's state: it is the DC's own.
    if [[ $answer =~ \<current_dc\ [^\>]*\ name=\"([^\"]+)\" ]]; then
      unit=${'$'}{BASH_REMATCH[1]}
      if [[ $answer =~ \<last_update\ [^\>]*\ origin=\"([^\"]+)\" && $unit == "${'$'}{BASH_REMATCH[1]}" ]]; then
        run dc crmadmin --output-as=xml --status "$unit" --timeout=2s
      fi
    fi
    run cib cibadmin --query
  fi

  lines=()
  show drbd.proc /proc/drbd
  # The older kernel module cannot tell its state as JSON; while it has no device it need not be asked.
  case ${'$'}{lines[*]} in
    'version: 8.'*cs:*) run drbd.text drbdsetup status --verbose ;;
    'version: 8.'*) ;;
    'version: '*) run drbd.json drbdsetup status --json ;;
  esac

  # In a process group of their own, so that nothing of them goes on when they take too long.
  for index in "${'$'}{!commands[@]}"; do
    [ -n "${'$'}{commands[index]}" ] || continue
    limit
    timeout --signal=KILL "$left" bash -c "${'$'}{commands[index]}" 2>&1
    section "answer.$index" $?
  done
  clock clock.end
}
`;

/** Seconds that one command on a machine may take, and all of them together. */
export interface ProbeLimits {
  readonly each: number;
  readonly all: number;
}

/**
 * The script that observes one machine, for `Shell.runAsRoot`; with `clock` it sets the machine's
 * clock to that time first. `ring`: ask Corosync who is in its ring. `follower`: ask Pacemaker for its view only when its controller is
 * not one that follows a DC. An empty command is left out, and keeps its number.
 * @throws Error when a unit's name could not be one (systemd.unit(5)): it would end up in a shell.
 */
export function probeScript(
  token: string,
  {
    units,
    commands,
    ring,
    follower,
  }: {
    units: readonly string[];
    commands: readonly string[];
    ring: boolean;
    follower: boolean;
  },
  limits: ProbeLimits,
  clock: Date | null = null,
): string {
  const wrong = units.find((unit) => !/^[A-Za-z0-9:_.\\@-]+\.[a-z]+$/.test(unit));
  if (wrong !== undefined) throw new Error(`"${wrong}" is not a systemd unit's full name`);
  const now = clock === null ? '' : (clock.getTime() / 1000).toFixed(3);
  const { each, all } = limits;
  const flags = [ring ? 'ring' : '', follower ? 'follower' : ''];
  const words = [token, each, all, now, ...flags, units.length, ...units, ...commands].map(
    (word) => `'${String(word).replaceAll("'", "'\\''")}'`,
  );
  // bash must have read the script to its end before a command can read from standard input.
  return `${script}\nobserve ${words.join(' ')} </dev/null\n`;
}

/** One part of a probe's output. */
export interface Section {
  readonly text: string;
  readonly exitCode: number;
}

/**
 * Takes a probe's output apart: sections by name. What follows the last complete section (the
 * probe was cut off) is left out.
 */
export function readSections(output: string, token: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Section>();
  const end = new RegExp(`\\n@@halab-${token} (\\S+) (\\d+)(?:\\n|$)`, 'g');
  let from = 0;
  for (const match of output.matchAll(end)) {
    sections.set(match[1] as string, {
      text: output.slice(from, match.index),
      exitCode: Number(match[2]),
    });
    from = match.index + match[0].length;
  }
  return sections;
}
