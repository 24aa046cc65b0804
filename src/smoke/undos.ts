import type { CheckSpec } from '../checks/index.ts';
import type { ClusterState } from '../cluster/state.ts';
import { type Lesson, type Task, type UndoStep, wholeConfiguration } from '../course/lesson.ts';
import type { Emit } from '../events.ts';
import { deleteCheckpoints, restoreCheckpoint, saveCheckpoint } from '../session/checkpoints.ts';
import type { Session } from '../session/session.ts';
import { runSteps } from '../session/solve.ts';
import { passes, refuses } from './outcomes.ts';
import type { Outcome } from './results.ts';

/** Told after each undo step, while what it undid is still undone; `number` counts from 1. For the recorder. */
export type OnUndone = (
  session: Session,
  lesson: Lesson,
  task: Task,
  number: number,
) => Promise<void>;

interface UndoOptions {
  readonly emit: Emit;
  readonly record: (name: string, work: () => Promise<Outcome>) => Promise<boolean>;
  readonly onUndone: OnUndone | undefined;
  /** What comes next: the last look asks for what these need to know too. */
  readonly next: readonly CheckSpec[];
}

/** The name of the checkpoint of a solved task, while each thing in it is undone alone. */
const solvedCheckpoint = 'smoke-solved';

/**
 * Undoes each single thing that a task's checks assert, and sees them fail. Then it is put back, and the
 * checks must pass again, so that nothing stands on what another has left. Where the lesson does not say
 * how to put it back, the machines go back to a checkpoint: under emulation that takes several times as long,
 * because QEMU then has all of the machines' code to translate anew.
 * @returns whether the task is whole at the end, and the state in which that was seen last; null when the machines
 * went back to a checkpoint since, or nothing was undone.
 */
export async function playUndos(
  session: Session,
  lesson: Lesson,
  task: Task,
  { emit, record, onUndone, next }: UndoOptions,
): Promise<{ readonly whole: boolean; readonly seen: ClusterState | null }> {
  const undo = async (step: UndoStep, number: number): Promise<void> => {
    await record(`the checks fail without ${step.what}`, async () => {
      if (step.redo === wholeConfiguration)
        await runSteps(session, [{ ...step, run: keepConfiguration }], 'Keeping the configuration');
      await runSteps(session, [step], `Undoing ${step.what}`);
      return refuses(session, task);
    });
    await onUndone?.(session, lesson, task, number);
  };
  const numbered = task.undo.map((step, index) => ({ step, number: index + 1 }));

  const others = numbered.filter(({ step }) => step.redo === undefined);
  const last = numbered.findLast(({ step }) => step.redo !== undefined);
  let seen: ClusterState | null = null;

  for (const { step, number } of numbered) {
    const { redo } = step;
    if (redo === undefined) continue;
    await undo(step, number);
    const run = redo === wholeConfiguration ? putConfigurationBack : redo;
    const whole = await record(`the checks pass again with ${step.what}`, async () => {
      await runSteps(session, [{ ...step, run }], `Putting back ${step.what}`);
      const { state, ...outcome } = await passes(
        session,
        task,
        number === last?.number ? next : [],
      );
      seen = state;
      return outcome;
    });
    if (!whole) return { whole, seen };
  }

  if (others.length === 0) return { whole: true, seen };
  await deleteCheckpoints(session, [solvedCheckpoint]);
  await saveCheckpoint(session, { name: solvedCheckpoint, lesson: null, builtFrom: null }, emit);
  for (const { step, number } of others) {
    await undo(step, number);
    await restoreCheckpoint(session, solvedCheckpoint, emit);
  }
  await deleteCheckpoints(session, [solvedCheckpoint]);
  return { whole: true, seen: null };
}

const kept = '/run/halab-kept.xml';

const keepConfiguration = `cibadmin --query > ${kept}`;

/**
 * Puts back each section of the configuration that has changed. The nodes' section is left alone: when it is
 * replaced, the controllers elect a DC anew. The status is no configuration.
 */
const putConfigurationBack = `
section() { xmllint --xpath "/cib/configuration/$1" "$2" 2> /dev/null || true; }
now=/run/halab-undone.xml
cibadmin --query > $now
for name in crm_config resources constraints rsc_defaults op_defaults; do
    [ "$(section $name ${kept})" != "$(section $name $now)" ] || continue
    cibadmin --replace --scope $name --xml-text "$(section $name ${kept})"
done
`;
