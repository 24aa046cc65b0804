import { inspect } from 'node:util';
import type { Verdict } from '../checks/verdict.ts';
import type { Course, Drill, Flavour, Lesson, Task } from '../course/lesson.ts';
import { lessonStatus, type Progress } from '../course/progress.ts';
import { inWords } from '../drills/breakdown.ts';
import type { DrillReport } from '../drills/run.ts';
import { HalabError } from '../errors.ts';
import { type Finding, isBlocking } from '../host/findings.ts';
import { renderMarkdown } from './markdown.ts';
import { plain, type Style, styleOf, table, wrap } from './style.ts';

// Each function returns text without a line break at its end. Without a style it is written for
// standard output as it is now.
const outStyle = (): Style => styleOf(process.stdout);

/** A heading line. */
export const renderHeading = (text: string, style: Style = outStyle()): string =>
  wrap(plain(text), style.width).replace(/^.+$/gm, (line) => style.heading(line));

/** A sentence or more, wrapped. */
export const renderText = (text: string, style: Style = outStyle()): string =>
  wrap(plain(text), style.width);

/** Every verdict with what was seen below it. */
export function renderVerdicts(verdicts: readonly Verdict[], style: Style = outStyle()): string {
  return verdicts.map((verdict) => renderVerdict(verdict, style)).join('\n');
}

function renderVerdict({ passed, expectation, evidence }: Verdict, style: Style): string {
  const sign = passed ? style.good(style.signs.good) : style.bad(style.signs.bad);
  const seen = evidence.trim() === '' ? [] : [wrap(plain(evidence), style.width, '    ')];
  return [wrap(plain(expectation), style.width, `${sign} `, '  '), ...seen].join('\n');
}

/** What was seen besides what was checked; "" when there is nothing. */
export function renderNoticed(noticed: readonly string[], style: Style = outStyle()): string {
  const sign = style.warning(style.signs.warning);
  return noticed
    .map((text) => wrap(plain(`Noticed: ${text}`), style.width, `${sign} `, '  '))
    .join('\n');
}

/** What this computer has and lacks: one line each, and below a problem what is needed and how to mend it. */
export function renderFindings(findings: readonly Finding[], style: Style = outStyle()): string {
  return findings.map((finding) => renderFinding(finding, style)).join('\n');
}

const standing = {
  ok: 'ok',
  missing: 'missing',
  'too-old': 'too old',
  warning: 'warning',
} as const;

function renderFinding(finding: Finding, style: Style): string {
  const { signs } = style;
  const sign = isBlocking(finding)
    ? style.bad(signs.bad)
    : finding.status === 'warning'
      ? style.warning(signs.warning)
      : style.good(signs.good);
  const word = finding.status === 'ok' ? '' : `${standing[finding.status]}: `;
  const line = wrap(
    plain(`${finding.title}: ${word}${finding.found}`),
    style.width,
    `${sign} `,
    '  ',
  );
  if (finding.status === 'ok') return line;
  const lines = [line, wrap(plain(`Needed: ${finding.needed}.`), style.width, '    ')];
  if (finding.fix !== null) {
    lines.push(wrap(plain(`Fix: ${finding.fix.explain}`), style.width, '    '));
    for (const command of finding.fix.commands) lines.push(`        ${style.code(plain(command))}`);
  }
  return lines.join('\n');
}

/** What was broken, what a client saw of it, and what was checked. */
export function renderDrill(report: DrillReport, style: Style = outStyle()): string {
  const { signs } = style;
  const sign = report.passed ? style.good(signs.good) : style.bad(signs.bad);
  const head = style.bold(
    `${report.passed ? 'Drill passed' : 'Drill failed'}: ${plain(report.title)}`,
  );
  const parts = [
    wrap(head, style.width, `${sign} `, '  '),
    wrap(plain(`What was broken: ${report.fault}`), style.width, '  '),
  ];
  const { outage } = report;
  if (outage !== null) {
    const seconds = outage.seconds.toFixed(1);
    const limit =
      outage.limitSeconds === null ? 'it was to stand' : `${outage.limitSeconds} s are allowed`;
    const saw = outage.recovered
      ? `Outage: ${seconds} s; ${limit}.`
      : `Outage: not over after ${seconds} s; ${limit}.`;
    // How it was measured is in the verdict's evidence.
    parts.push(wrap(style.bold(saw), style.width, '  '));
    if (outage.recovered && outage.parts !== null)
      parts.push(wrap(`It went to: ${inWords(outage.parts)}.`, style.width, '  '));
    parts.push('', renderVerdict(outage.verdict, style));
  } else {
    parts.push('');
  }
  if (report.verdicts.length > 0) parts.push(renderVerdicts(report.verdicts, style));
  return parts.join('\n').trimEnd();
}

const stage = {
  unfit: { sign: 'locked', word: 'needs a larger lab' },
  locked: { sign: 'locked', word: 'locked' },
  open: { sign: 'open', word: 'open' },
  started: { sign: 'started', word: 'started' },
  done: { sign: 'good', word: 'done' },
  skipped: { sign: 'open', word: 'skipped' },
} as const;

/** The course as a list: where each lesson stands, how long it takes, and why a locked one is locked. */
export function renderLessons(
  course: Course,
  progress: Progress,
  style: Style = outStyle(),
): string {
  const lines = course.lessons.map((lesson, index) => {
    const status = lessonStatus(course, progress, lesson.id);
    const { sign, word } = stage[status];
    const number = String(index + 1).padStart(String(course.lessons.length).length);
    const mark = status === 'done' ? style.good(style.signs[sign]) : style.signs[sign];
    const head = `${mark} ${number}. `;
    const rest = ' '.repeat(number.length + 4);
    const about = `${word}, about ${lesson.minutes} minutes`;
    const first = wrap(`${style.bold(plain(lesson.title))} (${about})`, style.width, head, rest);
    if (status === 'unfit')
      return `${first}\n${wrap(plain(tooSmall(course, lesson)), style.width, rest)}`;
    if (status !== 'locked') return first;
    const wanting = lesson.requires.filter(
      (id) => !['done', 'skipped'].includes(lessonStatus(course, progress, id)),
    );
    const titles = wanting.map(
      (id) => `"${course.lessons.find((other) => other.id === id)?.title ?? id}"`,
    );
    return titles.length === 0
      ? first
      : `${first}\n${wrap(plain(`Opens after ${titles.join(' and ')}.`), style.width, rest)}`;
  });
  return [renderHeading(course.title, style), '', ...lines].join('\n');
}

/** Why a lesson cannot be played in this lab, and how it can. */
export const tooSmall = ({ machineCount }: Course, { machines }: Lesson): string =>
  `Needs ${machines} machines; this lab has ${machineCount}. Make a second lab beside it: halab --lab three up --machines ${machines}`;

/** The lesson's title with its place in the course, and the text that opens it. */
export function renderLesson(course: Course, lesson: Lesson, style: Style = outStyle()): string {
  const number = course.lessons.findIndex(({ id }) => id === lesson.id) + 1;
  const head = renderHeading(
    `Lesson ${number} of ${course.lessons.length}: ${lesson.title}`,
    style,
  );
  return [head, `About ${lesson.minutes} minutes`, '', renderMarkdown(lesson.text.intro, style)]
    .join('\n')
    .trimEnd();
}

/** A task's title with its place in the lesson, and its text. */
export function renderTask(lesson: Lesson, task: Task, style: Style = outStyle()): string {
  const number = lesson.tasks.findIndex(({ id }) => id === task.id) + 1;
  const head = renderHeading(`Task ${number} of ${lesson.tasks.length}: ${task.title}`, style);
  return [head, '', renderMarkdown(lesson.text.tasks[task.id] ?? '', style)].join('\n').trimEnd();
}

/**
 * The hint with that index (from 0). `missing`: what the task lacks first, as the machines are now; null
 * when it lacks nothing, undefined when they could not be looked at.
 */
export function renderHint(
  task: Task,
  index: number,
  missing: Verdict | null | undefined,
  style: Style = outStyle(),
): string {
  const seen =
    missing === undefined
      ? []
      : missing === null
        ? [wrap('By now nothing is missing any more: check again.', style.width), '']
        : ['What is missing first, as the machines are now:', renderVerdict(missing, style), ''];
  return [
    ...seen,
    style.bold(`Hint ${index + 1} of ${task.hints.length}`),
    '',
    renderMarkdown(task.hints[index] ?? '', style),
  ].join('\n');
}

/** The solution of a task: for each step on which machine, and what to type there as root. */
export function renderSolution(task: Task, flavour: Flavour, style: Style = outStyle()): string {
  const steps = task.solution[flavour].map(({ on, run }) => {
    const lines = plain(run).trimEnd().split('\n');
    return [
      `As root on ${on.join(', then on ')}:`,
      ...lines.map((line) => (line === '' ? '' : `    ${style.code(line)}`)),
    ].join('\n');
  });
  const title = hasOneWay(task) ? 'Solution' : `Solution with ${flavour}`;
  return [style.bold(plain(`${title}: ${task.title}`)), ...steps].join('\n\n');
}

/** Whether the task is solved in the same way with either tool. */
export const hasOneWay = ({ solution }: Task): boolean =>
  JSON.stringify(solution.pcs) === JSON.stringify(solution.crmsh);

/** What ends a lesson: what the learner now knows, and where to read on. */
export function renderLessonEnd(lesson: Lesson, style: Style = outStyle()): string {
  const parts = [
    wrap(
      style.bold(`Lesson done: ${plain(lesson.title)}`),
      style.width,
      `${style.good(style.signs.good)} `,
      '  ',
    ),
  ];
  if (lesson.knows.length > 0) {
    parts.push(
      style.bold('What you now know'),
      renderMarkdown(lesson.knows.map((known) => `- ${known}`).join('\n'), style),
    );
  }
  if (lesson.pages.length > 0)
    parts.push(wrap(plain(`Read on, on the machines: ${lesson.pages.join(', ')}`), style.width));
  return parts.join('\n\n');
}

/** What a drill is going to do, in a line. */
export function renderDrillOffer(lesson: Lesson, drill: Drill, style: Style = outStyle()): string {
  const offer = `Drill: ${drill.title}. The lab breaks something on purpose, measures what a client sees of it, and puts the machines back.`;
  const text = lesson.text.drills[drill.id] ?? '';
  const parts = text === '' ? [] : [renderMarkdown(text, style)];
  return [...parts, wrap(style.bold(plain(offer)), style.width)].join('\n\n');
}

/** A lab at a glance, as `halab status` shows it. */
export interface StatusView {
  readonly lab: string;
  /** "rootless (KVM)" */
  readonly provider: string;
  /** `state`: a word or a few: "running", "off", "running, does not answer: connection refused". */
  readonly machines: readonly {
    readonly name: string;
    readonly role: string;
    readonly ip: string;
    readonly state: string;
  }[];
  /** Further lines: name and value, e.g. ["Lesson", "A virtual IP, task 2 of 4"], ["Disk", "1.2 GB"]. */
  readonly facts: readonly (readonly [string, string])[];
}

/** The machines of a lab as a table, and the other facts below it. */
export function renderStatus(view: StatusView, style: Style = outStyle()): string {
  const rows = view.machines.map(({ name, role, ip, state }) => [name, role, ip, state].map(plain));
  const facts: readonly (readonly [string, string])[] = [
    ['Lab', view.lab],
    ['Provider', view.provider],
    ...view.facts,
  ];
  const widest = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) =>
    wrap(plain(value), style.width, `${`${name}:`.padEnd(widest + 2)}`, ' '.repeat(widest + 2)),
  );
  return [table(['Machine', 'Role', 'Address', 'State'], rows, style), '', ...lines].join('\n');
}

/** What can be broken, for a list: `lasts`: seconds until it is undone by itself. */
export interface FaultView {
  readonly kind: string;
  readonly does: string;
  readonly expect: string;
  readonly lasts: number | null;
}

/** All kinds of faults with what each does and what to expect. */
export const renderFaults = (faults: readonly FaultView[], style: Style = outStyle()): string =>
  faults
    .map(({ kind, does, expect, lasts }) =>
      [
        style.bold(plain(kind)),
        wrap(
          plain(lasts === null ? does : `${does} Undone by itself after ${lasts} s.`),
          style.width,
          '  ',
        ),
        wrap(plain(`Expect: ${expect}`), style.width, '  '),
      ].join('\n'),
    )
    .join('\n');

/** What a checkpoint is, for a list: `lesson` is the title of the lesson at whose start it was taken. */
export interface CheckpointView {
  readonly name: string;
  readonly lesson: string | null;
  readonly madeAt: string;
}

/** The checkpoints of a lab, the oldest first. */
export function renderCheckpoints(
  checkpoints: readonly CheckpointView[],
  style: Style = outStyle(),
): string {
  const rows = checkpoints.map(({ name, lesson, madeAt }) =>
    [
      name,
      new Date(madeAt).toLocaleString('sv-SE'),
      lesson === null ? 'your own' : `start of "${lesson}"`,
    ].map(plain),
  );
  return table(['Name', 'Taken', 'What it is'], rows, style);
}

/**
 * An error for a person: what happened, why, and what to do next. Any error that is not a HalabError
 * is a bug of halab's, and shown with its stack; `verbose` shows the stack of the others too.
 */
export function renderError(
  error: unknown,
  options: { verbose?: boolean; style?: Style } = {},
): string {
  const style = options.style ?? styleOf(process.stderr);
  const sign = style.bad(style.signs.bad);
  if (!(error instanceof HalabError)) {
    const what = error instanceof Error ? error.message : String(error);
    return [
      wrap(
        style.bold(plain(`halab failed, and this is a mistake in halab itself: ${what}`)),
        style.width,
        `${sign} `,
        '  ',
      ),
      plain(error instanceof Error ? (error.stack ?? '') : inspect(error)),
      wrap(
        'Please report it with the lines above. What the machines hold is not touched; try again: halab',
        style.width,
      ),
    ].join('\n');
  }
  const lines = [wrap(style.bold(plain(error.message)), style.width, `${sign} `, '  ')];
  if (error.reason !== undefined && error.reason.trim() !== '')
    lines.push(wrap(plain(error.reason.trimEnd()), style.width, '  '));
  if (error.next !== undefined) lines.push(wrap(plain(`Next: ${error.next}`), style.width, '  '));
  if (options.verbose === true) lines.push(plain(inspect(error)));
  return lines.join('\n');
}
