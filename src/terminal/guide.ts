import type { Verdict } from '../checks/verdict.ts';
import type { Course, Flavour, Lesson, Task } from '../course/lesson.ts';
import { currentLesson, currentTask, lessonStatus, openDrills } from '../course/progress.ts';
import { ExitCode, HalabError, usageError } from '../errors.ts';
import { isBlocking } from '../host/findings.ts';
import type { GuideActions, LabView } from './guide-actions.ts';
import { interruptible } from './interruptible.ts';
import { agree, type Choice, choose, Interrupted } from './prompt.ts';
import {
  hasOneWay,
  renderDrill,
  renderDrillOffer,
  renderError,
  renderFindings,
  renderHeading,
  renderHint,
  renderLesson,
  renderLessonEnd,
  renderLessons,
  renderNoticed,
  renderSolution,
  renderTask,
  renderText,
  renderVerdicts,
} from './report.ts';
import { askToReset } from './reset-question.ts';
import { styleOf } from './style.ts';

export interface GuideOptions {
  /** The questions of the set-up answer themselves with yes. */
  readonly yes: boolean;
  /** What is typed to come back here: "halab", or "halab --lab NAME". */
  readonly command: string;
}

/**
 * The guided course: sees to the computer and the machines, and leads through the lessons from where
 * the learner was. Writes to standard output, line after line; nothing on the screen is ever cleared
 * but halab's own question.
 * @returns the exit code: 0 when the learner left by the menu, 130 after Ctrl-C.
 * @throws HalabError (exit 2) without a terminal, and whatever keeps the lab from running (exit 3).
 */
export async function runGuide(actions: GuideActions, options: GuideOptions): Promise<ExitCode> {
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true) {
    throw usageError(
      'The guided course needs a terminal to ask its questions in.',
      'Without one: halab up --yes, then halab learn, halab check and halab drill',
    );
  }
  try {
    const ready = await setUp(actions, options);
    if (ready) {
      if (!options.yes) await offerCommand(actions);
      await lead(actions, options);
    }
    return ExitCode.fine;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const onward = `Carry on with: ${options.command}`;
    if (error.message === '') say('', `Nothing is lost. ${onward}`);
    else say('', error.message, onward);
    return ExitCode.interrupted;
  }
}

/** Writes paragraphs; strings that are rendered already keep their lines. */
function say(...texts: readonly string[]): void {
  for (const text of texts)
    process.stdout.write(`${text === '' ? '' : text.includes('\n') ? text : renderText(text)}\n`);
}

/** Writes text that is rendered already, with a free line before it. */
const show = (text: string): void => {
  process.stdout.write(`\n${text}\n`);
};

// --- the computer and the machines -------------------------------------------------------------

/** Sees to it that a lab is up. @returns false when the learner does not want it to be. */
async function setUp(actions: GuideActions, options: GuideOptions): Promise<boolean> {
  const lab = await actions.lab();
  if (lab.state !== 'none')
    return (
      lab.state === 'up' || bringUp(actions, options, 'Your machines are off. Bring them up now?')
    );
  welcome(actions);
  if (!(await mendComputer(actions, options))) return false;
  const machines = options.yes ? 3 : await askMachines(actions);
  if (
    !options.yes &&
    !(await agree(`Make ${machines === 3 ? 'three' : 'two'} machines and start them?`))
  ) {
    say('', `Nothing was made. Begin at any time with: ${options.command}`);
    return false;
  }
  await actions.createLab({ machines });
  return bringUp(actions, { ...options, yes: true }, '');
}

function welcome(actions: GuideActions): void {
  const { folder, memoryMiB, diskMiB } = actions.labPlan();
  show(renderHeading('Welcome to halab'));
  say(
    '',
    'Here you learn Linux high availability on real machines that you may break: you build a cluster, halab looks at it and tells you what it sees, and then pulls the plug.',
    '',
    `It will make two or three virtual machines on this computer, with about ${memoryMiB} MiB of memory each and ${gigabytes(diskMiB)} of disk in all. They live in ${folder}. Nothing is installed without asking you. halab destroy removes the machines with all that belongs to them, and halab box remove what they were made from.`,
    '',
    'Leave at any time with Ctrl-C, or with "quit" in a menu. Nothing is lost, and you come back to where you were. In a menu type the letter, or use the arrow keys, and then Enter.',
  );
}

const gigabytes = (mebibytes: number): string =>
  `${(mebibytes / 1024).toFixed(mebibytes < 10_240 ? 1 : 0)} GiB`;

/** Looks at the computer and mends it on consent. @returns false when the learner wants nothing done. */
async function mendComputer(actions: GuideActions, options: GuideOptions): Promise<boolean> {
  say('');
  const computer = await interruptible(async (emit) => {
    const started = performance.now();
    emit({ type: 'step-started', step: 'doctor', title: 'Looking at this computer' });
    const seen = await actions.doctor();
    emit({ type: 'step-done', step: 'doctor', seconds: (performance.now() - started) / 1000 });
    return seen;
  });
  const problems = computer.findings.filter(({ status }) => status !== 'ok');
  const fine = computer.findings.length - problems.length;
  say(`${fine} of ${computer.findings.length} things that a lab needs are as they should be.`);
  if (problems.length > 0) show(renderFindings(problems));
  if (!problems.some(isBlocking)) return true;
  for (const paragraph of computer.manual)
    show(
      paragraph
        .split('\n')
        .map((line) => (line.startsWith(' ') ? line : renderText(line)))
        .join('\n'),
    );
  if (computer.sentence === null)
    throw notReady(problems.filter(isBlocking).map(({ title }) => title));
  say('', computer.sentence);
  if (!options.yes && !(await agree('Do that now?'))) {
    say('', `Nothing was changed. Begin at any time with: ${options.command}`);
    return false;
  }
  say('');
  const after = await interruptible((emit, signal) => actions.applyFix(emit, signal));
  const left = after.filter(isBlocking);
  if (left.length === 0) return true;
  show(renderFindings(left));
  throw notReady(left.map(({ title }) => title));
}

const notReady = (lacking: readonly string[]): HalabError =>
  new HalabError('This computer cannot run the lab yet.', {
    reason: `Still lacking: ${lacking.join(', ')}.`,
    next: 'Mend that, then look again: halab doctor',
  });

async function askMachines(actions: GuideActions): Promise<2 | 3> {
  const { memoryMiB } = actions.labPlan();
  say(
    '',
    'Three machines are the better lab: two cluster nodes, and a third that sees the cluster from outside, as its clients do, and later serves storage. With two, the other node plays the client.',
  );
  return choose<2 | 3>({
    message: 'How many machines?',
    choices: [
      { key: '3', name: 'three (recommended)', value: 3 },
      { key: '2', name: `two, to save ${memoryMiB} MiB of memory`, value: 2 },
    ],
    default: 3,
  });
}

/** Brings the machines up, after asking unless `yes`. @returns whether it was wanted. */
async function bringUp(
  actions: GuideActions,
  options: GuideOptions,
  question: string,
): Promise<boolean> {
  if (!options.yes && !(await agree(question))) {
    say('', `They stay as they are. Come back with: ${options.command}`);
    return false;
  }
  say('');
  await interruptible((emit, signal) => actions.bringUp(emit, signal));
  return true;
}

/** The lessons have things typed in a second terminal: sees to it, on consent, that they can be. */
async function offerCommand(actions: GuideActions): Promise<void> {
  const offer = actions.commandOffer();
  if (offer === null) return;
  say(
    '',
    `The lessons have you type "halab shell node1" and the like in a second terminal, and no shell of yours finds a command "halab" yet. A small script would do: ${offer.files.join(', and a line in ')}. "halab command --remove" takes it away again.`,
  );
  if (await agree('Put the command there?')) return say('', offer.accept());
  offer.decline();
  say('', 'Then type this first in each new terminal:', '', `    ${offer.without}\n`);
}

// --- the lessons -------------------------------------------------------------------------------

/** Where a visit to a lesson ended: on with that lesson, at the course's end, or out. */
type Onward = Lesson | 'finished' | 'quit';

/** What the learner does all through a lesson. */
interface Visit {
  readonly actions: GuideActions;
  readonly options: GuideOptions;
  readonly course: Course;
  readonly lesson: Lesson;
  flavour: Flavour;
  /** The task whose solution the learner has agreed to see. */
  agreed: string | null;
}

async function lead(actions: GuideActions, options: GuideOptions): Promise<void> {
  const course = actions.course();
  const first = currentLesson(course, actions.progress());
  if (first !== null && lessonStatus(course, actions.progress(), first.id) === 'started')
    welcomeBack(actions, course, first);
  let onward: Onward = first ?? 'finished';
  for (;;) {
    if (onward === 'finished') onward = await courseEnd(actions, options, course);
    if (onward === 'quit') return quit(actions, options);
    if (onward === 'finished') continue;
    onward = await visitLesson({
      actions,
      options,
      course,
      lesson: onward,
      flavour: 'pcs',
      agreed: null,
    });
  }
}

function welcomeBack(actions: GuideActions, course: Course, lesson: Lesson): void {
  const task = currentTask(lesson, actions.progress());
  const number = course.lessons.indexOf(lesson) + 1;
  const where =
    task === null
      ? 'all tasks done'
      : `task ${lesson.tasks.indexOf(task) + 1} of ${lesson.tasks.length}`;
  say(
    '',
    `Welcome back. You are in lesson ${number} of ${course.lessons.length}, "${lesson.title}": ${where}.`,
  );
}

async function courseEnd(
  actions: GuideActions,
  options: GuideOptions,
  course: Course,
): Promise<Onward> {
  show(renderHeading(`You have finished the course "${course.title}".`));
  say('', 'Every lesson stays open: go back to any of them, or run its drills again.');
  const where = await choose<'list' | 'quit'>({
    message: 'What next?',
    choices: [
      { key: 'l', name: 'list the lessons', value: 'list' },
      { key: 'q', name: 'quit', value: 'quit' },
    ],
    default: 'quit',
  });
  if (where === 'quit') return 'quit';
  return (await pickLesson({ actions, options, course })) ?? 'finished';
}

async function visitLesson(visit: Visit): Promise<Onward> {
  const { actions, course, lesson } = visit;
  const before = lessonStatus(course, actions.progress(), lesson.id);
  if (before !== 'started') show(renderLesson(course, lesson));
  const entered = await enter(visit);
  if (entered !== 'entered') return entered;
  let celebrated = before === 'done';
  for (;;) {
    const task = currentTask(lesson, actions.progress());
    if (task !== null) {
      const onward = await workOnTask(visit, task);
      if (onward !== 'done') return onward;
      continue;
    }
    if (!celebrated && lessonStatus(course, actions.progress(), lesson.id) === 'done') {
      celebrated = true;
      show(renderLessonEnd(lesson));
    }
    const onward = await afterTasks(visit);
    if (onward !== 'again') return onward;
  }
}

/** Judges what the lesson builds on, and asks what to do when that is gone. */
async function enter(visit: Visit): Promise<'entered' | Onward> {
  const { actions, lesson } = visit;
  for (;;) {
    const verdicts = await mending(visit, () => judgeEntry(actions, lesson));
    const gone = verdicts?.filter(({ passed }) => !passed) ?? null;
    if (gone !== null && gone.length === 0) return begin(visit, true);
    if (gone !== null) {
      show('What this lesson builds on is not all there any more:');
      show(renderVerdicts(gone));
      say(
        '',
        'Mend it in a shell (the lesson before shows how) and look again, or let halab bring the machines back to where this lesson starts.',
      );
    }
    const next = await choose<'again' | 'reset' | 'shell' | 'on' | 'list' | 'quit'>({
      message: 'What next?',
      choices: [
        { key: 'c', name: 'look again', value: 'again' },
        { key: 'x', name: "back to the lesson's start", value: 'reset' },
        { key: 's', name: 'open a shell on a machine', value: 'shell' },
        { key: 'g', name: 'go on all the same', value: 'on' },
        { key: 'l', name: 'list the lessons', value: 'list' },
        { key: 'q', name: 'quit', value: 'quit' },
      ],
      default: 'again',
    });
    if (next === 'on') return begin(visit, false);
    const onward = await common(visit, next === 'again' ? 'stay' : next);
    if (onward !== 'stay') return onward;
  }
}

async function begin({ actions, lesson }: Visit, start: boolean): Promise<'entered'> {
  await interruptible((emit) => actions.beginLesson(lesson, start, emit));
  return 'entered';
}

/** A lesson that builds on nothing is entered without a look at the machines. */
const judgeEntry = (actions: GuideActions, lesson: Lesson): Promise<readonly Verdict[]> =>
  lesson.entry.length === 0
    ? interruptible((_emit, signal) => actions.enterLesson(lesson, signal))
    : looking((_onWait, signal) => actions.enterLesson(lesson, signal));

type Common = 'shell' | 'reset' | 'list' | 'quit' | 'stay';

/** What every menu offers. @returns 'stay' when the menu comes back. */
async function common(visit: Visit, what: Common): Promise<Onward | 'stay'> {
  if (what === 'quit') return 'quit';
  if (what === 'shell') await openShell(visit);
  if (what === 'reset' && (await reset(visit))) return visit.lesson;
  if (what === 'list') return (await pickLesson(visit)) ?? 'stay';
  return 'stay';
}

const always: readonly Choice<'shell' | 'read' | 'reset' | 'list' | 'quit'>[] = [
  { key: 's', name: 'open a shell on a machine', value: 'shell' },
  { key: 'r', name: 'read the text again', value: 'read' },
  { key: 'x', name: 'start this lesson over', value: 'reset' },
  { key: 'l', name: 'list the lessons', value: 'list' },
  { key: 'q', name: 'quit', value: 'quit' },
];

/** Stays with a task until it is done and the learner wants to go on. */
async function workOnTask(visit: Visit, task: Task): Promise<'done' | Onward> {
  const { actions, lesson } = visit;
  show(renderTask(lesson, task));
  for (;;) {
    const left = task.hints.length - actions.hintsShown(lesson, task);
    const next = await choose<
      'check' | 'hint' | 'solution' | 'shell' | 'read' | 'reset' | 'list' | 'quit'
    >({
      message: 'What next?',
      choices: [
        { key: 'c', name: 'check my work', value: 'check' },
        { key: 'h', name: left > 0 ? `hint (${left} left)` : 'the last hint again', value: 'hint' },
        { key: 'a', name: 'answer: show the solution', value: 'solution' },
        ...always,
      ],
      default: 'check',
    });
    if (next === 'check') {
      if (await check(visit, task)) return afterPass(visit, task);
    } else if (next === 'hint') {
      await showHint(visit, task);
    } else if (next === 'solution') {
      await showSolution(visit, task);
    } else if (next === 'read') {
      show(renderLesson(visit.course, lesson));
      show(renderTask(lesson, task));
    } else {
      const onward = await common(visit, next);
      if (onward !== 'stay') return onward;
    }
  }
}

/** The menu between a task that has just passed and what comes next. */
async function afterPass(visit: Visit, task: Task): Promise<'done' | Onward> {
  const { actions, lesson } = visit;
  const following = currentTask(lesson, actions.progress());
  // What follows the last task has a menu of its own.
  if (following === null) return 'done';
  for (;;) {
    const next = await choose<'on' | 'shell' | 'read' | 'reset' | 'list' | 'quit'>({
      message: 'What next?',
      choices: [{ key: 'g', name: `go on: ${following.title}`, value: 'on' }, ...always],
      default: 'on',
    });
    if (next === 'on') return 'done';
    if (next === 'read') show(renderTask(lesson, task));
    const onward = await common(visit, next === 'read' ? 'stay' : next);
    if (onward !== 'stay') return onward;
  }
}

/** The menu of a lesson whose tasks are done: its drills, and onward once it is all done. */
async function afterTasks(visit: Visit): Promise<'again' | Onward> {
  const { actions, course, lesson } = visit;
  const progress = actions.progress();
  const open = openDrills(lesson, progress);
  const isDone = lessonStatus(course, progress, lesson.id) === 'done';
  const following = currentLesson(course, progress);
  const onward =
    following === null
      ? 'go on: the end of the course'
      : `go on: ${following.title} (${following.minutes} minutes)`;
  for (const drill of open) show(renderDrillOffer(lesson, drill));
  const drills = lesson.drills.map((drill, index) => ({
    key: lesson.drills.length === 1 ? 'd' : `d${index + 1}`,
    name: `${open.includes(drill) ? 'run the drill' : 'run the drill again'}: ${drill.title}`,
    value: drill,
  }));
  const next = await choose<
    (typeof drills)[number]['value'] | 'on' | 'shell' | 'read' | 'reset' | 'list' | 'quit'
  >({
    message: 'What next?',
    choices: [
      ...(isDone ? [{ key: 'g', name: onward, value: 'on' as const }] : []),
      ...drills,
      ...always,
    ],
    ...(isDone
      ? { default: 'on' as const }
      : drills[0] === undefined
        ? {}
        : { default: open[0] ?? drills[0].value }),
  });
  if (next === 'on') return following ?? 'finished';
  if (next === 'read') {
    show(renderLesson(course, lesson));
    return 'again';
  }
  if (typeof next === 'object') {
    say('');
    const report = await mending(visit, () =>
      interruptible((emit, signal) => actions.drill(lesson, next, emit, signal)),
    );
    if (report !== null) show(renderDrill(report));
    return 'again';
  }
  const where = await common(visit, next);
  return where === 'stay' ? 'again' : where;
}

async function check(visit: Visit, task: Task): Promise<boolean> {
  const { actions, lesson } = visit;
  const result = await mending(visit, () =>
    looking((onWait, signal) => actions.check(lesson, task, onWait, signal)),
  );
  if (result === null) return false;
  show(renderVerdicts(result.verdicts));
  if (result.noticed.length > 0) show(renderNoticed(result.noticed));
  say(
    '',
    result.passed ? `Done: ${task.title}` : 'Not yet. Above is what was seen on the machines.',
  );
  return result.passed;
}

async function showHint(visit: Visit, task: Task): Promise<void> {
  const { actions, lesson } = visit;
  const look = await mending(visit, async () => ({
    missing: await looking((_onWait, signal) => actions.missing(task, signal)),
  }));
  const shown = actions.hintsShown(lesson, task);
  if (shown < task.hints.length) actions.recordHint(lesson, task);
  show(renderHint(task, Math.min(shown, task.hints.length - 1), look?.missing));
}

async function showSolution(visit: Visit, task: Task): Promise<void> {
  if (visit.agreed !== task.id) {
    say('', 'You learn more by finding it yourself, and the last hint is nearly the answer.');
    if (!(await agree('Show the solution all the same?', false))) return;
    visit.agreed = task.id;
  }
  if (!hasOneWay(task)) {
    visit.flavour = await choose<Flavour>({
      message: 'With which tool?',
      choices: [
        { key: '1', name: 'pcs', value: 'pcs' },
        { key: '2', name: 'crmsh', value: 'crmsh' },
      ],
      default: visit.flavour,
    });
  }
  show(renderSolution(task, visit.flavour));
}

async function openShell(visit: Visit): Promise<void> {
  const lab = await visit.actions.lab();
  if (lab.state === 'none') return;
  const machine = await choose<string>({
    message: 'On which machine?',
    choices: lab.machines.map(({ name, role, ip }, index) => ({
      key: String(index + 1),
      name: `${name} (${role === 'node' ? 'cluster node' : 'storage and client'}, ${ip})`,
      value: name,
    })),
    ...(lab.machines[0] === undefined ? {} : { default: lab.machines[0].name }),
  });
  say('', `A shell on ${machine}. You come back here with: exit`, '');
  await mending(visit, () => visit.actions.openShell(machine));
}

/** Brings the machines back to the lesson's start, when the learner agrees. @returns whether they are there. */
async function reset(visit: Visit): Promise<boolean> {
  const { actions, lesson } = visit;
  const answer = await mending(visit, async () => askToReset(await actions.resetPlan(lesson)));
  if (answer === null) return false;
  say('');
  const done = await mending(visit, async () => {
    await interruptible((emit, signal) => actions.reset(lesson, answer.forget, emit, signal));
    return true;
  });
  return done === true;
}

/** Shows the course and asks for a lesson to go to; null: stay where you are. */
async function pickLesson({
  actions,
  course,
}: Pick<Visit, 'actions' | 'options' | 'course'>): Promise<Lesson | null> {
  const progress = actions.progress();
  show(renderLessons(course, progress));
  const choices = course.lessons.flatMap((lesson, index): Choice<Lesson | null>[] =>
    ['locked', 'unfit'].includes(lessonStatus(course, progress, lesson.id))
      ? []
      : [{ key: String(index + 1), name: lesson.title, value: lesson }],
  );
  return choose<Lesson | null>({
    message: 'Go to a lesson?',
    choices: [...choices, { key: 'b', name: 'back to where I was', value: null }],
  });
}

async function quit(actions: GuideActions, options: GuideOptions): Promise<void> {
  say(
    '',
    'The machines stay up unless you power them off. Either way they keep all that is on them.',
  );
  if (await agree('Power them off?', false)) {
    say('');
    await interruptible((emit, signal) => actions.shutDown(emit, signal));
  }
  say('', `Carry on with: ${options.command}`);
}

// --- shared ------------------------------------------------------------------------------------

/** Shows that the machines are looked at, and what is waited for. */
const looking = <T>(
  look: (onWait: (reason: string) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> =>
  interruptible(async (emit, signal) => {
    say('');
    const step = 'look';
    const started = performance.now();
    emit({ type: 'step-started', step, title: 'Looking at the machines' });
    try {
      const result = await look((text) => emit({ type: 'step-progress', step, text }), signal);
      emit({ type: 'step-done', step, seconds: (performance.now() - started) / 1000 });
      return result;
    } catch (error) {
      if (!signal.aborted) emit({ type: 'step-failed', step, text: 'failed' });
      throw error;
    }
  });

/**
 * Does something that needs the machines. When that fails, the error is shown, and machines that are
 * not all up can be brought up, so that the learner stays in the lesson.
 * @returns null when it failed.
 */
async function mending<T>(
  { actions, options }: Visit,
  action: () => Promise<T>,
): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof HalabError)) throw error;
    show(renderError(error, { style: styleOf(process.stdout) }));
    const lab: LabView = await actions.lab();
    if (lab.state === 'down')
      await bringUp(
        actions,
        { ...options, yes: false },
        'The machines are not all up. Bring them up now?',
      );
    return null;
  }
}
