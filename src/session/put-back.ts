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

/** Seconds for a machine to boot and its services to start, in which what it refuses is tried again, and between two tries. */
interface Patience {
  readonly back: number;
  readonly refused: number;
  readonly pause: number;
}
const usualPatience: Patience = { back: 300, refused: 60, pause: 1 };

/** What the script exits with when the machine answers, and the undoing or the start of a unit fails. */
const refusedCode = 91;

/**
 * Waits until a machine answers, a script has run on it and the units have started; with Pacemaker among
 * them also until it has joined the cluster, or could have.
 * @throws HalabError when it does not answer in five minutes, or refuses one for a whole minute.
 */
export async function waitUntilBack(
  shell: Shell,
  machine: string,
  { units, undo = null }: { units: readonly string[]; undo?: string | null },
  onWait: (reason: string) => void,
  patience: Patience = usualPatience,
): Promise<void> {
  const start = units.length === 0 ? 'true' : `systemctl start ${units.join(' ')}`;
  const join = units.includes('pacemaker.service') ? joinScript : '';
  const script = `(\n${undo ?? 'true'}\n) && ${start} || exit ${refusedCode}\n${join}`;
  const started = performance.now();
  /** Since when it answers and refuses, time after time. */
  let refusedSince: number | null = null;
  for (;;) {
    const result = await shell.runAsRoot(machine, script, { timeout: 90_000 });
    if (result.reached && result.exitCode === 0) return;
    const refused = result.reached && result.exitCode === refusedCode;
    if (result.reached) onWait(`not put back yet: ${result.stderr.trim() || units.join(', ')}`);
    const now = performance.now();
    refusedSince = refused ? (refusedSince ?? now) : null;
    if (refusedSince !== null && now - refusedSince >= patience.refused * 1000)
      throw new HalabError(`${machine} runs, but not what ran on it before.`, {
        reason: result.stderr.trim(),
        next: `See why: ${seeWhy(machine, units)}. Mend it, and the same command carries on; or go back to the start of your lesson: halab reset`,
      });
    if (now - started >= patience.back * 1000)
      throw new HalabError(`${machine} does not come back.`, {
        reason: result.stderr.trim(),
        next: `See how it stands: halab status, halab shell ${machine}. Or go back to the start of your lesson: halab reset`,
      });
    await sleep(patience.pause * 1000);
  }
}

const seeWhy = (machine: string, units: readonly string[]): string =>
  `halab shell ${machine} -- ${units.length === 0 ? 'sudo journalctl --boot --no-pager --lines 50' : `systemctl status ${units.join(' ')}`}`;

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
  emit({
    type: 'step-started',
    step,
    title: `Putting ${fault.machine} back (at most five minutes)`,
    estimateSeconds: 60,
  });
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
