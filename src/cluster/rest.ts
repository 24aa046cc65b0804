import type { Machine, Shell } from '../lab/machine.ts';

/** What the script below exits with where Pacemaker does not run (none of crm_resource's own, see crm_resource(8)). */
const notHere = 33;

/** The control group of a running service, as in the probe. */
const group = 'system.slice/pacemaker.service';

/**
 * Waits, on the first node that runs Pacemaker, until the cluster has nothing left to do, at most so many seconds;
 * returns at once when no node runs it. crm_resource(8), --wait: the policy engine is asked every two seconds what
 * is still to be done. It costs a fifth of a look at all machines, and a look under emulation takes the time
 * that the cluster needs. What it says is no judgement: whether it came to rest, the next look tells.
 */
export async function untilAtRest(
  shell: Shell,
  machines: readonly Machine[],
  seconds: number,
): Promise<void> {
  const limit = Math.max(1, Math.ceil(seconds));
  const script = `[ -d /sys/fs/cgroup/${group} ] || [ -d /sys/fs/cgroup/systemd/${group} ] || exit ${notHere}
crm_resource --wait --timeout=${limit}s > /dev/null 2>&1`;
  for (const { name } of machines.filter(({ role }) => role === 'node')) {
    const { reached, exitCode } = await shell.runAsRoot(name, script, {
      timeout: (limit + 10) * 1000,
    });
    if (reached && exitCode !== notHere) return;
  }
}
