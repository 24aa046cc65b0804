import { existsSync, readFileSync, renameSync, statfsSync } from 'node:fs';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { pulseSchema } from '../cluster/pulse.ts';
import { wholenessSchema } from '../cluster/whole.ts';
import { HalabError, usageError } from '../errors.ts';
import { type Lab, labFiles } from '../lab/lab.ts';
import type { Provider } from '../lab/providers/provider.ts';

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

const fileSchema = z.object({ format: z.literal(1), checkpoints: z.array(checkpointSchema) });

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
 * A record that cannot be read is set aside; the snapshots that it told of are then removed when
 * their names are used again.
 */
export async function readCheckpoints(lab: Lab, provider: Provider): Promise<Checkpoint[]> {
  const recorded = readRecord(lab);
  if (recorded.length === 0) return [];
  const present = new Set(await provider.checkpoints());
  return recorded.filter(({ name }) => present.has(name));
}

function readRecord(lab: Lab): Checkpoint[] {
  const file = labFiles.checkpoints(lab);
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const found = fileSchema.safeParse(data);
  if (found.success) return found.data.checkpoints;
  renameSync(file, `${file}.corrupt-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  return [];
}

/** Writes the record of a lab's checkpoints, all of it or nothing. */
export function writeCheckpoints(lab: Lab, checkpoints: readonly Checkpoint[]): void {
  writeFileAtomic.sync(
    labFiles.checkpoints(lab),
    `${JSON.stringify({ format: 1, checkpoints }, null, 2)}\n`,
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
