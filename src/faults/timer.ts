import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HalabError } from '../errors.ts';
import type { StandingFault } from '../lab/lab.ts';
import { markOf } from '../lab/process.ts';
import type { FaultName } from './kinds.ts';

/**
 * A process on this computer that undoes a fault in time, whatever becomes of the halab that made
 * it: for faults in which the machine itself cannot.
 * @returns what the fault's record says of it.
 */
export function startTimer(
  lab: string,
  kind: FaultName,
  machine: string,
  seconds: number,
): Pick<StandingFault, 'timer' | 'timerStarted'> {
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const words = [main, '--lab', lab, 'fault', '--undo', '--after', String(seconds), kind, machine];
  const child = spawn(process.execPath, words, { detached: true, stdio: 'ignore', cwd: '/' });
  child.unref();
  // It comes later than the id that is missing, which tells the same.
  child.once('error', () => undefined);
  if (child.pid === undefined) {
    throw new HalabError(
      'What is to end the fault in time could not be started, so nothing was broken.',
      {
        reason: 'This computer starts no more programs just now.',
        next: 'End some, then try again.',
      },
    );
  }
  return { timer: child.pid, timerStarted: markOf(child.pid)?.started ?? null };
}
