import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRunFolder } from '../own-folder.ts';
import type { CommandResult, Runner } from '../run.ts';
import { logged } from './command-log.ts';
import { type SshAddress, untilGreeted } from './greeting.ts';
import { type Lab, labFiles } from './lab.ts';
import type { Shell, ShellResult } from './machine.ts';
import { textOf } from './process.ts';

/**
 * The system's ssh with connections that are kept open between commands and between runs of halab
 * (ControlMaster, ssh_config(5)): the first command to a machine pays for the handshake, the others
 * do not. A machine that stops answering is noticed after some 10 s (ServerAliveInterval x CountMax): under
 * emulation on a busy computer one that is well can be silent for five. Each question for a sign of life costs
 * an emulated machine 15 ms, so there are few.
 */

/** Where ssh finds each machine: host and port, by machine. */
export type SshAddresses = Readonly<Record<string, SshAddress>>;

/** Seconds that opening a connection may take. */
const connectSeconds = 10;

const controlPath = (lab: Lab, user: string, machine: string): string =>
  join(lab.runFolder, `ssh-${machine}-${user}`);

/** A path as ssh_config(5) takes it for what it is: between quotes, and with no token of ssh's in it. */
const literally = (path: string): string =>
  `"${path.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%')}"`;

/** Writes the lab's ssh configuration. */
export function writeSshConfig(lab: Lab, addresses: SshAddresses): void {
  makeRunFolder(lab.runFolder);
  const blocks = lab.machines.map(({ name }) => {
    const at = addresses[name];
    if (at === undefined) throw new Error(`no ssh address for ${name}`);
    return `Host ${name}\n  HostName ${at.host}\n  Port ${at.port}\n  HostKeyAlias ${name}\n`;
  });
  const common = [
    'Host *',
    '  User vagrant',
    `  IdentityFile ${literally(labFiles.key(lab))}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    '  BatchMode yes',
    '  PreferredAuthentications publickey',
    // A machine's key is pinned when it is first met; a changed key is refused from then on.
    '  StrictHostKeyChecking accept-new',
    `  UserKnownHostsFile ${literally(labFiles.knownHosts(lab))}`,
    '  GlobalKnownHostsFile /dev/null',
    // Also for the handshake, which a busy machine under emulation takes seconds for.
    `  ConnectTimeout ${connectSeconds}`,
    '  ServerAliveInterval 3',
    '  ServerAliveCountMax 3',
    '  ControlMaster auto',
    `  ControlPath "${controlPath(lab, '%r', '%n')}"`,
    '  ControlPersist 900',
    '  LogLevel ERROR',
    '',
  ];
  writeFileSync(labFiles.sshConfig(lab), [...blocks, common.join('\n')].join('\n'), {
    mode: 0o600,
  });
}

/** The command that runs `words` on a machine as the user vagrant. */
export const sshCommand = (
  lab: Lab,
  machine: string,
  words: readonly string[],
  options: readonly string[] = [],
): string[] => ['ssh', '-F', labFiles.sshConfig(lab), ...options, machine, ...words];

/** ssh to the machines of a lab. Failures of the connection are results with reached: false, never exceptions. */
export function sshShell(lab: Lab, runner: Runner): Shell {
  const run = logged(lab, runner);
  return {
    async runAsRoot(machine, script, options = {}) {
      const timeout = options.timeout ?? 15_000;
      const started = performance.now();
      const milliseconds = (): number => performance.now() - started;
      const silence = await whySilent(lab, machine, Math.min(timeout, connectSeconds * 1000));
      if (silence !== null) {
        const nothing = { reached: false, exitCode: null, stdout: '' };
        return { ...nothing, stderr: silence, milliseconds: milliseconds() };
      }
      // Not vagrant with sudo: under emulation sudo alone takes a second. Root's shell reads the script with one cat:
      // another bash would take twice as long to start, and would read it byte by byte.
      const result = await run(sshCommand(lab, machine, ['eval "$(cat)"'], ['-l', 'root']), {
        input: script,
        timeout: timeout - milliseconds(),
      });
      // A kept connection to a machine that went away without a word would stall the next command too.
      if (result.timedOut) await dropConnection(lab, machine, run);
      return toShellResult(result, timeout);
    },
  };
}

/** Why no connection can be opened to a machine within so many milliseconds; null when it greets, or one is open. */
async function whySilent(lab: Lab, machine: string, within: number): Promise<string | null> {
  if (existsSync(controlPath(lab, 'root', machine))) return null;
  const address = addressOf(lab, machine);
  return address === null ? null : untilGreeted(address, within);
}

/** Where ssh finds a machine, as writeSshConfig has written it; null when that is not known. */
function addressOf(lab: Lab, machine: string): SshAddress | null {
  const [, host, port] =
    new RegExp(`^Host ${machine}\\n  HostName (\\S+)\\n  Port (\\d+)$`, 'm').exec(
      textOf(labFiles.sshConfig(lab)) ?? '',
    ) ?? [];
  return host === undefined ? null : { host, port: Number(port) };
}

function toShellResult(result: CommandResult, timeout: number): ShellResult {
  // ssh(1): exit status 255 is ssh's own failure.
  const reached = result.exitCode !== null && result.exitCode !== 255;
  const reason = result.timedOut
    ? `no answer within ${Math.round(timeout / 1000)} s`
    : sshReason(result.stderr);
  return {
    reached,
    exitCode: reached ? result.exitCode : null,
    stdout: result.stdout,
    stderr: reached ? result.stderr : reason,
    milliseconds: result.milliseconds,
  };
}

/** The reason given when a machine answers and refuses the lab's key. */
export const keyRefused = 'it does not accept the key of the lab';

/** What ssh said, in words for a person. */
function sshReason(stderr: string): string {
  const known: [RegExp, string][] = [
    [/Connection refused/, 'the connection was refused'],
    [/timed out|not responding/i, 'it does not answer'],
    [/Connection reset|closed by|Broken pipe|mux_client|kex_exchange/, 'the connection broke off'],
    [/Permission denied/, keyRefused],
    [
      /HOST IDENTIFICATION|Host key verification failed/,
      'its host key is not the one that was pinned',
    ],
  ];
  return (
    known.find(([pattern]) => pattern.test(stderr))?.[1] ??
    (stderr.trim() || 'ssh failed without a word')
  );
}

/**
 * Begins to open halab's kept connection to a machine and does not wait for it: the next command
 * finds it open, or opens one itself.
 */
export function openConnection(lab: Lab, machine: string): void {
  const [program = '', ...args] = sshCommand(lab, machine, ['true'], ['-l', 'root']);
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  // Without ssh the next command fails by itself, and says so.
  child.on('error', () => undefined);
  child.unref();
}

/**
 * Opens halab's kept connection to a machine unless it is open, and waits for it; one that cannot be opened is left to the
 * next command, which says why.
 */
export async function standingConnection(shell: Shell, lab: Lab, machine: string): Promise<void> {
  if (!existsSync(controlPath(lab, 'root', machine))) await shell.runAsRoot(machine, 'true');
}

/** Closes halab's own kept connection to a machine, if there is one. */
export async function dropConnection(lab: Lab, machine: string, run: Runner): Promise<void> {
  await closeMaster(lab, 'root', machine, run);
}

/** Closes all connections to a machine that has gone or was changed under them: those of `halab shell` end, too. */
export async function endConnections(lab: Lab, machine: string, run: Runner): Promise<void> {
  await Promise.all(['root', 'vagrant'].map((user) => closeMaster(lab, user, machine, run)));
}

async function closeMaster(lab: Lab, user: string, machine: string, run: Runner): Promise<void> {
  if (!existsSync(controlPath(lab, user, machine))) return;
  // A failure means that it has just ended.
  await run(['ssh', '-F', labFiles.sshConfig(lab), '-l', user, '-O', 'exit', machine], {
    timeout: 5000,
  });
}
