import { mend } from '../drills/break.ts';
import type { Emit } from '../events.ts';
import { imaginaryLab, labExists, readLab } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { finishCheckpointing } from './checkpoints.ts';
import { type Session, sessionOf, type Tools } from './session.ts';
import { isHalfDone, whatStands } from './standing.ts';

// The three ways to open a lab. What an earlier command left broken is mended only by those that work on the
// cluster as it should be; who looks on, or throws the machines' state away, must get in whatever stands.

export interface OpenOptions {
  /** The caller holds the lab's lock: nothing else could be mended under it. */
  readonly isLocked?: boolean;
  readonly tools?: Tools;
}

/**
 * Opens a lab to work on its cluster: mends the switch when it is gone, puts back what a drill that was killed had
 * broken, and finishes a checkpoint that was being saved or restored; all that under the lab's lock.
 * @throws HalabError when there is no such lab (exit 2), when another halab is at work on it or it cannot be mended (exit 3).
 */
export async function openSession(
  name: string,
  emit: Emit,
  options: OpenOptions = {},
): Promise<Session> {
  const session = await openAsItIs(name, emit, options);
  if (!isHalfDone(session.lab.record)) return session;
  const { tools } = options;
  return underLock(name, 'putting the machines back', options, async () => {
    // Read again under the lock: who still worked on them has put them back itself.
    await finishCheckpointing(sessionOf(readLab(name), emit, tools), emit);
    // A restored machine has no fault any more.
    const left = readLab(name).record;
    const drill = left.fault?.drill ?? left.standing.find((one) => one.drill !== null)?.drill;
    if (drill !== undefined) {
      emit({
        type: 'note',
        text: `The drill "${drill}" was cut short. Putting the machines back.`,
      });
      await mend(sessionOf(readLab(name), emit, tools), emit);
    }
    return sessionOf(readLab(name), emit, tools);
  });
}

/**
 * Opens a lab with what its machines need around them, mended under the lab's lock when it is gone, and undoes nothing:
 * for a reset or a checkpoint, with which all that stands goes anyway, and for who undoes one fault.
 * @throws HalabError when there is no such lab (exit 2), or when what the machines need around them cannot be made (exit 3).
 */
export async function openAsItIs(
  name: string,
  emit: Emit,
  options: OpenOptions = {},
): Promise<Session> {
  const session = sessionOf(readLab(name), emit, options.tools);
  const { provider } = session;
  if (!provider.isPrepared())
    await underLock(name, 'mending the switch', options, () => provider.prepare());
  return session;
}

const underLock = <T>(
  name: string,
  purpose: string,
  { isLocked = false }: OpenOptions,
  work: () => Promise<T>,
): Promise<T> => (isLocked ? work() : withLock(name, purpose, work));

/**
 * Opens a lab to look at it as it is, also while another halab works on it, and says on standard error what is broken.
 * @throws HalabError (exit 2) when there is no such lab.
 */
export function lookOn(name: string): Session {
  const lab = readLab(name);
  for (const sentence of whatStands(lab.record, new Date())) process.stderr.write(`${sentence}\n`);
  return sessionOf(lab, notesToStderr);
}

/** A lab, or one that there is not yet, for what needs only the course and the progress. */
export const offlineSession = (name: string): Session =>
  sessionOf(labExists(name) ? readLab(name) : imaginaryLab(name), notesToStderr);

const notesToStderr: Emit = (event) => {
  if (event.type === 'note') process.stderr.write(`${event.text}\n`);
};
