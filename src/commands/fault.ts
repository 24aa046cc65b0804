import { setTimeout as sleep } from 'node:timers/promises';
import { ExitCode, usageError } from '../errors.ts';
import { type FaultName, faultKind, faultNames } from '../faults/kinds.ts';
import { beginFault, defaultTarget, undoFault } from '../faults/run.ts';
import { type Lab, labExists, readLab, type StandingFault } from '../lab/lab.ts';
import { LabBusy, withLock } from '../lab/lock.ts';
import { openAsItIs, openSession } from '../session/open.ts';
import { renderFaults, renderText } from '../terminal/report.ts';
import { type GlobalOptions, labName, say, sayJson } from './context.ts';
import { withProgress } from './with-progress.ts';

interface FaultOptions {
  readonly undo: boolean;
  readonly for?: number;
  readonly after?: number;
  readonly unit?: string;
  readonly json: boolean;
}

/** Lists what can be broken, breaks something, or undoes it. */
export async function fault(
  global: GlobalOptions,
  kind: string | undefined,
  machine: string | undefined,
  options: FaultOptions,
): Promise<ExitCode> {
  if (kind !== undefined && !isFaultName(kind)) {
    throw usageError(`There is no fault "${kind}".`, `The kinds: ${faultNames.join(', ')}.`);
  }
  assertOptions(kind, options);
  if (options.undo) return undo(global, kind, machine, options);
  if (kind === undefined) return list(global, options.json);
  const name = labName(global);
  const lab = readLab(name);
  assertMachine(lab, machine);
  const made = await withProgress(options.json, async (emit) => {
    const session = await openSession(name, emit);
    const target =
      machine ??
      defaultTarget(
        await session.observe(),
        lab.machines.filter(({ role }) => role === 'node').map((node) => node.name),
      );
    return withLock(name, `the fault ${kind} on ${target}`, () =>
      beginFault(session, kind, target, {
        emit,
        lasts: options.for ?? null,
        unit: fullName(options.unit ?? ''),
      }),
    );
  });
  const { expect } = faultKind(kind);
  if (options.json) {
    sayJson({ ...made, expect });
    return ExitCode.fine;
  }
  say(renderText(`Expect: ${expect}`));
  say(
    renderText(
      made.until === null
        ? 'Undo it: halab fault --undo'
        : `It ends by itself at ${new Date(made.until).toLocaleTimeString('sv-SE')}. Undo it before: halab fault --undo`,
    ),
  );
  return ExitCode.fine;
}

/** Refuses an option that nothing would come of: who types it expects something else than what would happen. */
function assertOptions(
  kind: FaultName | undefined,
  { undo, for: lasts, unit }: FaultOptions,
): void {
  const breaks = kind !== undefined && !undo;
  if (lasts !== undefined && !breaks)
    throw usageError('--for says how long a fault lasts that is begun now.', 'halab fault --help');
  if (unit !== undefined && !(breaks && kind === 'stop-service'))
    throw usageError(
      '--unit names the service of the fault stop-service, and is for nothing else.',
      'halab fault stop-service MACHINE --unit apache2',
    );
  if (lasts === undefined || kind === undefined || faultKind(kind).lasts !== null) return;
  const timed = faultNames.filter((name) => faultKind(name).lasts !== null);
  throw usageError(
    `The fault ${kind} does not end by itself, so --for has no use.`,
    `Undo it when you like: halab fault --undo. Those that end by themselves: ${timed.join(', ')}.`,
  );
}

const isFaultName = (kind: string): kind is FaultName =>
  (faultNames as readonly string[]).includes(kind);

function fullName(unit: string): string {
  // It ends up in a shell on the machine.
  if (!/^[A-Za-z0-9:_.\\@-]*$/.test(unit))
    throw usageError(`"${unit}" cannot be a service's name.`, 'Type it as systemctl does: apache2');
  return unit === '' || unit.includes('.') ? unit : `${unit}.service`;
}

function assertMachine(lab: Lab, machine: string | undefined): void {
  if (machine === undefined || lab.machines.some(({ name }) => name === machine)) return;
  throw usageError(
    `There is no machine "${machine}".`,
    `The machines: ${lab.machines.map(({ name }) => name).join(', ')}.`,
  );
}

function list(global: GlobalOptions, json: boolean): ExitCode {
  const kinds = faultNames.map((kind) => {
    const { does, expect, lasts } = faultKind(kind);
    return { kind, does, expect, lasts };
  });
  const name = labName(global);
  const standing = labExists(name) ? readLab(name).record.standing : [];
  if (json) {
    sayJson({ kinds, standing });
    return ExitCode.fine;
  }
  say(renderFaults(kinds));
  say('');
  const inWords = standing.map(({ kind, machine }) => `${kind} on ${machine}`);
  say(
    renderText(
      inWords.length === 0
        ? 'Nothing is broken now. Break something: halab fault KIND [MACHINE]'
        : `Broken now: ${inWords.join(', ')}. Undo it: halab fault --undo`,
    ),
  );
  return ExitCode.fine;
}

/** Milliseconds for which a timer waits for a halab that is at work: longer than a drill or a reset takes. */
const timerMayWait = 3_600_000;

/** Does `work`, again and again while another halab is at work on the lab, at most so many milliseconds. */
export async function patiently<T>(
  limit: number,
  work: () => Promise<T>,
  pause = 2000,
): Promise<T> {
  for (const started = performance.now(); ; await sleep(pause)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LabBusy) || performance.now() - started >= limit) throw error;
    }
  }
}

async function undo(
  global: GlobalOptions,
  kind: FaultName | undefined,
  machine: string | undefined,
  options: FaultOptions,
): Promise<ExitCode> {
  const name = labName(global);
  if (options.after !== undefined) await sleep(options.after * 1000);
  // A timer may outlive its lab.
  if (options.after !== undefined && !labExists(name)) return ExitCode.fine;
  const wanted = (fault: StandingFault): boolean =>
    (kind === undefined || fault.kind === kind) &&
    (machine === undefined || fault.machine === machine);
  const undone = await withProgress(options.json, (emit) =>
    // A timer is not turned away by a halab that happens to be at work when its time has come.
    patiently(options.after === undefined ? 0 : timerMayWait, async () => {
      const open = options.after === undefined ? openSession : openAsItIs;
      const session = await open(name, emit);
      return withLock(name, 'undoing a fault', async () => {
        const faults = readLab(name).record.standing.filter(wanted);
        for (const fault of faults) await undoFault(session, fault, emit);
        return faults;
      });
    }),
  );
  if (options.json) sayJson(undone);
  else if (undone.length === 0) say('There is no such fault: nothing to undo.');
  else say('Undone. How the cluster is now: halab shell node1 -- sudo crm_mon -1');
  return ExitCode.fine;
}
