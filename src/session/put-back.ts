import { setTimeout as sleep } from 'node:timers/promises';
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

/**
 * Undoes the fault that the lab's record names, also one that a killed halab left: the machine is
 * turned on, and the services that ran on it before are started again.
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
  emit({ type: 'step-progress', step, text: 'booting' });
  for (;;) {
    const script = fault.units.length === 0 ? 'true' : `systemctl start ${fault.units.join(' ')}`;
    const result = await shell.runAsRoot(fault.machine, script, { timeout: 90_000 });
    if (result.reached && result.exitCode === 0) break;
    if (result.reached)
      emit({ type: 'step-progress', step, text: `${fault.units.join(', ')} not started yet` });
    if (seconds() > 300) {
      emit({ type: 'step-failed', step, text: result.stderr });
      throw new HalabError(`${fault.machine} does not come back after the drill.`, {
        reason: result.stderr,
        next: `Look at it: halab shell ${fault.machine}. Or make the lab anew: halab destroy, then halab up`,
      });
    }
    await sleep(1000);
  }
  const whole = writeLab({ ...lab.record, fault: null });
  emit({ type: 'step-done', step, seconds: seconds() });
  return whole;
}
