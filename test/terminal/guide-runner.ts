import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type CheckSpec, judge } from '../../src/checks/index.ts';
import type { Verdict } from '../../src/checks/verdict.ts';
import { loadCourse } from '../../src/course/load.ts';
import {
  begunAfter,
  drillPassed,
  hintShown,
  hintsShown,
  lessonEntered,
  lessonReset,
  type Progress,
  readProgress,
  taskDone,
  writeProgress,
} from '../../src/course/progress.ts';
import { readPingLog } from '../../src/drills/outage.ts';
import { judgeOutage } from '../../src/drills/run.ts';
import { ExitCode, HalabError } from '../../src/errors.ts';
import { runGuide } from '../../src/terminal/guide.ts';
import type { GuideActions } from '../../src/terminal/guide-actions.ts';
import { renderError } from '../../src/terminal/report.ts';
import { machines, recordedState } from '../fixtures/load.ts';

/** What a test asks of the runner, in the variable GUIDE. */
export interface Scene {
  /** Where progress and the lab are kept. */
  readonly folder: string;
  /** Recorded states that the machines are in, one look after the other; the last one stays. */
  readonly states: readonly string[];
  readonly yes?: boolean;
  /** The bring-up goes on until it is interrupted, or does not heed that either. */
  readonly endless?: 'orderly' | 'deaf';
  /** No shell finds the command halab. */
  readonly noCommand?: boolean;
  /** The computer lacks something that can be mended. */
  readonly lacking?: boolean;
}

const variables = {
  vip: '192.168.56.100',
  vname: 'www.halab.test',
  node1_ip: '192.168.56.11',
  node2_ip: '192.168.56.12',
  storage_ip: '192.168.56.13',
  prefix: '24',
  network: '192.168.56.0',
  device: 'eth1',
};
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The guide over a lab without machines: each look at them sees a state that was recorded from real ones. */
export function recordedActions(scene: Scene): GuideActions {
  const labFile = join(scene.folder, 'lab');
  const progressFile = join(scene.folder, 'progress.json');
  const commandFile = join(scene.folder, 'command');
  const course = loadCourse(file('course'), { machines, variables });
  let looks = 0;
  let lacking = scene.lacking === true;
  const update = (change: (progress: Progress) => Progress): void =>
    writeProgress(progressFile, change(readProgress(progressFile).progress));
  const look = (checks: readonly CheckSpec[]): Verdict[] => {
    const name = scene.states[Math.min(looks, scene.states.length - 1)] ?? '';
    looks += 1;
    return checks.map((spec) => judge(spec, recordedState(name), machines));
  };
  const findings = () => [
    {
      id: 'ssh',
      title: 'OpenSSH client',
      status: 'ok' as const,
      found: 'OpenSSH_9.2p1',
      needed: 'ssh',
      fix: null,
    },
    {
      id: 'vagrant',
      title: 'Vagrant',
      status: lacking ? ('missing' as const) : ('ok' as const),
      found: lacking ? 'no Vagrant' : 'Vagrant 2.3.4',
      needed: 'Vagrant 2.3 or newer',
      fix: lacking
        ? {
            explain: 'Install the package.',
            packages: ['vagrant'],
            commands: ['sudo apt-get install vagrant'],
          }
        : null,
    },
  ];
  return {
    labPlan: () => ({ folder: '~/.local/share/halab', memoryMiB: 928, diskMiB: 4096 }),
    commandOffer: () =>
      scene.noCommand === true && !existsSync(commandFile)
        ? {
            files: ['~/.local/bin/halab', '~/.bashrc'],
            without: "alias halab='node dist/main.js'",
            accept() {
              writeFileSync(commandFile, 'accepted');
              return 'The command is ~/.local/bin/halab. Every shell finds it now.';
            },
            decline: () => writeFileSync(commandFile, 'declined'),
          }
        : null,
    doctor: async () => ({
      findings: findings(),
      sentence: lacking ? 'Install this package with apt, as root: vagrant.' : null,
      manual: [],
    }),
    async applyFix(emit) {
      emit({ type: 'step-started', step: 'install', title: 'Installing vagrant' });
      lacking = false;
      emit({ type: 'step-done', step: 'install', seconds: 1 });
      return findings();
    },
    async lab() {
      if (!existsSync(labFile)) return { state: 'none' };
      return {
        state: readFileSync(labFile, 'utf8') === 'up' ? 'up' : 'down',
        name: 'default',
        machines,
        provider: 'rootless',
      };
    },
    async createLab(choice) {
      writeFileSync(labFile, `down, ${choice.machines}`);
    },
    async bringUp(emit, signal) {
      for (const { name } of machines)
        emit({ type: 'step-started', step: name, title: `Making ${name}`, estimateSeconds: 80 });
      emit({
        type: 'step-progress',
        step: 'node2',
        text: 'waiting for ssh, which takes the longest of all that is done here',
      });
      for (;;) {
        await sleep(700);
        if (signal.aborted && scene.endless !== 'deaf')
          throw new HalabError('Interrupted. Nothing is lost: the machines stay as they are.', {
            exitCode: ExitCode.interrupted,
          });
        if (scene.endless === undefined) break;
      }
      for (const { name } of machines) emit({ type: 'step-done', step: name, seconds: 0.7 });
      writeFileSync(labFile, 'up');
    },
    course: () => course,
    progress: () => readProgress(progressFile).progress,
    async enterLesson(lesson) {
      return lesson.entry.length === 0 ? [] : look(lesson.entry);
    },
    async beginLesson(lesson) {
      update((progress) => lessonEntered(progress, lesson.id, new Date()));
    },
    async resetPlan(lesson) {
      const { progress } = readProgress(progressFile);
      return {
        sentence: `All machines go back to the start of "${lesson.title}".`,
        later: begunAfter(course, progress, lesson),
      };
    },
    async reset(lesson, forget) {
      update((progress) => lessonReset(course, progress, lesson, { forget, at: new Date() }));
    },
    async check(lesson, task, onWait) {
      onWait('no state yet');
      const verdicts = look(task.checks);
      const passed = verdicts.every((verdict) => verdict.passed);
      if (passed) update((progress) => taskDone(progress, lesson.id, task.id, 'seen', new Date()));
      return { passed, verdicts, noticed: [] };
    },
    missing: async (task) => look(task.checks).find(({ passed }) => !passed) ?? null,
    hintsShown: (lesson, task) =>
      hintsShown(readProgress(progressFile).progress, lesson.id, task.id),
    recordHint: (lesson, task) => update((progress) => hintShown(progress, lesson.id, task.id)),
    async openShell(machine) {
      process.stdout.write(`this is ${machine}\n`);
    },
    async drill(lesson, drill, emit) {
      emit({ type: 'note', text: 'The client asks ten times a second.' });
      const outage = readPingLog(readFileSync(file('../fixtures/outage/link-back.txt'), 'utf8'));
      if (drill.outage === undefined) throw new Error(`${drill.id} measures no outage`);
      const verdict = judgeOutage(outage, drill.outage, 'storage');
      const verdicts = look([...drill.then, ...drill.after]);
      const passed = verdict.passed && verdicts.every((one) => one.passed);
      if (passed)
        update((progress) =>
          drillPassed(progress, lesson.id, drill.id, outage.seconds, new Date()),
        );
      return {
        drill: drill.id,
        title: drill.title,
        passed,
        fault: 'The power of node1 was cut.',
        outage: {
          ...outage,
          client: 'storage',
          limitSeconds: drill.outage.below,
          verdict,
          parts: null,
        },
        verdicts,
      };
    },
    async shutDown(emit) {
      emit({ type: 'note', text: 'All machines are off.' });
      writeFileSync(labFile, 'down');
    },
  };
}

/** Runs the guide as `halab` does. @returns its exit code. */
export async function main(): Promise<number> {
  const scene = JSON.parse(process.env.GUIDE ?? '') as Scene;
  try {
    return await runGuide(recordedActions(scene), { yes: scene.yes ?? false, command: 'halab' });
  } catch (error) {
    process.stderr.write(`${renderError(error)}\n`);
    return error instanceof HalabError ? error.exitCode : ExitCode.broken;
  }
}
