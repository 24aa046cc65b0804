import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Computer } from '../../src/host/computer.ts';
import type { KvmResult } from '../../src/host/kvm.ts';
import { pasteable } from '../../src/local-runner.ts';
import type { CommandResult, Runner } from '../../src/run.ts';

/** What `record.ts` saw on a real computer. */
export interface Recording {
  readonly computer: Computer;
  readonly kvm: KvmResult;
  /** By command line, see keyOf(). */
  readonly commands: Readonly<Record<string, Answer>>;
}

export type Answer = Pick<CommandResult, 'exitCode' | 'stdout' | 'stderr' | 'timedOut'>;

/** The command line without the user namespace that root puts around it, so that a recording serves every user. */
export function keyOf(command: readonly string[]): string {
  const asUser = command[0] === 'unshare' && command[2]?.startsWith('--map-user=') === true;
  // What apt is asked to simulate differs by system, and a bare one knows none of the packages.
  if (command[0] === 'apt-get' && command[1] === '--simulate') return 'apt-get --simulate';
  return pasteable(asUser ? command.slice(4) : command);
}

export const recordedFolder: string = join(import.meta.dirname, 'recorded');

export function readRecording(name: string): Recording {
  return JSON.parse(readFileSync(join(recordedFolder, `${name}.json`), 'utf8')) as Recording;
}

/** A Runner that answers from a recording. A command that was not recorded is an error of the test. */
export function recordedRunner(recording: Recording): Runner {
  return async (command) => {
    const answer = recording.commands[keyOf(command)];
    if (answer === undefined) throw new Error(`not recorded: ${keyOf(command)}`);
    return { command, milliseconds: 0, ...answer };
  };
}
