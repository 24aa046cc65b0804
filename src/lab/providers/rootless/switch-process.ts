import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import writeFileAtomic from 'write-file-atomic';
import { HalabError } from '../../../errors.ts';
import { describeFailure } from '../../../local-runner.ts';
import { makeFolder } from '../../../paths.ts';
import type { Runner } from '../../../run.ts';
import { type Lab, labFiles } from '../../lab.ts';
import {
  commandLine,
  endProcess,
  isRunning,
  isStill,
  isStopped,
  markOf,
  markWord,
  ownProcesses,
  readMark,
} from '../../process.ts';
import { domainName, runVirsh } from '../libvirt.ts';
import { cableFolder } from './folders.ts';
import { readPid } from './pid-file.ts';

/** The lab's switch as a process of its own, which outlives the halab that starts it. */

const usualProgram = fileURLToPath(new URL('./switch-program.js', import.meta.url));
const pidFile = (lab: Lab): string => join(lab.runFolder, 'switch.pid');

/** Exit code of flock(1) when another process holds the lock. */
const lockedCode = 75;

/**
 * The command, so run that it holds a lock on a folder as long as it lives. That does two things: there is never a
 * second one, and systemd-tmpfiles, which clears /tmp of what is old, leaves a folder alone that somebody has locked
 * (tmpfiles.d(5), Age).
 */
export const locking = (folder: string, command: readonly string[]): string[] => [
  'flock',
  '--exclusive',
  '--nonblock',
  '--no-fork',
  '--conflict-exit-code',
  String(lockedCode),
  folder,
  ...command,
];

/**
 * Starts the lab's switch unless it is at work; one that is stopped (SIGSTOP) carries no frame, and is ended before.
 * When this returns, the machines that run are plugged in.
 * @param program what the switch's process runs
 * @throws HalabError when it does not start.
 */
export async function startSwitch(lab: Lab, program = usualProgram): Promise<void> {
  if (isSwitchAtWork(lab)) return;
  await Promise.all(switchesOf(lab).filter(isStopped).map(endProcess));
  makeFolder(labFiles.logs(lab));
  const logFile = join(labFiles.logs(lab), 'switch.log');
  let ended: Promise<number | string> | null = null;
  for (let waited = 0; waited < 10_000; waited += 50) {
    const [found] = switchesOf(lab);
    // Not while another halab's is on its way.
    if (ended === null && found === undefined) ended = launch(lab, program, logFile);
    const end = await Promise.race([...(ended === null ? [] : [ended]), sleep(50, null)]);
    if (isSwitchAtWork(lab)) return;
    // Another halab was quicker, and its switch will do; or systemd-tmpfiles, which locks what it looks into for a moment.
    if (end === lockedCode) ended = null;
    else if (end !== null) {
      throw new HalabError('The switch of the cluster network could not be started.', {
        reason: typeof end === 'number' ? `It ended with exit code ${end}; see ${logFile}` : end,
        next: 'halab doctor --fix',
      });
    }
    if (found !== undefined && ended === null && waited >= fileWithin) {
      // Only its file is gone, or an older halab's, which holds the bare id.
      const mark = markOf(found);
      if (mark === null || isStopped(found)) continue;
      writeFileAtomic.sync(pidFile(lab), `${markWord(mark)}\n`, { mode: 0o600 });
      return;
    }
  }
  throw new HalabError('The switch of the cluster network did not start within 10 s.', {
    reason: `What it said: ${logFile}`,
    next: 'halab doctor',
  });
}

/** Milliseconds in which a switch that somebody else starts writes its file. */
const fileWithin = 2000;

/** Starts the switch's process. @returns its exit code once it has ended, or why it has none. */
function launch(lab: Lab, program: string, logFile: string): Promise<number | string> {
  const log = openSync(logFile, 'a', 0o600);
  const [locker = '', ...words] = locking(lab.runFolder, [
    process.execPath,
    program,
    pidFile(lab),
    ...lab.machines.map(({ name }) => join(cableFolder(lab), name)),
  ]);
  const child = spawn(locker, words, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  child.unref();
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? `There is no ${locker}, of util-linux.` : error.message),
    );
    child.once('exit', (code, signal) => resolve(code ?? `It was ended by ${signal}.`));
  });
}

const isSwitchOf = (lab: Lab, pid: number): boolean =>
  isRunning(pid, 'switch-program') && commandLine(pid).includes(pidFile(lab));

/** Whether the lab's switch runs and has plugged itself into the machines. */
export function isSwitchAtWork(lab: Lab): boolean {
  const mark = readMark(pidFile(lab));
  return mark !== null && isStill(mark) && isSwitchOf(lab, mark.pid) && !isStopped(mark.pid);
}

/** The lab's switches, whatever became of their files. */
const switchesOf = (lab: Lab): number[] => ownProcesses().filter((pid) => isSwitchOf(lab, pid));

/** Ends the lab's switch, and the one that an older halab had in its place. */
export async function endSwitch(lab: Lab): Promise<void> {
  await Promise.all(switchesOf(lab).map(endProcess));
  rmSync(pidFile(lab), { force: true });
  const older = join(lab.runFolder, 'sw.pid');
  const pid = readPid(older);
  const isOfLab = (word: string): boolean => word.startsWith(join(lab.runFolder, '/'));
  if (pid !== null && isRunning(pid, 'vde_switch') && commandLine(pid).some(isOfLab))
    await endProcess(pid);
  rmSync(older, { force: true });
  rmSync(cableFolder(lab), { recursive: true, force: true });
}

/**
 * Makes sure that a machine's cable leads to this switch.
 * @throws HalabError when an older halab made it for another one.
 */
export async function assureCable(lab: Lab, run: Runner, machine: string): Promise<void> {
  const defined = await runVirsh(lab, run, ['dumpxml', '--inactive', domainName(machine)]);
  if (defined.exitCode !== 0) {
    throw new HalabError(`The definition of ${machine} cannot be read.`, {
      reason: describeFailure(defined),
      next: 'Try again: halab up',
    });
  }
  if (defined.stdout.includes(`path=${join(cableFolder(lab), machine)}`)) return;
  throw new HalabError(`${machine} has no cable to the switch of this halab.`, {
    reason: 'An older halab made this lab, for another kind of switch.',
    next: `Make the lab anew (your progress goes with the old one): halab destroy --lab ${lab.record.name}, then halab up`,
  });
}
