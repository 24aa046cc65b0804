import * as z from 'zod';
import { type CheckSpec, checkSchema, selectorSchema } from '../checks/index.ts';
import { machineNames, placesSchema } from '../checks/places.ts';
import { canStop } from '../drills/faults.ts';
import { type FaultName, faultNames } from '../faults/kinds.ts';
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
  exercise: z.boolean().default(false),
  checks: z.array(checkSchema).min(1),
  hints: z.array(text).min(2, 'expected two hints or more, from a nudge to nearly the answer'),
  solution: solutionSchema,
  undo: z.array(step.extend({ what: text, redo: text.optional() })).default([]),
});

/** The ways to write a fault, each by the key that it alone has. */
const faultForms = ['power-off', 'stop-resource', 'kind', 'run'] as const;

const victimSchema = z.enum([...machineNames, activeNode]);

const faultSchema = z
  .strictObject({
    'power-off': victimSchema.optional(),
    'stop-resource': selectorSchema
      .refine(({ agent }) => canStop(agent), 'no drill knows how to stop that agent')
      .optional(),
    kind: z.enum(faultNames).optional(),
    unit: text.optional(),
    run: text.optional(),
    what: text.optional(),
    undo: text.optional(),
    on: victimSchema.optional(),
  })
  .superRefine((fault, context) => {
    const given = faultForms.filter((form) => fault[form] !== undefined);
    const [form] = given;
    if (form === undefined || given.length > 1) {
      context.addIssue(`expected exactly one of ${faultForms.join(', ')}`);
      return;
    }
    const { [form]: _, ...others } = fault;
    const wanted = { 'power-off': [], 'stop-resource': [], kind: ['on'], run: ['on', 'what'] }[
      form
    ];
    const allowed = {
      'power-off': [],
      'stop-resource': [],
      kind: ['on', 'unit'],
      run: ['on', 'what', 'undo'],
    }[form];
    for (const key of wanted as string[]) {
      if (!(key in others)) context.addIssue(`a fault with ${form} needs ${key}`);
    }
    for (const key of Object.keys(others)) {
      if (!(allowed as string[]).includes(key))
        context.addIssue(`a fault with ${form} has no ${key}`);
    }
  });

const outageSchema = z
  .strictObject({
    ping: text.optional(),
    ask: text.optional(),
    from: z.enum(machineNames),
    below: seconds.optional(),
    above: z.number().min(0).optional(),
    stands: z.literal(true).optional(),
  })
  .refine(
    ({ ping, ask }) => (ping === undefined) !== (ask === undefined),
    'expected either ping or ask',
  )
  .refine(
    ({ below, stands }) => (below === undefined) !== (stands === undefined),
    'expected either below or stands',
  )
  .refine(
    ({ above, below }) => above === undefined || below === undefined || above < below,
    'expected above to be less than below',
  );

const drillSchema = z
  .strictObject({
    id,
    title: text,
    fault: faultSchema,
    active: selectorSchema.optional(),
    outage: outageSchema.optional(),
    within: seconds.default(60),
    hold: seconds.optional(),
    // biome-ignore lint/suspicious/noThenProperty: the lessons' own word; a list is no promise
    then: z.array(checkSchema).min(1),
    after: z.array(checkSchema).min(1),
  })
  .refine(
    ({ fault, active }) =>
      active !== undefined ||
      (fault['stop-resource'] === undefined && !JSON.stringify(fault).includes(activeNode)),
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
  start: z.strictObject({ what: text, steps: z.array(step).min(1) }).optional(),
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
  /** How many machines the lab has for which the course was read. */
  readonly machineCount: number;
  readonly lessons: readonly Lesson[];
}

/** Whether a lab has the machines that a lesson needs. */
export const fits = ({ machineCount }: Course, { machines }: Lesson): boolean =>
  machines <= machineCount;

/** A lesson for one lab: variables filled in, machines named, what does not fit the lab left out. */
export interface Lesson {
  readonly id: string;
  readonly title: string;
  readonly minutes: number;
  readonly machines: 2 | 3;
  readonly requires: readonly string[];
  readonly entry: readonly CheckSpec[];
  /** What halab does to the machines when the lesson is begun, and its scripts; null: nothing. */
  readonly start: { readonly what: string; readonly steps: readonly SolutionStep[] } | null;
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
  /**
   * All exercises of a lesson together leave the machines as they were: who only has to reach a later lesson
   * leaves them out.
   */
  readonly exercise: boolean;
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
  /**
   * A script that puts it back, on the same machines; `wholeConfiguration`: the cluster's configuration is put back as it was.
   * Without one, all machines go back to a checkpoint.
   */
  readonly redo?: string | undefined;
}

/** The word that stands for a script in `redo`. */
export const wholeConfiguration = 'configuration';

export interface Drill {
  readonly id: string;
  readonly title: string;
  readonly fault: Fault;
  /** The resource whose node is "the active node". */
  readonly active?: z.infer<typeof selectorSchema>;
  readonly outage?: OutageSpec;
  readonly within: number;
  /** Seconds for which \`then\` must go on holding. */
  readonly hold: number | null;
  readonly then: readonly CheckSpec[];
  readonly after: readonly CheckSpec[];
}

/** What a client asks for during a drill, and how long it may be without an answer. */
export interface OutageSpec {
  /** An address to ping, or else a command to run: one of the two. */
  readonly ping?: string;
  readonly ask?: string;
  readonly from: string;
  /** Seconds; null: there must be no answer as long as the fault stands. */
  readonly below: number | null;
  /** Seconds that the outage must exceed, so that the fault has hit; null: none need be seen. */
  readonly above: number | null;
}

/** What a drill breaks. `machine` and the scripts may hold "{{active}}". */
export type Fault =
  | { readonly kind: 'power-off'; readonly machine: string }
  | {
      readonly kind: 'stop-resource';
      readonly agent: string;
      readonly with: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'fault';
      readonly name: FaultName;
      readonly machine: string;
      readonly unit: string;
    }
  | {
      readonly kind: 'script';
      readonly machine: string;
      readonly run: string;
      readonly what: string;
      readonly undo: string | null;
    };
