import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ExitCode, HalabError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { assertGoesOn } from '../interruption.ts';
import { describeFailure, pasteable } from '../local-runner.ts';
import { type Finding, isBlocking } from './findings.ts';
import { afterBoot, installCommand, listed } from './fix-of.ts';
import { conflictId } from './needs/conflicts.ts';
import type { Os } from './os.ts';
import type { StreamRunner } from './stream.ts';

/** What mends this computer. */
export interface FixPlan {
  /** Distribution packages that halab can install by itself; sorted, each once. */
  readonly packages: readonly string[];
  /** What halab would run for them, as root. */
  readonly commands: readonly (readonly string[])[];
  /** What is left to a person: one paragraph each, with the commands on lines of their own. */
  readonly manual: readonly string[];
}

const refresh = ['apt-get', 'update', '--quiet'] as const;
/** apt waits up to two minutes for another apt to end (apt.conf(5), DPkg::Lock::Timeout). */
const install = [
  'apt-get',
  'install',
  '--yes',
  '--quiet',
  '--no-install-recommends',
  // halab removes no package of a user's: apt says which stand in the way, and ends.
  '--no-remove',
  '-o',
  'DPkg::Lock::Timeout=120',
] as const;

/**
 * The plan for all findings that have a fix. Packages are installed by halab on Debian and Ubuntu;
 * elsewhere the plan says what to type. Where packages stand in the way it holds nothing but the way
 * out: installing would fail.
 */
export function planFix(findings: readonly Finding[], os: Os): FixPlan {
  const withFix = findings.filter((finding) => finding.status !== 'ok' && finding.fix !== null);
  const inTheWay = withFix.filter(({ id }) => id === conflictId);
  const open = inTheWay.length > 0 ? inTheWay : withFix;
  const wanted = [...new Set(open.flatMap(({ fix }) => fix?.packages ?? []))].sort();
  const byApt = os.installer === 'apt';
  const packages = byApt ? wanted : [];
  const command = byApt ? null : installCommand(wanted, os);
  const manual = open
    .filter(
      ({ fix }) =>
        fix?.packages.length === 0 || hasMore(fix?.commands ?? [], fix?.packages ?? [], os),
    )
    .map(({ title, fix }) =>
      paragraph(
        `${title}: ${fix?.explain ?? ''}`,
        (fix?.commands ?? []).filter((typed) => typed !== installCommand(fix?.packages ?? [], os)),
      ),
    );
  return {
    packages,
    commands: packages.length === 0 ? [] : [refresh, [...install, ...packages]],
    manual: [
      ...new Set([
        ...(command === null
          ? []
          : [
              paragraph(
                os.installer === 'rpm-ostree'
                  ? `Install the packages. ${afterBoot}`
                  : 'Install the packages:',
                [command],
              ),
            ]),
        ...manual,
      ]),
    ],
  };
}

/** Whether a fix with packages has commands besides the one that installs them. */
const hasMore = (commands: readonly string[], packages: readonly string[], os: Os): boolean =>
  commands.some((command) => command !== installCommand(packages, os));

const paragraph = (text: string, commands: readonly string[]): string =>
  [text, ...commands.map((command) => `    ${command}`)].join('\n');

/** The sentence with which to ask before the plan is carried out; null when there is nothing that halab can do by itself. */
export function planSentence(plan: FixPlan): string | null {
  const { packages } = plan;
  if (packages.length === 0) return null;
  const what =
    packages.length === 1
      ? 'this package'
      : `these ${packages.length} packages and what they depend on`;
  const daemon = packages.includes('libvirt-daemon-system')
    ? " libvirt's system daemon comes with them."
    : packages.includes('libvirt-daemon')
      ? ' No virtual network is set up on this computer.'
      : '';
  return `Install ${what} with apt, as root: ${listed(packages)}.${daemon}`;
}

export interface ApplyOptions {
  /** null where there are no user ids. */
  readonly uid: number | null;
  /** Whether sudo may ask for a password on the user's terminal. */
  readonly terminal: boolean;
  /** Looks again once all is installed. */
  readonly examine: () => Promise<Finding[]>;
  readonly signal?: AbortSignal;
  /** Whether apt's lists must be fetched first; looked up unless given. */
  readonly listsAreStale?: boolean;
}

/**
 * Installs the plan's packages, as root or through sudo, and looks again.
 * @returns the findings as they are now.
 * @throws HalabError when there is no way to become root, or apt fails: its last lines are in the reason.
 */
export async function applyFix(
  stream: StreamRunner,
  plan: FixPlan,
  emit: Emit,
  options: ApplyOptions,
): Promise<Finding[]> {
  if (plan.packages.length === 0) return options.examine();
  const environment = {
    DEBIAN_FRONTEND: 'noninteractive',
    NEEDRESTART_SUSPEND: '1',
    LC_ALL: 'C.UTF-8',
  };
  const prefix = await becomeRoot(stream, plan, options);
  const runApt = (command: readonly string[], onLine: (line: string) => void) =>
    // sudo drops the environment, so env(1) sets it behind it.
    stream(
      [
        ...prefix,
        'env',
        ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
        ...command,
      ],
      {
        onLine,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );

  const stopped = (): boolean => options.signal?.aborted === true;
  const stale = options.listsAreStale ?? aptListsAreStale();
  for (const command of stale
    ? plan.commands
    : plan.commands.filter((words) => words[1] !== 'update')) {
    assertGoesOn(options.signal, interruptedFix);
    const step = command[1] ?? 'apt';
    emit({
      type: 'step-started',
      step,
      title:
        step === 'update'
          ? 'Fetching the lists of packages'
          : `Installing ${listed(plan.packages)}`,
    });
    const progress = aptProgress();
    const result = await runApt(command, (line) => {
      const seen = progress(line);
      if (seen !== null) emit({ type: 'step-progress', step, ...seen });
    });
    if (result.exitCode !== 0) {
      emit({ type: 'step-failed', step, text: stopped() ? 'interrupted' : 'apt failed' });
      assertGoesOn(options.signal, interruptedFix);
      // One repository of many that does not answer must not stop what the others have.
      if (step === 'update') continue;
      throw new HalabError('The packages could not be installed.', {
        reason: describeFailure({ ...result, command }),
        next: `sudo apt-get update && sudo apt-get install --no-install-recommends --no-remove ${plan.packages.join(' ')}`,
      });
    }
    emit({ type: 'step-done', step, seconds: result.milliseconds / 1000 });
  }
  return verify(emit, options);
}

const interruptedFix = (): HalabError =>
  new HalabError('Interrupted. What apt had installed so far is there.', {
    next: 'Carry on: halab doctor --fix',
    exitCode: ExitCode.interrupted,
  });

async function verify(emit: Emit, options: ApplyOptions): Promise<Finding[]> {
  const step = 'verify';
  const started = performance.now();
  emit({ type: 'step-started', step, title: 'Looking again' });
  const findings = await options.examine();
  const lacking = findings.filter(isBlocking).map(({ title }) => title);
  if (lacking.length > 0)
    emit({ type: 'step-failed', step, text: `still lacking: ${listed(lacking)}` });
  else
    emit({
      type: 'step-done',
      step,
      seconds: (performance.now() - started) / 1000,
      text: 'nothing is lacking',
    });
  return findings;
}

/** What to put before a command that needs root: nothing as root, sudo otherwise. */
async function becomeRoot(
  stream: StreamRunner,
  plan: FixPlan,
  options: ApplyOptions,
): Promise<string[]> {
  if (options.uid === 0) return [];
  const next = plan.commands.map((command) => pasteable(['sudo', ...command])).join(' && ');
  const quiet = await stream(['sudo', '-n', 'true']);
  if (quiet.exitCode === 0) return ['sudo', '-n'];
  if (quiet.exitCode === null) {
    throw new HalabError('Packages can only be installed as root, and there is no sudo here.', {
      reason: describeFailure(quiet),
      next: `As root: ${plan.commands.map((command) => pasteable(command)).join(' && ')}`,
    });
  }
  if (!options.terminal) {
    throw new HalabError(
      'Packages can only be installed as root, and there is no terminal on which sudo could ask for a password.',
      { next },
    );
  }
  const asked = await stream(['sudo', '-v'], { terminal: true });
  if (asked.exitCode !== 0) throw new HalabError('sudo did not let you become root.', { next });
  return ['sudo', '-n'];
}

/** Lists older than this name packages that mirrors have replaced since. */
const freshFor = 24 * 60 * 60 * 1000;

/** Whether apt's lists of packages are missing or older than a day. */
export function aptListsAreStale(folder = '/var/lib/apt/lists', now = Date.now()): boolean {
  if (!existsSync(folder)) return true;
  const lists = readdirSync(folder).filter((name) => /_Packages(\.\w+)?$/.test(name));
  // apt keeps the mirror's own date on the files; the folder's date tells when apt looked last.
  const looked = statSync(join(folder, 'partial'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return lists.length === 0 || now - looked > freshFor;
}

interface AptProgress {
  readonly text: string;
  /** Of the whole installation; absent until apt has said how many packages there are. */
  readonly fraction?: number;
}

/** Reads apt's output line by line; a text and how far it is, or null for a line that is no progress. */
export function aptProgress(): (line: string) => AptProgress | null {
  let packages = 0;
  const done = { fetched: 0, unpacked: 0, setUp: 0 };
  // A third each for fetching, unpacking and setting up.
  const seen = (text: string): AptProgress =>
    packages === 0
      ? { text }
      : {
          text,
          fraction: Math.min(1, (done.fetched + done.unpacked + done.setUp) / (3 * packages)),
        };
  return (line) => {
    const planned = /^(\d+) upgraded, (\d+) newly installed/.exec(line);
    if (planned !== null) {
      packages = Number(planned[1]) + Number(planned[2]);
      return null;
    }
    const got = /^Get:\d+ \S+ (?:\S+ )*?(?:all|amd64|i386|arm64) (\S+)/.exec(line);
    if (got !== null) {
      done.fetched += 1;
      return seen(`fetching ${got[1]}`);
    }
    const unpacking = /^Unpacking (\S+)/.exec(line);
    if (unpacking !== null) {
      done.unpacked += 1;
      // What was in apt's cache already was not fetched.
      done.fetched = Math.max(done.fetched, done.unpacked);
      return seen(`unpacking ${unpacking[1]}`);
    }
    const settingUp = /^Setting up (\S+)/.exec(line);
    if (settingUp === null) return null;
    done.setUp += 1;
    return seen(`setting up ${settingUp[1]}`);
  };
}
