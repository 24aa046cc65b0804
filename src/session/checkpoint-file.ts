import { statfsSync } from 'node:fs';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { pulseSchema } from '../cluster/pulse.ts';
import { wholenessSchema } from '../cluster/whole.ts';
import { HalabError, usageError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { type Lab, labFiles } from '../lab/lab.ts';
import type { Provider } from '../lab/providers/provider.ts';
import { readRecord } from '../record-file.ts';

const checkpointSchema = z.object({
  name: z.string(),
  /** The lesson at whose start it was taken; null: the learner took it. */
  lesson: z.string().nullable(),
  madeAt: z.iso.datetime(),
  whole: wholenessSchema,
  /** The machines' pulses just before; null when one of them had none. */
  pulses: z.record(z.string(), pulseSchema).nullable().default(null),
  /** Hash of all that a lesson's start was built from; null when a learner built it. */
  builtFrom: z.string().nullable(),
});

/** A snapshot of all machines of a lab, and what held together on them when it was taken. */
export type Checkpoint = z.infer<typeof checkpointSchema>;

const format = 1;

const listKind = {
  holds: "the list of the lab's checkpoints",
  schema: z.object({ format: z.literal(format), checkpoints: z.array(checkpointSchema) }),
  format,
};

/** The name of the checkpoint at a lesson's start. */
export const lessonCheckpoint = (lesson: string): string => `lesson-${lesson}`;

/** @throws HalabError (exit 2) when a learner's checkpoint cannot have that name. */
export function assertCheckpointName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) {
    throw usageError(
      `"${name}" cannot be a checkpoint's name.`,
      'Use up to 41 small letters, digits and hyphens, with a letter or digit first.',
    );
  }
  if (name.startsWith('lesson-')) {
    throw usageError(
      `"${name}" is kept for the starts of lessons.`,
      'Choose a name that does not begin with "lesson-".',
    );
  }
}

/** How many lessons' starts are kept; those beyond go, the oldest first. A learner's own are never deleted. */
export const startsKept = 3;

/** Names of the checkpoints that are one too many. */
export const toPrune = (checkpoints: readonly Checkpoint[]): string[] =>
  checkpoints
    .filter(({ lesson }) => lesson !== null)
    .toSorted((one, other) => other.madeAt.localeCompare(one.madeAt))
    .slice(startsKept)
    .map(({ name }) => name);

/**
 * The checkpoints of a lab that can be restored: those on record that every machine still has.
 * A record that cannot be read is set aside, which is told; the snapshots that it told of are then removed when
 * their names are used again.
 * @throws HalabError when a newer halab wrote the record (exit 2), or when its file cannot be read (exit 3).
 */
export async function readCheckpoints(
  lab: Lab,
  provider: Provider,
  emit: Emit,
): Promise<Checkpoint[]> {
  const { record, setAside } = readRecord(labFiles.checkpoints(lab), listKind);
  if (setAside !== null) {
    emit({
      type: 'note',
      text: `The list of the lab's checkpoints could not be read. It was kept as ${setAside}; what it told of can no longer be restored.`,
    });
  }
  if (record === null || record.checkpoints.length === 0) return [];
  const present = new Set(await provider.checkpoints());
  return record.checkpoints.filter(({ name }) => present.has(name));
}

/** Writes the record of a lab's checkpoints, all of it or nothing. */
export function writeCheckpoints(lab: Lab, checkpoints: readonly Checkpoint[]): void {
  writeFileAtomic.sync(
    labFiles.checkpoints(lab),
    `${JSON.stringify({ format, checkpoints }, null, 2)}\n`,
    { mode: 0o600 },
  );
}

/**
 * Refuses a checkpoint for which the disk may not suffice: at most, all memory of all machines is written.
 * @throws HalabError (exit 3)
 */
export function assertRoomForCheckpoint(lab: Lab): void {
  const { bavail, bsize } = statfsSync(lab.folder);
  const freeMiB = Math.floor((bavail * bsize) / 1024 / 1024);
  const neededMiB = lab.record.memory * lab.machines.length + 256;
  if (freeMiB >= neededMiB) return;
  throw new HalabError('There is not enough room on the disk for a checkpoint.', {
    reason: `It may take up to ${neededMiB} MiB, and ${freeMiB} MiB are free for ${lab.folder}.`,
    next: 'Delete one that you no longer need: halab checkpoint list, then halab checkpoint delete NAME',
  });
}
