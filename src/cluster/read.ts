import type { RawAnswer, RawObservation } from './collect.ts';
import { parseCib } from './parse/cib.ts';
import { parseQuorum } from './parse/corosync.ts';
import { parseCorosyncConf } from './parse/corosync-conf.ts';
import { parseDrbdJson, parseDrbdText } from './parse/drbd.ts';
import { excerpt } from './parse/excerpt.ts';
import { parseAddresses, parseExports, parseHosts, parseMounts } from './parse/host.ts';
import { parseControllerState, parseCrmMon } from './parse/pacemaker.ts';
import { parseUnits } from './parse/units.ts';
import { readSections, type Section } from './probe.ts';
import type {
  Answer,
  ClusterState,
  MachineState,
  PacemakerStatus,
  Problem,
  ReachableMachine,
} from './state.ts';

/**
 * Reads what `collect` brought back. Pure, so that recorded answers give the same state as live
 * ones. A part that cannot be read becomes a problem of its machine, never an exception.
 */
export function readObservation(raw: RawObservation): ClusterState {
  const machines = Object.entries(raw.answers).map(([name, answer]) =>
    readAnswer(name, answer, raw),
  );
  return deepFreeze({
    observedAt: raw.observedAt,
    machines: Object.fromEntries(
      machines.map((machine) => [machine.name, withViewOfDc(machine, machines)]),
    ),
  });
}

/** What a node lacks that follows a DC and was not asked for its own copy of the DC's view (ObserveOptions.dc). */
const unheard: Problem = { part: 'pacemaker', message: 'it follows a DC that was not heard' };

/** A follower with the view of the DC that has it online; any other machine as it is. */
function withViewOfDc(machine: MachineState, machines: readonly MachineState[]): MachineState {
  if (!machine.reachable || !machine.problems.includes(unheard)) return machine;
  const dc = machines.find(
    (other): other is ReachableMachine =>
      other.reachable &&
      other.pacemaker?.dc === other.name &&
      other.pacemaker.nodes.some(({ name, online }) => name === machine.name && online),
  );
  if (dc === undefined) return machine;
  const problems = machine.problems.filter((problem) => problem !== unheard);
  return { ...machine, pacemaker: dc.pacemaker, cib: dc.cib, problems };
}

function readAnswer(
  name: string,
  answer: RawAnswer,
  { token, commands }: RawObservation,
): MachineState {
  if (!answer.reached) return { name, reachable: false, reason: answer.reason };
  const sections = readSections(answer.output, token);
  if (!sections.has('clock.start')) {
    const said = answer.stderr.trim() || answer.output.trim() || `exit code ${answer.exitCode}`;
    return {
      name,
      reachable: false,
      reason: `it answers, but nothing can be run on it as root: ${said}`,
    };
  }
  return readMachine(name, sections, answer, commands ?? []);
}

/** Exit code of a command that the probe's watcher ended (128 + SIGKILL). */
const killed = 137;

type Reached = Extract<RawAnswer, { reached: true }>;

function readMachine(
  name: string,
  sections: ReadonlyMap<string, Section>,
  answer: Reached,
  commands: readonly string[],
): ReachableMachine {
  const problems: Problem[] = [];

  /** What `parse` makes of a section; `missing` when there is none or it cannot be read. */
  function part<T>(
    part: string,
    section: string,
    parse: (text: string) => T,
    missing: T,
    fine: (exitCode: number) => boolean = (code) => code === 0,
  ): T {
    const found = sections.get(section);
    if (found === undefined) return missing;
    try {
      if (!fine(found.exitCode)) throw new Error(failureOf(found));
      return parse(found.text);
    } catch (error) {
      problems.push({ part, message: error instanceof Error ? error.message : String(error) });
      return missing;
    }
  }

  const text = (section: string): string => sections.get(section)?.text ?? '';
  const machine: ReachableMachine = {
    name,
    reachable: true,
    hostname: text('hostname').trim(),
    addresses: part('addresses', 'addresses', parseAddresses, []),
    hosts: part('hosts', 'hosts', parseHosts, []),
    mounts: part('mounts', 'mounts', parseMounts, []),
    exports: part('exports', 'exports', parseExports, []),
    units: part('units', 'units.loaded', (loaded) => parseUnits(loaded, text('units.enabled')), {}),
    // 2: not quorate (corosync-quorumtool(8)).
    corosync: part('corosync', 'quorum', parseQuorum, null, (code) => code === 0 || code === 2),
    corosyncConf: part('corosyncConf', 'corosync.conf', parseCorosyncConf, null),
    pacemaker: part<PacemakerStatus | null>(
      'pacemaker',
      'crm_mon',
      (xml) => ({
        ...parseCrmMon(xml),
        dcState: part('pacemaker.dcState', 'dc', parseControllerState, null),
      }),
      null,
      // Its failures are told in the XML.
      (code) => code !== killed,
    ),
    cib: part('cib', 'cib', parseCib, null),
    drbd: [
      ...part('drbd', 'drbd.text', (status) => parseDrbdText(status, text('drbd.proc')), []),
      ...part('drbd', 'drbd.json', parseDrbdJson, []),
    ],
    answers: answersTo(commands, sections),
    clockOffsetMs: clockOffset(sections, answer),
    problems,
  };
  if (
    !sections.has('crm_mon') &&
    part('controller', 'controller', parseControllerState, null) === 'S_NOT_DC'
  )
    problems.push(unheard);
  if (!sections.has('clock.end')) {
    const last = [...sections.keys()].at(-1);
    problems.push({ part: 'probe', message: `the answer breaks off after "${last}"` });
  }
  return machine;
}

function answersTo(
  commands: readonly string[],
  sections: ReadonlyMap<string, Section>,
): Record<string, Answer> {
  const found: Record<string, Answer> = {};
  for (const [index, command] of commands.entries()) {
    const section = sections.get(`answer.${index}`);
    if (section === undefined) continue;
    const { text, exitCode } = section;
    found[command] = { output: text, exitCode: exitCode === killed ? null : exitCode };
  }
  return found;
}

const failureOf = ({ exitCode, text }: Section): string =>
  exitCode === killed ? 'no answer in time' : `exit code ${exitCode}: ${excerpt(text)}`;

/**
 * How far the machine's clock is ahead of the host's, in milliseconds. The probe reads the clock
 * first and last; if sending it took as long as answering, the mean of both differences is right
 * (the formula of NTP, RFC 5905), and it is never wrong by more than half of what the round trip
 * took beyond the probe itself: some 0.2 s.
 */
function clockOffset(
  sections: ReadonlyMap<string, Section>,
  { sentAt, answeredAt }: Reached,
): number {
  const at = (section: string): number => Number(sections.get(section)?.text) * 1000;
  const ahead = at('clock.start') - sentAt;
  if (!sections.has('clock.end')) return Math.round(ahead);
  return Math.round((ahead + at('clock.end') - answeredAt) / 2);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
