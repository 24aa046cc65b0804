import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HalabError } from '../errors.ts';
import { pasteable } from '../local-runner.ts';
import { readLocale } from '../locale.ts';
import { makeFolder, vagrantFolder, vagrantHome } from '../paths.ts';
import { noteCommand } from './command-log.ts';
import { type Lab, labFiles } from './lab.ts';
import { isRunning } from './process.ts';
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

/** Environment in which `vagrant` works on this lab, and on no other. */
export function vagrantEnvironment(lab: Lab): Record<string, string> {
  const common = {
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

/** The id of a vagrant that an earlier halab started for this lab and that still runs; null when there is none. */
export function runningVagrant(lab: Lab): number | null {
  if (!existsSync(pidFile(lab))) return null;
  const pid = Number.parseInt(readFileSync(pidFile(lab), 'utf8'), 10);
  return !Number.isNaN(pid) && isRunning(pid, 'vagrant') ? pid : null;
}

/**
 * Runs vagrant to its end and hands on each line as it comes. When `signal` aborts, vagrant is
 * interrupted as by Ctrl-C and given time to tidy up.
 */
export async function runVagrant(
  lab: Lab,
  args: readonly string[],
  options: { log: string; onLine?: (line: VagrantLine) => void; signal?: AbortSignal },
): Promise<VagrantOutcome> {
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
  if (child.pid !== undefined) writeFileSync(pidFile(lab), `${child.pid}\n`);
  const interrupt = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  };
  options.signal?.addEventListener('abort', interrupt, { once: true });

  const lines: VagrantLine[] = [];
  let taken = 0;
  const takeNewLines = (): void => {
    const text = readFileSync(logFile, 'utf8');
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
    options.signal?.removeEventListener('abort', interrupt);
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
    readFileSync(logFile, 'utf8').trim().split('\n').slice(-6).join('\n');
  return new HalabError(what, {
    reason: `\`${pasteable(['vagrant', ...args])}\` ended with exit code ${outcome.exitCode}: ${said.trim()}\nAll that it said: ${logFile}`,
    next: 'halab doctor, then the same command again: it carries on',
  });
}
