import type { Breakdown } from '../drills/breakdown.ts';

/** One thing that the smoke tried. */
export interface SmokeResult {
  readonly lesson: string;
  /** "task vip: passes after the solution", "drill power-cut". */
  readonly name: string;
  readonly passed: boolean;
  /** What was seen: evidence, or why it failed. */
  readonly detail: string;
  readonly seconds: number;
  /** Seconds without an answer, where a drill measured them. */
  readonly outageSeconds?: number;
  /** What the outage went to, where the logs told. */
  readonly parts?: Breakdown;
}

/** How one thing went, before it has a name and a time. */
export type Outcome = Omit<SmokeResult, 'lesson' | 'name' | 'seconds'>;
