import type { CommandResult, Runner } from '../run.ts';
import type { Computer } from './computer.ts';
import type { Finding, Fix } from './findings.ts';
import type { findKvm, GuestKernel } from './kvm.ts';
import type { Os } from './os.ts';

export interface ExamineOptions {
  readonly provider: 'rootless' | 'libvirt' | 'virtualbox';
  /** Where halab keeps labs and boxes. */
  readonly dataDir: string;
  readonly machines: 2 | 3;
  /** Where the lab keeps its sockets. */
  readonly runDir: string;
  /** MiB of each machine; 768 unless given. */
  readonly memory?: number;
  /** Whether the base box is still to be built. */
  readonly needBox?: boolean;
  /** The box's kernel, with which KVM is tried. */
  readonly guestKernel?: GuestKernel;
  /** Do not believe what was found out earlier. */
  readonly fresh?: boolean;
}

/** The ways to see more than commands tell; tests put recorded ones in their place. */
export interface Senses {
  readonly computer: (options: ExamineOptions) => Computer;
  readonly kvm: typeof findKvm;
}

/** Everything that a check may look at. */
export interface Scene {
  readonly run: Runner;
  readonly options: ExamineOptions;
  readonly computer: Computer;
  readonly os: Os;
  readonly senses: Senses;
}

/** Looks at one need. null: there is nothing to say about it here, as on nearly every computer. */
export type Check = (scene: Scene) => Finding | null | Promise<Finding | null>;

/** Whether the program is there at all; a Runner says "no such program" when it is not. */
export const started = (result: CommandResult): boolean =>
  result.exitCode !== null || result.timedOut || !result.stderr.includes('no such program');

/** First line of what a command said, on either stream. */
export const firstLine = (result: CommandResult): string =>
  (result.stdout.trim() || result.stderr.trim()).split('\n')[0] ?? '';

/** Whether a version such as "2.3.8.dev" is at least the other one. */
export function isAtLeast(version: string, least: string): boolean {
  const numbers = (text: string): number[] =>
    text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [have, want] = [numbers(version), numbers(least)];
  for (let place = 0; place < want.length; place += 1) {
    const difference = (have[place] ?? 0) - (want[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The QEMU from which on machines can be connected over unix sockets (its netdev "stream"). */
export const leastQemu = '7.2';

export const qemuSays = /^QEMU emulator version (\d[\w.]*)/m;

/** The version in what `qemu-system-x86_64 --version` said; null when there is none. */
export const qemuVersion = ({ stdout }: CommandResult): string | null =>
  qemuSays.exec(stdout)?.[1] ?? null;

/** A finding about a program that must be there in a version. */
export function program(of: {
  id: string;
  title: string;
  result: CommandResult;
  /** Finds the version in what the program said. */
  version: RegExp;
  least: string | null;
  install: Fix;
  /** How to come by a newer one; the same as `install` unless given. */
  upgrade?: Fix;
}): Finding {
  const { id, title, result, least } = of;
  const needed = least === null ? title : `${title} ${least} or newer`;
  if (!started(result))
    return { id, title, status: 'missing', found: `no ${title}`, needed, fix: of.install };
  const version = of.version.exec(`${result.stdout}\n${result.stderr}`)?.[1];
  if (version === undefined) {
    // The program is there but does not do what it should: its own words are the best evidence.
    return {
      id,
      title,
      status: 'missing',
      found: result.timedOut
        ? `${title} does not answer`
        : `${title} does not work: ${firstLine(result)}`,
      needed,
      fix: {
        explain: `Find out why \`${result.command.join(' ')}\` fails.`,
        packages: [],
        commands: [],
      },
    };
  }
  const fine = least === null || isAtLeast(version, least);
  return {
    id,
    title,
    status: fine ? 'ok' : 'too-old',
    found: `${title} ${version}`,
    needed,
    fix: fine ? null : (of.upgrade ?? of.install),
  };
}
