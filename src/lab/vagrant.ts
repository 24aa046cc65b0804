import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import { HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { assertGoesOn, interrupted, onAbort } from '../interruption.ts';
import { pasteable } from '../local-runner.ts';
import { readLocale } from '../locale.ts';
import { makeFolder, vagrantFolder, vagrantHome } from '../paths.ts';
import { noteCommand } from './command-log.ts';
import { type Lab, labFiles } from './lab.ts';
import {
  endMarked,
  isStill,
  markOf,
  markWord,
  type ProcessMark,
  readMark,
  sendSignal,
  textOf,
} from './process.ts';
import { asSessionUser, libvirtEnvironment } from './providers/libvirt.ts';

/**
 * The wrapper of the vagrant command line. Vagrant writes to a file and not to a pipe, so that it
 * lives on, and comes to a clean end, when halab is killed.
 */

/** One line of `vagrant --machine-readable`: time,target,type,data... */
export interface VagrantLine {
  /** The machine it is about, or "". */
  readonly target: string;
  readonly type: string;
  readonly data: readonly string[];
}

/** Reads one line of machine-readable output; null for a line that is not (`ssh-config` and some errors are plain). */
export function parseVagrantLine(line: string): VagrantLine | null {
  const match = /^\d+,([^,]*),([^,]*)(?:,(.*))?$/.exec(line);
  if (match === null) return null;
  const plain = (text: string): string =>
    text.replaceAll('%!(VAGRANT_COMMA)', ',').replaceAll('\\n', '\n').replaceAll('\\r', '');
  return {
    target: match[1] ?? '',
    type: match[2] ?? '',
    data: (match[3] ?? '').split(',').map(plain),
  };
}

/**
 * What of a shell's environment is for Vagrant by hand alone: the Vagrantfile takes HALAB_MACHINES, HALAB_MEMORY and
 * the like before what halab has written down of the lab, and VAGRANT_VAGRANTFILE names another file in its place
 * (Vagrant's documentation, Environmental Variables).
 */
const isForHandAlone = (name: string): boolean =>
  name.startsWith('HALAB_') || name === 'VAGRANT_VAGRANTFILE';

/**
 * Environment in which `vagrant` works on this lab, and on no other; to be added to this process's own, of which what is
 * undefined here is left out.
 */
export function vagrantEnvironment(lab: Lab): Record<string, string | undefined> {
  const common = {
    ...Object.fromEntries(
      Object.keys(process.env)
        .filter(isForHandAlone)
        .map((name) => [name, undefined]),
    ),
    VAGRANT_CWD: vagrantFolder,
    VAGRANT_DOTFILE_PATH: labFiles.vagrantState(lab),
    VAGRANT_DEFAULT_PROVIDER: lab.record.provider === 'virtualbox' ? 'virtualbox' : 'libvirt',
    VAGRANT_CHECKPOINT_DISABLE: '1',
    HALAB_CONFIG: labFiles.vagrantConfig(lab),
  };
  return lab.record.provider === 'rootless'
    ? { ...common, ...libvirtEnvironment(lab), VAGRANT_HOME: vagrantHome() }
    : common;
}

/** The command line that runs vagrant for this lab. */
export function vagrantCommand(lab: Lab, args: readonly string[]): string[] {
  const command = ['vagrant', ...args];
  return lab.record.provider === 'rootless' ? asSessionUser(command) : command;
}

export interface VagrantOutcome {
  readonly exitCode: number | null;
  readonly lines: readonly VagrantLine[];
  /** Class of the error that ended it, e.g. "Vagrant::Errors::MachineLocked"; null when none was named. */
  readonly errorClass: string | null;
}

const pidFile = (lab: Lab): string => join(lab.folder, 'vagrant.pid');

/** A vagrant that an earlier halab started for this lab and that still runs; null when there is none. */
export function runningVagrant(lab: Lab): ProcessMark | null {
  const mark = readMark(pidFile(lab));
  return mark !== null && isStill(mark) ? mark : null;
}

/**
 * Waits for a vagrant that outlived the halab that started it: it holds the machines until its end.
 * @throws HalabError (exit 130) when the signal aborts meanwhile; that vagrant goes on.
 */
export async function waitForEarlierVagrant(
  lab: Lab,
  emit: Emit,
  signal?: AbortSignal,
): Promise<void> {
  const earlier = runningVagrant(lab);
  if (earlier === null) return;
  const step = 'earlier';
  const started = performance.now();
  emit({
    type: 'step-started',
    step,
    title: `Waiting for a vagrant that an earlier halab started (process ${earlier.pid})`,
  });
  while (isStill(earlier)) {
    if (signal?.aborted === true) {
      emit({ type: 'step-failed', step, text: 'interrupted' });
      throw interrupted();
    }
    await sleep(500);
  }
  emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
}

/**
 * Runs vagrant to its end and hands on each line as it comes. When `signal` aborts, vagrant is
 * interrupted as by Ctrl-C and given time to tidy up.
 * @throws HalabError when it cannot be started, or (exit 130) when the signal had aborted before.
 */
export async function runVagrant(
  lab: Lab,
  args: readonly string[],
  options: { log: string; onLine?: (line: VagrantLine) => void; signal?: AbortSignal },
): Promise<VagrantOutcome> {
  assertGoesOn(options.signal);
  const logFile = join(labFiles.logs(lab), options.log);
  makeFolder(labFiles.logs(lab));
  const log = openSync(logFile, 'w', 0o600);
  const started = new Date();
  const [program = '', ...words] = vagrantCommand(lab, [...args, '--machine-readable']);
  const child = spawn(program, words, {
    cwd: vagrantFolder,
    env: { ...process.env, ...readLocale, ...vagrantEnvironment(lab) },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const ended = new Promise<{ exitCode: number | null; error?: Error }>((resolve) => {
    child.once('error', (error) => resolve({ exitCode: null, error }));
    child.once('exit', (exitCode) => resolve({ exitCode }));
  });
  const mark = child.pid === undefined ? null : markOf(child.pid);
  try {
    if (mark !== null) writeFileAtomic.sync(pidFile(lab), `${markWord(mark)}\n`);
  } catch (error) {
    // Nobody would know of it.
    if (mark !== null) await endMarked(mark);
    throw error;
  }
  const forget = onAbort(options.signal, () => {
    if (child.pid !== undefined) sendSignal(-child.pid, 'SIGINT');
  });

  const lines: VagrantLine[] = [];
  let taken = 0;
  const takeNewLines = (): void => {
    // Somebody may have removed it meanwhile: then nothing more is seen of it.
    const text = textOf(logFile) ?? '';
    const end = text.lastIndexOf('\n') + 1;
    for (const raw of text.slice(taken, end).split('\n')) {
      const line = parseVagrantLine(raw);
      if (line === null) continue;
      lines.push(line);
      options.onLine?.(line);
    }
    taken = end;
  };
  try {
    for (;;) {
      const outcome = await Promise.race([ended, sleep(250).then(() => null)]);
      takeNewLines();
      if (outcome === null) continue;
      if (outcome.error !== undefined) {
        throw new HalabError('Vagrant could not be started.', {
          reason: outcome.error.message,
          next: 'halab doctor --fix',
          cause: outcome.error,
        });
      }
      noteCommand(lab, {
        command: ['vagrant', ...args],
        started,
        seconds: (Date.now() - started.getTime()) / 1000,
        exitCode: outcome.exitCode,
      });
      return {
        exitCode: outcome.exitCode,
        lines,
        errorClass: lines.find((line) => line.type === 'error-exit')?.data[0] ?? null,
      };
    }
  } finally {
    forget();
    rmSync(pidFile(lab), { force: true });
  }
}

/** The error of a vagrant that failed, with what it said last. */
export function vagrantError(
  lab: Lab,
  what: string,
  args: readonly string[],
  log: string,
  outcome: VagrantOutcome,
): HalabError {
  const logFile = join(labFiles.logs(lab), log);
  const said =
    outcome.lines
      .find((line) => line.type === 'error-exit')
      ?.data.slice(1)
      .join(', ') ??
    outcome.lines
      .filter((line) => line.type === 'ui' && line.data[0] === 'error')
      .at(-1)
      ?.data.slice(1)
      .join(', ') ??
    (textOf(logFile) ?? '').trim().split('\n').slice(-6).join('\n');
  return new HalabError(what, {
    reason: `\`${pasteable(['vagrant', ...args])}\` ended with exit code ${outcome.exitCode}: ${said.trim()}\nAll that it said: ${logFile}`,
    next: 'halab doctor, then the same command again: it carries on',
  });
}
