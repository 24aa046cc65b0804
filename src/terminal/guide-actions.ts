import type { Verdict } from '../checks/verdict.ts';
import type { Course, Drill, Lesson, Task } from '../course/lesson.ts';
import type { Progress } from '../course/progress.ts';
import type { DrillReport } from '../drills/run.ts';
import type { Emit } from '../events.ts';
import type { Finding } from '../host/findings.ts';
import type { Machine } from '../lab/machine.ts';
import type { ResetPlan } from './reset-question.ts';

/** How the lab stands. up: all its machines run and are set up. */
export type LabView =
  | { readonly state: 'none' }
  | {
      readonly state: 'down' | 'up';
      readonly name: string;
      readonly machines: readonly Machine[];
      readonly provider: string;
    };

/** What this computer has and lacks, and what can be done about it. */
export interface ComputerView {
  readonly findings: readonly Finding[];
  /** What `applyFix` would do, in a sentence that ends the question "…?"; null when it can do nothing. */
  readonly sentence: string | null;
  /** What is left to the learner, a paragraph each. */
  readonly manual: readonly string[];
}

/** What the guide says of a lab before it makes one. */
interface LabPlan {
  /** Where halab keeps all that it makes. */
  readonly folder: string;
  /** Of one machine. */
  readonly memoryMiB: number;
  /** For all machines and the box that they are made from. */
  readonly diskMiB: number;
}

/** The command `halab`, which the shell does not find yet. */
export interface CommandOffer {
  /** Files that would be made or get a line. */
  readonly files: readonly string[];
  /** What is to be typed in each terminal without it. */
  readonly without: string;
  /** @returns what is true then. @throws HalabError when it cannot be put there. */
  accept(): string;
  decline(): void;
}

/**
 * Everything that the guided course does to the lab. The guide itself only reads and asks. Whatever
 * takes a signal ends soon after it is aborted, by an error or by returning; what it leaves behind can
 * be carried on with.
 */
export interface GuideActions {
  labPlan(): LabPlan;
  /** What is put where, when no shell finds the command `halab` that the lessons speak of; null: it is found, or was declined. */
  commandOffer(): CommandOffer | null;
  doctor(): Promise<ComputerView>;
  /** Carries out what `doctor` proposed last. @returns the findings as they are then. */
  applyFix(emit: Emit, signal: AbortSignal): Promise<readonly Finding[]>;
  lab(): Promise<LabView>;
  /** Makes the lab's record; no machine yet. */
  createLab(choice: { readonly machines: 2 | 3 }): Promise<void>;
  /** From whatever state the machines are in; also puts back what a drill that was killed had broken. */
  bringUp(emit: Emit, signal: AbortSignal): Promise<void>;
  /** Asked for only once a lab is there. */
  course(): Course;
  /** As it is on disk now. */
  progress(): Progress;
  /** Judges what the lesson builds on. @returns what does not hold. */
  enterLesson(lesson: Lesson, signal: AbortSignal): Promise<readonly Verdict[]>;
  /** Makes the lesson the current one. With `start`: does what it begins with, saves the machines as they are then, and records that it has begun. */
  beginLesson(lesson: Lesson, start: boolean, emit: Emit): Promise<void>;
  /** What a reset to the lesson's start would do. */
  resetPlan(lesson: Lesson): Promise<ResetPlan>;
  /** Brings machines and progress to the lesson's start; `forget`: also what was done in lessons that build on it. */
  reset(lesson: Lesson, forget: boolean, emit: Emit, signal: AbortSignal): Promise<void>;
  /** Judges the task, waiting for the cluster to settle, and records it when it passes. */
  check(
    lesson: Lesson,
    task: Task,
    onWait: (reason: string) => void,
    signal: AbortSignal,
  ): Promise<{
    readonly passed: boolean;
    readonly verdicts: readonly Verdict[];
    /** Wrong turns that were seen besides. */
    readonly noticed: readonly string[];
  }>;
  /** What the task lacks first, by one look; null: nothing. */
  missing(task: Task, signal: AbortSignal): Promise<Verdict | null>;
  /** How many of the task's hints were shown. */
  hintsShown(lesson: Lesson, task: Task): number;
  /** Records that one more hint was shown. */
  recordHint(lesson: Lesson, task: Task): void;
  /** Gives the terminal to a shell on the machine until that ends. */
  openShell(machine: string): Promise<void>;
  /** Runs the drill, puts the machines back, and records it when it passed. */
  drill(lesson: Lesson, drill: Drill, emit: Emit, signal: AbortSignal): Promise<DrillReport>;
  shutDown(emit: Emit, signal: AbortSignal): Promise<void>;
}
