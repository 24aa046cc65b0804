import { setTimeout as sleepFor } from 'node:timers/promises';
import { type CheckSpec, judge } from '../checks/index.ts';
import type { Verdict } from '../checks/verdict.ts';
import { wrongTurns } from '../checks/wrong-turns.ts';
import { isSettled, settlingReason } from '../cluster/settling.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { Machine } from '../lab/machine.ts';

export interface SettleOptions {
  readonly observe: (options: {
    checks: readonly CheckSpec[];
    patient: boolean;
    brief: boolean;
  }) => Promise<ClusterState>;
  readonly checks: readonly CheckSpec[];
  /** Ask the machines also what these checks need to know, for whoever reads the state afterwards. */
  readonly also?: readonly CheckSpec[];
  readonly machines: readonly Machine[];
  /** Seconds that the cluster may take. */
  readonly within: number;
  /** Wait to the limit for a pass, even when the cluster is at rest. */
  readonly patient: boolean;
  /** What is expected with good reason, as by the smoke: of that, one observation of a cluster at rest is believed. */
  readonly expected?: 'pass' | 'refusal';
  /**
   * Waits until the cluster has nothing left to do, at most so many seconds, at less cost than a look. Used where
   * nobody sits and waits: when the look is patient, or its outcome expected.
   */
  readonly untilRest?: (seconds: number) => Promise<void>;
  /** Told, once for each, what is waited for. */
  readonly onWait?: (reason: string) => void;
  readonly signal?: AbortSignal;
  /** For tests: how time passes. */
  readonly clock?: { now(): number; sleep(milliseconds: number): Promise<void> };
}

export interface SettleResult {
  readonly passed: boolean;
  readonly verdicts: readonly Verdict[];
  /** Wrong turns that were seen besides, for a result that is no pass. */
  readonly noticed: readonly string[];
  readonly state: ClusterState;
  readonly waitedSeconds: number;
}

const realClock = {
  now: () => performance.now(),
  sleep: (milliseconds: number) => sleepFor(milliseconds),
};

/** The longest pause between two observations, in milliseconds. */
const longestPause = 5000;

/**
 * How long to wait after an observation that took so long, in milliseconds. An observation takes some hundred itself, so two begin
 * about a second apart: enough to be two, short enough to be waited for. On a busy machine under
 * emulation one takes seconds, of the cluster's own time: what is waited for would come later for it.
 * So nobody looks for more than half of the time; nor for more than a third where nobody sits and waits.
 * One that took very long was itself kept waiting, by machines with other work: what it costs them has an upper bound, and so has the pause.
 */
export const pauseAfter = (observation: number, { patient = false } = {}): number =>
  Math.min(Math.max(500, patient ? 2 * observation : observation), longestPause);

/**
 * Seconds that a patient look waits on, beyond its limit, for a machine that does not answer: that
 * says nothing of the cluster yet. A busy machine under emulation can be silent for that long.
 */
const silence = 60;

/** Seconds after which one looks again even at a cluster that does not come to rest: the checks may pass all the same. */
const restless = 20;

/**
 * Observes until the checks are decided. A pass is believed only when two observations in a row agree.
 * A refusal is given at once when all that fails is set up wrongly, which no waiting will mend; when two in
 * a row agree and the cluster is at rest or something is set up wrongly; or when the time is over. A
 * pass in the last moment gets one observation more to be confirmed. What is `expected` needs no second one when
 * the cluster is at rest. A stop by `signal` counts as no pass unless it was confirmed.
 */
export async function settle(options: SettleOptions): Promise<SettleResult> {
  const {
    checks,
    also = [],
    machines,
    within,
    patient,
    expected,
    signal,
    clock = realClock,
  } = options;
  const started = clock.now();
  const told = new Set<string>();
  let before: readonly Verdict[] | null = null;
  let late = false;
  const waited = (): number => (clock.now() - started) / 1000;
  const rest = async (): Promise<void> => {
    if (!patient && expected === undefined) return;
    const left = Math.min(within - waited(), restless);
    if (left > 0) await options.untilRest?.(left);
  };
  if (patient) await rest();
  for (;;) {
    const began = clock.now();
    const state = await options.observe({
      checks: [...checks, ...also],
      patient,
      brief: expected !== undefined,
    });
    const took = clock.now() - began;
    const verdicts = checks.map((check) => judge(check, state, machines));
    const waitedSeconds = waited();
    const passed = verdicts.every((verdict) => verdict.passed);
    const agrees = before !== null && sameOutcome(before, verdicts);
    const moving = settlingReason(state);
    const failing = verdicts.filter((verdict) => !verdict.passed);
    const lasting = failing.some((verdict) => verdict.lasting);
    const allLasting = !passed && failing.every((verdict) => verdict.lasting);
    const refused = !patient && (allLasting || (agrees && (moving === null || lasting)));
    const silent = Object.values(state.machines).some((machine) => !machine.reachable);
    const asExpected = expected === (passed ? 'pass' : 'refusal') && isSettled(state);
    const decided = refused || (agrees && passed) || asExpected;
    const limit = patient && silent && !passed ? within + silence : within;
    const timeIsUp = before !== null && waitedSeconds >= limit && (!passed || late);
    if (decided || timeIsUp || signal?.aborted === true) {
      const confirmed = passed && (agrees || asExpected);
      const noticed = confirmed ? [] : wrongTurns({ state, machines });
      return { passed: confirmed, verdicts, noticed, state, waitedSeconds };
    }
    if (waitedSeconds >= limit && before !== null) late = true;
    if (before !== null && !passed) tell(moving ?? firstFailure(verdicts));
    before = verdicts;
    await Promise.all([clock.sleep(pauseAfter(took, { patient })), rest()]);
  }

  function tell(reason: string): void {
    if (told.has(reason)) return;
    told.add(reason);
    options.onWait?.(reason);
  }
}

const firstFailure = (verdicts: readonly Verdict[]): string =>
  verdicts.find(({ passed }) => !passed)?.evidence ?? '';

const sameOutcome = (one: readonly Verdict[], other: readonly Verdict[]): boolean =>
  one.every(
    ({ passed, evidence }, index) =>
      passed === other[index]?.passed && steady(evidence) === steady(other[index]?.evidence ?? ''),
  );

/** Evidence without how long something took: a command says another time each time that it is asked. */
const steady = (evidence: string): string =>
  evidence.replaceAll(/\b\d+(\.\d+)? ?(ms|milliseconds|s|seconds)\b/g, 'some time');
