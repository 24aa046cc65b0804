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
}

/** The name of the checkpoint of a solved task, while each thing in it is undone alone. */
const solvedCheckpoint = 'smoke-solved';

/**
 * Undoes each single thing that a task's checks assert, and sees them fail. Then it is put back, and the
 * checks must pass again, so that nothing stands on what another has left. Where the lesson does not say
 * how to put it back, the machines go back to a checkpoint: under emulation that takes several times as long,
 * because QEMU then has all of the machines' code to translate anew.
 * @returns false when the task is not whole at the end.
 */
export async function playUndos(
  session: Session,
  lesson: Lesson,
  task: Task,
  { emit, record, onUndone }: UndoOptions,
): Promise<boolean> {
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

  for (const { step, number } of numbered) {
    const { redo } = step;
    if (redo === undefined) continue;
    await undo(step, number);
    const run = redo === wholeConfiguration ? putConfigurationBack : redo;
    const whole = await record(`the checks pass again with ${step.what}`, async () => {
      await runSteps(session, [{ ...step, run }], `Putting back ${step.what}`);
      return passes(session, task);
    });
    if (!whole) return false;
  }

  const others = numbered.filter(({ step }) => step.redo === undefined);
  if (others.length === 0) return true;
  await deleteCheckpoints(session, [solvedCheckpoint]);
  await saveCheckpoint(session, { name: solvedCheckpoint, lesson: null, builtFrom: null }, emit);
  for (const { step, number } of others) {
    await undo(step, number);
    await restoreCheckpoint(session, solvedCheckpoint, emit);
  }
  await deleteCheckpoints(session, [solvedCheckpoint]);
  return true;
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
