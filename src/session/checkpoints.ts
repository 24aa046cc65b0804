import { setTimeout as sleep } from 'node:timers/promises';
import { livesOn, type Pulse, readPulses } from '../cluster/pulse.ts';
import { missingFrom, type Wholeness, wholenessOf } from '../cluster/whole.ts';
import { HalabError, usageError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { assurePorts } from '../lab/bring-up.ts';
import { changeLab, readLab } from '../lab/lab.ts';
import type { Machine } from '../lab/machine.ts';
import { endTimer } from '../lab/process.ts';
import { dropConnection, endConnections, openConnection } from '../lab/ssh.ts';
import { runLocally } from '../local-runner.ts';
import {
  assertRoomForCheckpoint,
  type Checkpoint,
  toPrune,
  writeCheckpoints,
} from './checkpoint-file.ts';
import type { Session } from './session.ts';

/**
 * Saves all machines under a name. A halab that is killed
 * meanwhile leaves a note in the lab's record, and the next one lets the machines run on.
 * @throws HalabError when there is one of that name (exit 2), or when saving fails (exit 3).
 */
export async function saveCheckpoint(
  session: Session,
  wanted: Pick<Checkpoint, 'name' | 'lesson' | 'builtFrom'>,
  emit: Emit,
): Promise<Checkpoint> {
  const { lab, provider } = session;
  const { name } = wanted;
  const existing = await session.checkpoints();
  if (existing.some((checkpoint) => checkpoint.name === name)) {
    throw usageError(
      `There is a checkpoint "${name}" already.`,
      `Delete it first: halab checkpoint delete ${name}`,
    );
  }
  const [fault] = readLab(lab.record.name).record.standing;
  if (fault !== undefined) {
    throw usageError(
      `${fault.machine} has a fault (${fault.kind}), and a checkpoint would keep half of it.`,
      'halab fault --undo',
    );
  }
  assertRoomForCheckpoint(lab);
  const step = 'checkpoint';
  const started = performance.now();
  emit({
    type: 'step-started',
    step,
    title: `Saving ${inWords(session, wanted)}`,
    estimateSeconds: 8,
  });
  const whole = wholenessOf(await session.observe());
  changeLab(lab, { checkpointing: { doing: 'saving', name } });
  let pulses: Checkpoint['pulses'];
  try {
    // What an interrupted or unrecorded one left under this name.
    await provider.deleteCheckpoint(name);
    // Or every restore would begin with ending the sessions of connections that are gone by then.
    await Promise.all(lab.machines.map(({ name }) => dropConnection(lab, name, runLocally)));
    await sleep(sessionsEndWithin);
    pulses = await pulsesNow(session);
    await provider.saveCheckpoint(name);
  } catch (error) {
    emit({ type: 'step-failed', step, text: 'failed' });
    await provider.deleteCheckpoint(name);
    changeLab(lab, { checkpointing: null });
    throw error;
  }
  const checkpoint = { ...wanted, madeAt: new Date().toISOString(), whole, pulses };
  writeCheckpoints(lab, [...existing, checkpoint]);
  changeLab(lab, { checkpointing: null });
  // While they were paused their clocks stood still.
  await session.observe({ setClocks: true });
  emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
  return checkpoint;
}

/** The pulse of every machine; null when there is no quick way to feel it, or one has none. */
async function pulsesNow({ lab, provider }: Session): Promise<Checkpoint['pulses']> {
  if (provider.agent === null) return null;
  const pulses = Object.entries(await readPulses(provider.agent, lab.machines));
  const felt = pulses.filter((entry): entry is [string, Pulse] => entry[1] !== null);
  return felt.length === pulses.length ? Object.fromEntries(felt) : null;
}

/** Milliseconds that sshd takes to end its sessions, under emulation too. */
const sessionsEndWithin = 1500;

/** What a checkpoint is, in a sentence. */
function inWords(
  { course }: Session,
  { name, lesson }: Pick<Checkpoint, 'name' | 'lesson'>,
): string {
  if (lesson === null) return `"${name}"`;
  return `the start of "${course.lessons.find(({ id }) => id === lesson)?.title ?? lesson}"`;
}

/** Deletes the checkpoints that are one too many by now. */
export async function pruneCheckpoints(session: Session): Promise<void> {
  const all = await session.checkpoints();
  await deleteCheckpoints(session, toPrune(all));
}

/** Deletes checkpoints by name; names of none are left out. */
export async function deleteCheckpoints(session: Session, names: readonly string[]): Promise<void> {
  const { lab, provider } = session;
  if (names.length === 0) return;
  const all = await session.checkpoints();
  writeCheckpoints(
    lab,
    all.filter(({ name }) => !names.includes(name)),
  );
  for (const name of names) await provider.deleteCheckpoint(name);
}

/**
 * Brings all machines back to a checkpoint, and waits until they answer, their clocks are right and
 * the cluster is as whole as it was then. Run again after an interruption it begins anew.
 * @throws HalabError when there is none of that name (exit 2), or when the machines do not come back (exit 3).
 */
export async function restoreCheckpoint(session: Session, name: string, emit: Emit): Promise<void> {
  const { lab, provider } = session;
  const all = await session.checkpoints();
  const checkpoint = all.find((candidate) => candidate.name === name);
  if (checkpoint === undefined)
    throw usageError(`There is no checkpoint "${name}".`, 'halab checkpoint list');
  // A save that was cut short has left a part of a checkpoint, and this one's note takes the place of its.
  const unfinished = readLab(lab.record.name).record.checkpointing;
  if (unfinished?.doing === 'saving')
    await undoSaving(
      session,
      unfinished.name,
      all.some((known) => known.name === unfinished.name),
    );
  const step = 'restore';
  const started = performance.now();
  emit({
    type: 'step-started',
    step,
    title: `Bringing the machines back to ${inWords(session, checkpoint)}`,
    estimateSeconds: 8,
  });
  try {
    changeLab(lab, { checkpointing: { doing: 'restoring', name } });
    await provider.prepare();
    await assurePorts(lab, runLocally);
    // A connection that is kept open to a machine that has gone back in time hangs.
    await Promise.all(lab.machines.map(({ name }) => endConnections(lab, name, runLocally)));
    await provider.restoreCheckpoint(name);
    const ranSince = performance.now();
    emit({ type: 'step-progress', step, text: 'they run; looking whether all is whole' });
    if (!(await allLiveOn(session, checkpoint.pulses, ranSince))) {
      await waitUntilWhole(session, checkpoint.whole, (text) =>
        emit({ type: 'step-progress', step, text }),
      );
    }
    for (const { name: machine } of lab.machines) openConnection(lab, machine);
    // Faults from before the restore are gone with it.
    for (const fault of readLab(lab.record.name).record.standing) await endTimer(fault);
    changeLab(lab, { fault: null, standing: [], checkpointing: null });
  } catch (error) {
    emit({ type: 'step-failed', step, text: 'failed' });
    throw error;
  }
  emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
}

/** Finishes what a killed halab began: a restore is done again, if its checkpoint is still there; a save is undone. */
export async function finishCheckpointing(session: Session, emit: Emit): Promise<void> {
  const { lab, provider } = session;
  const { checkpointing } = lab.record;
  if (checkpointing === null) return;
  const { doing, name } = checkpointing;
  const recorded = (await session.checkpoints()).some((known) => known.name === name);
  if (doing === 'restoring') {
    emit({ type: 'note', text: `Bringing the machines back to "${name}" was cut short.` });
    if (recorded) return restoreCheckpoint(session, name, emit);
    await provider.resumePaused();
    changeLab(lab, { checkpointing: null });
    emit({
      type: 'note',
      text: `It cannot be finished, since that checkpoint is gone, and the machines may be of different moments. If the cluster is not whole: halab reset`,
    });
    return;
  }
  emit({ type: 'note', text: `Saving the machines as "${name}" was cut short: it is undone.` });
  await undoSaving(session, name, recorded);
}

/** Ends what a save that was cut short began. */
async function undoSaving(
  { lab, provider }: Session,
  name: string,
  recorded: boolean,
): Promise<void> {
  await provider.resumePaused();
  if (!recorded) await provider.deleteCheckpoint(name);
  changeLab(lab, { checkpointing: null });
}

/** Milliseconds in which the machines' pulses must have come back; after that, all of their state is looked at. */
const pulseWithin = 6000;

/** Sets the machines' clocks; true when all of them live on as they were saved. False says nothing against them. */
async function allLiveOn(
  { lab, provider }: Session,
  saved: Checkpoint['pulses'],
  ranSince: number,
): Promise<boolean> {
  if (provider.agent === null || saved === null) return false;
  for (; performance.now() - ranSince < pulseWithin; await sleep(200)) {
    const ranFor = performance.now() - ranSince;
    const now = await readPulses(provider.agent, lab.machines, { setClocks: true });
    const alive = ({ name }: Machine): boolean => {
      const before = saved[name];
      return before !== undefined && livesOn(before, now[name] ?? null, ranFor);
    };
    if (lab.machines.every(alive)) return true;
  }
  return false;
}

/** Seconds for the machines to answer and the cluster to be whole after they were let run on. */
const wholeWithin = 180;

/** Sets the machines' clocks, and waits until all holds together that did. */
async function waitUntilWhole(
  session: Session,
  whole: Wholeness,
  onWait: (reason: string) => void,
): Promise<void> {
  for (const started = performance.now(); ; await sleep(500)) {
    const missing = missingFrom(whole, await session.observe({ setClocks: true }));
    if (missing === null) return;
    onWait(missing);
    if ((performance.now() - started) / 1000 < wholeWithin) continue;
    throw new HalabError('The cluster does not come back as it was.', {
      reason: missing,
      next: 'Look at it: halab shell node1 -- sudo crm_mon -1. Or take an earlier start: halab reset LESSON',
    });
  }
}
