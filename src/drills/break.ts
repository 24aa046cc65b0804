import type { ClusterState } from '../cluster/state.ts';
import { activeNode } from '../course/fill.ts';
import type { Drill, Fault } from '../course/lesson.ts';
import { HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { faultKind } from '../faults/kinds.ts';
import { beginFault, undoFault } from '../faults/run.ts';
import { changeLab, readLab } from '../lab/lab.ts';
import { putBack } from '../session/put-back.ts';
import type { Session } from '../session/session.ts';
import { stopResource } from './faults.ts';
import { runningUnits } from './units.ts';

/** The machine that a fault hits. */
export const victimOf = (fault: Fault, active: string | null): string =>
  fault.kind === 'stop-resource' ? (active ?? '') : fill(fault.machine, active);

const fill = (text: string, active: string | null): string =>
  text.replaceAll(activeNode, active ?? '');

/** What is broken, in a sentence: while it is done, and afterwards. */
export function inWords(
  fault: Fault,
  { victim, active }: { victim: string; active: string | null },
): { doing: string; done: string } {
  switch (fault.kind) {
    case 'power-off':
      return { doing: `Cutting the power of ${victim}`, done: `The power of ${victim} was cut.` };
    case 'stop-resource':
      return {
        doing: `Taking ${fault.agent} away on ${victim}, behind the cluster's back`,
        done: `${fault.agent} was taken away on ${victim}, behind the cluster's back.`,
      };
    case 'fault':
      return {
        doing: `${victim}: ${fault.name}`,
        done: `${victim}, ${fault.name}: ${faultKind(fault.name).does}`,
      };
    case 'script': {
      const what = fill(fault.what, active).replace(/\.$/, '');
      return { doing: what, done: `${what}.` };
    }
  }
}

/**
 * Does what a drill's fault says. What must be put back is in the lab's record first, so that whoever
 * comes next can do it.
 * @throws HalabError when it does not work.
 */
export async function breakIt(
  session: Session,
  { id, fault }: Drill,
  {
    victim,
    active,
    before,
    emit,
  }: { victim: string; active: string | null; before: ClusterState; emit: Emit },
): Promise<void> {
  const { lab, provider, shell } = session;
  const note = (undo: string | null): void => {
    const units = runningUnits(before, victim);
    const since = new Date().toISOString();
    changeLab(lab, { fault: { drill: id, machine: victim, since, units, undo } });
  };
  switch (fault.kind) {
    case 'power-off':
      note(null);
      return provider.powerOff(victim);
    case 'stop-resource':
      return stopResource(shell, victim, fault.agent, fault.with);
    case 'fault':
      await beginFault(session, fault.name, victim, {
        emit,
        lasts: null,
        unit: fault.unit,
        drill: id,
      });
      return;
    case 'script': {
      note(fault.undo === null ? null : fill(fault.undo, active));
      const result = await shell.runAsRoot(victim, fill(fault.run, active), { timeout: 90_000 });
      if (result.reached && result.exitCode === 0) return;
      throw new HalabError(`What the drill breaks could not be broken on ${victim}.`, {
        reason: (result.stderr || result.stdout).trim(),
        next: 'halab drill',
      });
    }
  }
}

/** Undoes what drills broke, also those of a halab that was killed. @throws HalabError when a machine does not come back. */
export async function mend(session: Session, emit: Emit): Promise<void> {
  const { provider, shell, lab } = session;
  const { standing } = readLab(lab.record.name).record;
  for (const fault of standing.filter(({ drill }) => drill !== null)) {
    await undoFault(session, fault, emit);
  }
  await putBack(readLab(lab.record.name), { provider, shell, emit });
}
