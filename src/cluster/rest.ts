import type { Machine, Shell } from '../lab/machine.ts';

/** What the script below exits with where Pacemaker does not run. */
const notHere = 33;

/** The control group of a running service, as in the probe. */
const group = 'system.slice/pacemaker.service';

/**
 * A script that waits until Pacemaker on this machine has joined the cluster, at most 45 s. Its units have started
 * long before that, and who looks meanwhile waits for daemons that are busy with their start. Without a cluster to join
 * there is nothing to wait for in the end: it never fails, and the next look tells.
 */
export const joinScript = `
for ((end = SECONDS + 45; SECONDS < end; )); do
    case $(crmadmin --status "$(uname -n)" --timeout=2s 2> /dev/null) in
        '' | *S_STARTING* | *S_PENDING*) sleep 1.5 ;;
        *) break ;;
    esac
done
true
`;

/**
 * Asks the DC, again and again, whether it is idle (crmadmin(8), --status): a fifth of what a look at all machines
 * costs. The first pause is the time in which a cluster takes notice of what was done to it. Not crm_resource --wait: beside the
 * record of a recurring operation that failed in another role it finds something to do for ever, while the DC is idle.
 */
const script = (seconds: number, dc: string): string => `
[ -d /sys/fs/cgroup/${group} ] || [ -d /sys/fs/cgroup/systemd/${group} ] || exit ${notHere}
dc=${dc}
while sleep 1 && ((SECONDS < ${seconds})); do
    if [ -z "$dc" ]; then
        dc=$(crmadmin --dc_lookup --timeout=2s 2> /dev/null) || continue
        dc=\${dc##*: }
    fi
    state=$(crmadmin --status "$dc" --timeout=2s 2> /dev/null)
    case $state in
        *S_IDLE*) exit 0 ;;
        # Another node is the DC by now, or none.
        '' | *S_NOT_DC*) dc= ;;
    esac
done
`;

/**
 * Waits, on the first node that runs Pacemaker, until the cluster has nothing left to do, at most so many seconds, where
 * `dc` was the DC a moment ago; returns at once when no node runs it. It is no judgement: whether the cluster came to rest, the next look tells.
 */
export async function untilAtRest(
  shell: Shell,
  machines: readonly Machine[],
  seconds: number,
  dc: string | null = null,
): Promise<void> {
  const known = machines.find(({ name }) => name === dc)?.name ?? '';
  const limit = Math.max(1, Math.ceil(seconds));
  for (const { name } of machines.filter(({ role }) => role === 'node')) {
    const { reached, exitCode } = await shell.runAsRoot(name, script(limit, known), {
      timeout: (limit + 10) * 1000,
    });
    if (reached && exitCode !== notHere) return;
  }
}
