import { setTimeout as sleep } from 'node:timers/promises';
import { joinScript } from '../cluster/rest.ts';
import { HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { type Lab, writeLab } from '../lab/lab.ts';
import type { Shell } from '../lab/machine.ts';
import type { Provider } from '../lab/providers/provider.ts';

export interface PutBackOptions {
  readonly provider: Provider;
  readonly shell: Shell;
  readonly emit: Emit;
}

/** Seconds for a machine to boot and its services to start. */
const backWithin = 300;

/**
 * Waits until a machine answers, a script has run on it and the units have started; with Pacemaker among
 * them also until it has joined the cluster, or could have.
 * @throws HalabError when that takes longer than it may.
 */
export async function waitUntilBack(
  shell: Shell,
  machine: string,
  { units, undo = null }: { units: readonly string[]; undo?: string | null },
  onWait: (reason: string) => void,
): Promise<void> {
  const start = units.length === 0 ? 'true' : `systemctl start ${units.join(' ')}`;
  const join = units.includes('pacemaker.service') ? joinScript : '';
  const script = `(\n${undo ?? 'true'}\n) && ${start} || exit\n${join}`;
  for (const started = performance.now(); ; await sleep(1000)) {
    const result = await shell.runAsRoot(machine, script, { timeout: 90_000 });
    if (result.reached && result.exitCode === 0) return;
    if (result.reached) onWait(`not put back yet: ${result.stderr.trim() || units.join(', ')}`);
    if ((performance.now() - started) / 1000 < backWithin) continue;
    throw new HalabError(`${machine} does not come back.`, {
      reason: result.stderr,
      next: `Look at it: halab shell ${machine}. Or bring all machines back: halab reset`,
    });
  }
}

/**
 * Undoes the fault that the lab's record names, also one that a killed halab left: the machine is
 * turned on, what undoes the fault is run, and the services that ran on it before are started again.
 * @returns the lab without the fault.
 */
export async function putBack(lab: Lab, { provider, shell, emit }: PutBackOptions): Promise<Lab> {
  const { fault } = lab.record;
  if (fault === null) return lab;
  const step = 'put-back';
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  emit({ type: 'step-started', step, title: `Putting ${fault.machine} back`, estimateSeconds: 60 });
  await provider.prepare();
  await provider.start(fault.machine);
  if (fault.undo === null) emit({ type: 'step-progress', step, text: 'booting' });
  try {
    await waitUntilBack(shell, fault.machine, fault, (text) =>
      emit({ type: 'step-progress', step, text }),
    );
  } catch (error) {
    emit({ type: 'step-failed', step, text: 'failed' });
    throw error;
  }
  const whole = writeLab({ ...lab.record, fault: null });
  emit({ type: 'step-done', step, seconds: seconds() });
  return whole;
}
