import type { Flavour, Lesson } from '../course/lesson.ts';
import { begunAfter, lessonReset } from '../course/progress.ts';
import { ExitCode, usageError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { bringUp } from '../lab/bring-up.ts';
import { readLab } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { removeMachines } from '../lab/tear-down.ts';
import { runLocally } from '../local-runner.ts';
import { lessonCheckpoint } from '../session/checkpoint-file.ts';
import { offlineSession, openAsItIs, openSession } from '../session/open.ts';
import { bringToStart, type WayToStart, wayToStart } from '../session/reset.ts';
import type { Session } from '../session/session.ts';
import { askToReset, type ResetPlan } from '../terminal/reset-question.ts';
import { canAsk, type GlobalOptions, labName, say } from './context.ts';
import { interruption } from './interruption.ts';
import { findAccelerator } from './make-ready.ts';
import { assertFits, namedLesson } from './pick.ts';
import { withProgress } from './with-progress.ts';

/** Brings all machines, and the lesson's progress, back to a lesson's start. Asks before, unless --yes. */
export async function reset(
  global: GlobalOptions,
  named: string | undefined,
  options: { forgetLater: boolean; flavour: Flavour },
): Promise<ExitCode> {
  const signal = interruption();
  const name = labName(global);
  readLab(name);
  const { course, progress } = offlineSession(name);
  const lesson = namedLesson(course, progress(), named);
  assertFits(course, lesson);
  const session = await withProgress(false, (emit) => openAsItIs(name, emit));
  let forget = options.forgetLater;
  if (!global.yes) {
    if (!canAsk())
      throw usageError(
        'A reset replaces what is on the machines, which needs your consent.',
        'halab --yes reset',
      );
    const answer = await askToReset(await resetPlan(session, lesson));
    if (answer === null) throw usageError('Nothing was changed.');
    forget ||= answer.forget;
  }
  await withProgress(false, (emit) =>
    withLock(name, `bringing the machines to the start of "${lesson.title}"`, () =>
      resetLesson(session, lesson, { emit, signal, flavour: options.flavour, forget }),
    ),
  );
  say(`Ready: the machines are at the start of "${lesson.title}". Go on: halab learn`);
  return ExitCode.fine;
}

/** Brings machines and progress to the lesson's start; `forget`: also what was done in lessons after it. */
export async function resetLesson(
  session: Session,
  lesson: Lesson,
  options: { emit: Emit; signal: AbortSignal; flavour: Flavour; forget: boolean },
): Promise<void> {
  const { emit, signal, flavour, forget } = options;
  const name = session.lab.record.name;
  const at = await bringToStart(session, lesson, {
    emit,
    signal,
    flavour,
    rebuild: async () => {
      await removeMachines(session.lab, runLocally);
      await bringUp(readLab(name), { run: runLocally, emit, signal, findAccelerator });
      return openSession(name, emit, { isLocked: true });
    },
  });
  at.update((progress) => lessonReset(at.course, progress, lesson, { forget, at: new Date() }));
}

/** What a reset to the lesson's start does to the machines, and to whose progress. */
export async function resetPlan(session: Session, lesson: Lesson): Promise<ResetPlan> {
  const { course } = session;
  const checkpoints = (await session.checkpoints()).map(({ name }) => name);
  return {
    sentence: wayInWords(lesson, wayToStart(course, lesson, checkpoints)),
    later: begunAfter(course, session.progress(), lesson),
  };
}

function wayInWords(lesson: Lesson, { checkpoint, solve }: WayToStart): string {
  if (checkpoint === lessonCheckpoint(lesson.id))
    return `All machines go back to the start of "${lesson.title}". That takes about ten seconds.`;
  const minutes = solve.length * 3 + (checkpoint === null ? 3 : 1);
  const from =
    checkpoint === null
      ? 'There is no checkpoint on the way to it, so all machines are made anew'
      : `It has no checkpoint yet, so all machines go back to "${checkpoint}"`;
  const then =
    solve.length === 0
      ? ''
      : `, and the solutions of ${solve.map(({ title }) => `"${title}"`).join(' and ')} are run`;
  return `${from}${then}. Under software emulation that takes about ${minutes} minutes.`;
}
