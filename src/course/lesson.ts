import * as z from 'zod';
import { type CheckSpec, checkSchema, selectorSchema } from '../checks/index.ts';
import { machineNames, placesSchema } from '../checks/places.ts';
import { canStop } from '../drills/faults.ts';
import { activeNode } from './fill.ts';

/** The newest format of course.yaml and lesson.yaml that this halab knows. */
export const lessonFormat = 1;

const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, 'expected small letters, digits and hyphens, with a letter first');
const text = z.string().trim().min(1);
const step = z.strictObject({ on: placesSchema, run: text });
const seconds = z.number().positive();

const solutionSchema = z
  .strictObject({
    both: z.array(step).min(1).optional(),
    pcs: z.array(step).min(1).optional(),
    crmsh: z.array(step).min(1).optional(),
  })
  .refine(
    ({ both, pcs, crmsh }) =>
      both === undefined
        ? pcs !== undefined && crmsh !== undefined
        : pcs === undefined && crmsh === undefined,
    'expected pcs and crmsh, or both in their place',
  );

const taskSchema = z.strictObject({
  id,
  title: text,
  within: seconds.default(30),
  checks: z.array(checkSchema).min(1),
  hints: z.array(text).min(2, 'expected two hints or more, from a nudge to nearly the answer'),
  solution: solutionSchema,
  undo: z.array(step.extend({ what: text })).default([]),
});

const faultSchema = z
  .strictObject({
    'power-off': z.enum([...machineNames, activeNode]).optional(),
    'stop-resource': selectorSchema
      .refine(({ agent }) => canStop(agent), 'no drill knows how to stop that agent')
      .optional(),
  })
  .refine(
    (fault) => (fault['power-off'] === undefined) !== (fault['stop-resource'] === undefined),
    'expected either power-off or stop-resource',
  );

const drillSchema = z
  .strictObject({
    id,
    title: text,
    fault: faultSchema,
    active: selectorSchema.optional(),
    outage: z
      .strictObject({
        ping: text,
        from: z.enum(machineNames),
        below: seconds,
        above: z.number().min(0),
      })
      .refine(({ above, below }) => above < below, 'expected above to be less than below')
      .optional(),
    within: seconds.default(60),
    // biome-ignore lint/suspicious/noThenProperty: the lessons' own word; a list is no promise
    then: z.array(checkSchema).min(1),
    after: z.array(checkSchema).min(1),
  })
  .refine(
    ({ fault, active }) =>
      active !== undefined ||
      (fault['stop-resource'] === undefined && fault['power-off'] !== activeNode),
    { path: ['active'], message: 'expected the resource whose node is the active one' },
  );

/** lesson.yaml as it is written. */
export const lessonSchema = z.strictObject({
  format: z.literal(lessonFormat),
  id,
  title: text,
  minutes: z.number().int().positive(),
  machines: z.literal([2, 3]),
  requires: z.array(id),
  entry: z.array(checkSchema),
  tasks: z.array(taskSchema).min(1),
  drills: z.array(drillSchema).default([]),
  knows: z.array(text).min(1),
  pages: z
    .array(z.string().regex(/^[\w.:@+-]+\(\d\w*\)$/, 'expected a man page such as crm_mon(8)'))
    .min(1),
});

export type LessonFile = z.infer<typeof lessonSchema>;

/** course.yaml as it is written. */
export const courseSchema = z.strictObject({
  format: z.literal(lessonFormat),
  track: id,
  title: text,
  lessons: z.array(id).min(1),
});

export type Flavour = 'pcs' | 'crmsh';

export interface Course {
  readonly track: string;
  readonly title: string;
  readonly lessons: readonly Lesson[];
}

/** A lesson for one lab: variables filled in, machines named, what does not fit the lab left out. */
export interface Lesson {
  readonly id: string;
  readonly title: string;
  readonly minutes: number;
  readonly machines: 2 | 3;
  readonly requires: readonly string[];
  readonly entry: readonly CheckSpec[];
  readonly tasks: readonly Task[];
  readonly drills: readonly Drill[];
  readonly knows: readonly string[];
  readonly pages: readonly string[];
  readonly text: LessonText;
}

/** Markdown. */
export interface LessonText {
  readonly intro: string;
  /** By task id. */
  readonly tasks: Readonly<Record<string, string>>;
  /** By drill id; a drill need not have one. */
  readonly drills: Readonly<Record<string, string>>;
}

export interface Task {
  readonly id: string;
  readonly title: string;
  /** Seconds that the cluster may take to settle. */
  readonly within: number;
  readonly checks: readonly CheckSpec[];
  readonly hints: readonly string[];
  readonly solution: Readonly<Record<Flavour, readonly SolutionStep[]>>;
  readonly undo: readonly UndoStep[];
}

/** A bash script to run as root on each of the machines, in order. */
export interface SolutionStep {
  readonly on: readonly string[];
  readonly run: string;
}

/** How to break one thing that the checks assert. */
export interface UndoStep extends SolutionStep {
  readonly what: string;
}

export interface Drill {
  readonly id: string;
  readonly title: string;
  readonly fault: Fault;
  /** The resource whose node is "the active node". */
  readonly active?: z.infer<typeof selectorSchema>;
  readonly outage?: {
    readonly ping: string;
    readonly from: string;
    readonly below: number;
    readonly above: number;
  };
  readonly within: number;
  readonly then: readonly CheckSpec[];
  readonly after: readonly CheckSpec[];
}

/** What a drill breaks. `machine` may be "{{active}}". */
export type Fault =
  | { readonly kind: 'power-off'; readonly machine: string }
  | {
      readonly kind: 'stop-resource';
      readonly agent: string;
      readonly with: Readonly<Record<string, string>>;
    };
