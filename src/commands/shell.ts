import { spawn } from 'node:child_process';
import { ExitCode, HalabError, usageError } from '../errors.ts';
import type { Lab } from '../lab/lab.ts';
import { sshCommand } from '../lab/ssh.ts';
import { pasteable } from '../local-runner.ts';
import { lookOn } from '../session/open.ts';
import { canAsk, type GlobalOptions, labName } from './context.ts';

/** Opens a shell on a machine, or runs one command there, whatever stands in the lab and whoever works on it; exits as that did. */
export async function shell(
  global: GlobalOptions,
  machine: string,
  words: readonly string[],
): Promise<ExitCode> {
  return openShell(lookOn(labName(global)).lab, machine, words);
}

/**
 * Gives the terminal to a shell (or a command) on a machine until it ends.
 * @throws HalabError when there is no such machine (exit 2) or it cannot be reached (exit 3).
 */
export async function openShell(
  lab: Lab,
  machine: string,
  words: readonly string[] = [],
): Promise<ExitCode> {
  if (!lab.machines.some(({ name }) => name === machine)) {
    throw usageError(
      `There is no machine "${machine}" in this lab.`,
      `It has ${lab.machines.map(({ name }) => name).join(', ')}.`,
    );
  }
  if (words.length === 0 && !canAsk()) {
    throw usageError(
      'A shell needs a terminal.',
      `Run one command: halab shell ${machine} -- hostname`,
    );
  }
  // Of its own connection: the kept one would go with a shell that is stopped by force.
  // And patient: a busy machine under emulation can be silent for longer than halab's own looks wait.
  const options = [
    ...['-o', 'ControlPath=none', '-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=6'],
    ...(canAsk() ? ['-t'] : []),
  ];
  const [program = '', ...args] = sshCommand(
    lab,
    machine,
    words.length === 0 ? [] : [pasteable(words)],
    options,
  );
  const child = spawn(program, args, { stdio: 'inherit' });
  // Ctrl-C is for the program on the machine.
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  process.off('SIGINT', ignore);
  if (code === 255) {
    throw new HalabError(`${machine} cannot be reached.`, { next: 'halab status, then: halab up' });
  }
  return (code ?? ExitCode.interrupted) as ExitCode;
}
