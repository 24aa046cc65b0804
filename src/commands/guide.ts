import {
  drillPassed,
  hintShown,
  hintsShown,
  lessonChosen,
  lessonEntered,
} from '../course/progress.ts';
import { runDrill } from '../drills/run.ts';
import type { ExitCode } from '../errors.ts';
import type { Emit } from '../events.ts';
import { bringUp } from '../lab/bring-up.ts';
import { imaginaryLab, labExists, readLab } from '../lab/lab.ts';
import { withLock } from '../lab/lock.ts';
import { powerDown } from '../lab/tear-down.ts';
import { runLocally } from '../local-runner.ts';
import { halabHome } from '../paths.ts';
import { checkTask, firstMissing } from '../session/check.ts';
import { enterLesson } from '../session/enter.ts';
import { offlineSession, openAsItIs, openSession } from '../session/open.ts';
import { keepStart } from '../session/reset.ts';
import type { Session } from '../session/session.ts';
import { runGuide } from '../terminal/guide.ts';
import type { ComputerView, GuideActions, LabView } from '../terminal/guide-actions.ts';
import { type GlobalOptions, labName } from './context.ts';
import { machinesUp } from './machines-up.ts';
import { findAccelerator, mend, type Readiness, readiness } from './make-ready.ts';
import {
  aliasLine,
  declineCommand,
  installCommand,
  installed,
  offeredCommand,
} from './own-command.ts';
import { resetLesson, resetPlan } from './reset.ts';
import { openShell } from './shell.ts';
import { labToBringUp } from './up.ts';

/** The guided course in the terminal. */
export async function guide(global: GlobalOptions): Promise<ExitCode> {
  return runGuide(actionsOn(labName(global)), {
    yes: global.yes,
    command: global.lab === 'default' ? 'halab' : `halab --lab ${global.lab}`,
  });
}

/** What the guide does to a lab, by the functions that the single commands call too. */
function actionsOn(name: string): GuideActions {
  const silent: Emit = () => {};
  const lab = () => (labExists(name) ? readLab(name) : imaginaryLab(name));
  let proposed: Readiness | null = null;
  // Kept while the machines are up: opening mends the switch, which need not be looked at each time.
  let session: Session | null = null;
  const opened = async (emit: Emit = silent): Promise<Session> => {
    session ??= await openSession(name, emit);
    return session;
  };
  const offline = (): Session => offlineSession(name);

  return {
    labPlan: () => ({ folder: halabHome(), memoryMiB: lab().record.memory, diskMiB: 4096 }),
    commandOffer() {
      const place = offeredCommand();
      if (place === null) return null;
      return {
        files: [place.file, ...(place.startFile === null ? [] : [place.startFile])],
        without: aliasLine(),
        accept() {
          installCommand(place);
          return installed(place);
        },
        decline: declineCommand,
      };
    },
    async doctor(): Promise<ComputerView> {
      proposed = await readiness(lab());
      return {
        findings: proposed.findings,
        sentence: proposed.sentence,
        manual: proposed.plan.manual,
      };
    },
    async applyFix(emit, signal) {
      if (proposed === null) throw new Error('a fix before a diagnosis');
      return mend(lab(), proposed.plan, emit, signal);
    },
    async lab(): Promise<LabView> {
      if (!labExists(name)) return { state: 'none' };
      const found = readLab(name);
      return {
        state: (await machinesUp(name)) ? 'up' : 'down',
        name,
        machines: found.machines,
        provider: found.record.provider,
      };
    },
    async createLab({ machines }) {
      labToBringUp(name, { machines: machines === 2 ? '2' : '3' });
    },
    async bringUp(emit, signal) {
      session = null;
      await withLock(name, 'bringing the machines up', () =>
        bringUp(readLab(name), { run: runLocally, emit, signal, findAccelerator }),
      );
      await opened(emit);
    },
    course: () => offline().course,
    progress: () => offline().progress(),
    async enterLesson(lesson, signal) {
      return enterLesson(await opened(), lesson, signal);
    },
    async beginLesson(lesson, start, emit) {
      if (start) await keepStart(await opened(), lesson, emit);
      offline().update((progress) =>
        start ? lessonEntered(progress, lesson.id, new Date()) : lessonChosen(progress, lesson.id),
      );
    },
    resetPlan: async (lesson) => resetPlan(session ?? (await openAsItIs(name, silent)), lesson),
    async reset(lesson, forget, emit, signal) {
      const at = session ?? (await openAsItIs(name, emit));
      // Whatever becomes of it, the machines are others then.
      session = null;
      await withLock(name, `bringing the machines to the start of "${lesson.title}"`, () =>
        resetLesson(at, lesson, { emit, signal, flavour: 'crmsh', forget }),
      );
    },
    async check(lesson, task, onWait, signal) {
      return checkTask(await opened(), lesson, task, { onWait, signal });
    },
    missing: async (task, signal) => firstMissing(await opened(), task, signal),
    hintsShown: (lesson, task) => hintsShown(offline().progress(), lesson.id, task.id),
    recordHint(lesson, task) {
      offline().update((progress) => hintShown(progress, lesson.id, task.id));
    },
    async openShell(machine) {
      await openShell(lab(), machine);
    },
    async drill(lesson, drill, emit, signal) {
      const at = await opened(emit);
      const report = await withLock(name, `the drill "${drill.title}"`, () =>
        runDrill(at, drill, { emit, signal }),
      );
      if (report.passed) {
        at.update((progress) =>
          drillPassed(progress, lesson.id, drill.id, report.outage?.seconds ?? null, new Date()),
        );
      }
      return report;
    },
    async shutDown(emit) {
      session = null;
      await withLock(name, 'shutting the machines down', () =>
        powerDown(readLab(name), { run: runLocally, emit }),
      );
    },
  };
}
