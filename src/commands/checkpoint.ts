import { ExitCode, usageError } from '../errors.ts';
import { readLab } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { assertCheckpointName } from '../session/checkpoint-file.ts';
import { deleteCheckpoints, restoreCheckpoint, saveCheckpoint } from '../session/checkpoints.ts';
import { offlineSession, openAsItIs, openSession } from '../session/open.ts';
import { agree } from '../terminal/prompt.ts';
import { renderCheckpoints, renderText } from '../terminal/report.ts';
import { canAsk, type GlobalOptions, labName, say, sayJson } from './context.ts';
import { withProgress } from './with-progress.ts';

/** Saves all machines under a name of the learner's own. */
export async function checkpointSave(global: GlobalOptions, wanted: string): Promise<ExitCode> {
  const name = labName(global);
  assertCheckpointName(wanted);
  await withProgress(false, async (emit) => {
    const session = await openSession(name, emit);
    await withLock(name, `saving the checkpoint "${wanted}"`, () =>
      saveCheckpoint(session, { name: wanted, lesson: null, builtFrom: null }, emit),
    );
  });
  say(`Saved. Come back to it: halab checkpoint restore ${wanted}`);
  return ExitCode.fine;
}

/** Lists the checkpoints of a lab. */
export async function checkpointList(
  global: GlobalOptions,
  options: { json: boolean },
): Promise<ExitCode> {
  const name = labName(global);
  readLab(name);
  const { course, provider, checkpoints: read } = offlineSession(name);
  const checkpoints = await read();
  if (options.json) {
    sayJson(checkpoints.map(({ name, lesson, madeAt }) => ({ name, lesson, madeAt })));
    return ExitCode.fine;
  }
  if (checkpoints.length === 0) {
    say(
      renderText(
        'There is none yet. One is taken when you enter a lesson, or by: halab checkpoint save NAME',
      ),
    );
    return ExitCode.fine;
  }
  const titleOf = (id: string): string =>
    course.lessons.find((lesson) => lesson.id === id)?.title ?? id;
  say(
    renderCheckpoints(
      checkpoints.map(({ name, lesson, madeAt }) => ({
        name,
        madeAt,
        lesson: lesson === null ? null : titleOf(lesson),
      })),
    ),
  );
  say('');
  say(renderText(`Each holds ${provider.checkpointHolds}.`));
  return ExitCode.fine;
}

/** Brings all machines back to a checkpoint. Asks before, unless --yes. */
export async function checkpointRestore(global: GlobalOptions, wanted: string): Promise<ExitCode> {
  const name = labName(global);
  readLab(name);
  if (!global.yes) {
    if (!canAsk())
      throw usageError(
        'A checkpoint replaces what is on the machines, which needs your consent.',
        `halab --yes checkpoint restore ${wanted}`,
      );
    const sure = await agree(
      `Bring all machines back to "${wanted}"? What was done on them since is lost.`,
    );
    if (!sure) throw usageError('Nothing was changed.');
  }
  await withProgress(false, async (emit) => {
    const session = await openAsItIs(name, emit);
    await withLock(name, `bringing the machines back to "${wanted}"`, () =>
      restoreCheckpoint(session, wanted, emit),
    );
  });
  say('Ready. Your progress is as it was; halab reset puts it back together with the machines.');
  return ExitCode.fine;
}

/** Deletes a checkpoint. */
export async function checkpointDelete(global: GlobalOptions, wanted: string): Promise<ExitCode> {
  const name = labName(global);
  await withProgress(false, async (emit) => {
    const session = await openSession(name, emit);
    const all = await session.checkpoints();
    if (!all.some((checkpoint) => checkpoint.name === wanted))
      throw usageError(`There is no checkpoint "${wanted}".`, 'halab checkpoint list');
    await withLock(name, `deleting the checkpoint "${wanted}"`, () =>
      deleteCheckpoints(session, [wanted]),
    );
  });
  say(`Deleted: ${wanted}`);
  return ExitCode.fine;
}
