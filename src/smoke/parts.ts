import { type Course, type Drill, fits, type Lesson, type Task } from '../course/lesson.ts';
import { lessonsBefore } from '../course/progress.ts';
import { usageError } from '../errors.ts';

/** One of several parts of a course, for a run that has not the time for all of it: the first is 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * The lessons to play, in the course's order: those named, or all that the lab has the machines for,
 * or the part of them that is asked for.
 * @throws HalabError (exit 2) for a lesson or a part that there is none of, or a lesson that needs a larger lab.
 */
export function lessonsToPlay(
  course: Course,
  named: readonly string[],
  shard: Shard | null = null,
): readonly Lesson[] {
  const unknown = named.find((id) => !course.lessons.some((lesson) => lesson.id === id));
  if (unknown !== undefined) throw usageError(`There is no lesson "${unknown}".`, 'halab lessons');
  const playable = course.lessons.filter((lesson) => fits(course, lesson));
  const large = named.find((id) => !playable.some((lesson) => lesson.id === id));
  if (large !== undefined)
    throw usageError(
      `The lesson "${large}" needs a lab of three machines.`,
      'halab smoke --machines 3',
    );
  const wanted = named.length === 0 ? playable : playable.filter(({ id }) => named.includes(id));
  if (shard === null) return wanted;
  const parts = inParts(course, wanted, shard.count);
  const part = parts[shard.index - 1];
  if (part === undefined) {
    throw usageError(
      `These lessons make ${parts.length} parts and no more.`,
      `halab smoke --shard 1/${parts.length}`,
    );
  }
  return part;
}

/**
 * What each thing took in seconds, on two cores under emulation that two labs shared: a task as much of its `within` and
 * something besides, since what may take long mostly does; `restored` is an undo step after which the machines go back
 * to a checkpoint.
 */
const takes = { machines: 75, task: 2, ofWithin: 0.17, undo: 9, restored: 30 };

/** And a drill, by its fault: after a power cut a machine must boot, and a stopped resource is soon started again. */
const drillTakes: Readonly<Record<Drill['fault']['kind'], number>> = {
  'power-off': 115,
  'stop-resource': 25,
  fault: 105,
  script: 105,
};

type Parts = readonly (readonly Lesson[])[];

/**
 * Divides lessons into so many parts of neighbours, since one stands on the other, such that the longest
 * part is as short as can be. A part that begins in the middle must first solve what it stands on. There are
 * no more parts than lessons.
 */
export function inParts(course: Course, lessons: readonly Lesson[], count: number): Parts {
  if (count <= 1 || lessons.length <= 1) return [lessons];
  const longest = (parts: Parts): number =>
    Math.max(...parts.map((part) => secondsOf(course, part)));
  let best: Parts = [lessons];
  for (let length = 1; length < lessons.length; length++) {
    const first = lessons.slice(0, length);
    // It only grows from here.
    if (secondsOf(course, first) > longest(best)) break;
    const parts = [first, ...inParts(course, lessons.slice(length), count - 1)];
    const longer = longest(best) - longest(parts);
    // Of equals the one with more parts: somebody who asks for three expects something in each.
    if (longer > 0 || (longer === 0 && parts.length > best.length)) best = parts;
  }
  return best;
}

/**
 * Shares lessons among labs that play side by side, come up one after another, and should be done at the same time:
 * parts of neighbours, of which single lessons are moved or exchanged for as long as that helps.
 */
export function sharedByLabs(course: Course, lessons: readonly Lesson[], labs: number): Parts {
  const seconds = (parts: Parts): number[] =>
    parts.map((part, at) => secondsOf(course, part) + at * takes.machines);
  let parts = inParts(course, lessons, labs);
  for (;;) {
    const times = seconds(parts);
    const longest = Math.max(...times);
    const from = parts[times.indexOf(longest)] ?? [];
    const best = oneMoved(course, parts, from)
      .filter((moved) => moved.every(({ length }) => length > 0))
      .map((moved) => ({ moved, longest: Math.max(...seconds(moved)) }))
      .reduce((one, other) => (other.longest < one.longest ? other : one), {
        moved: parts,
        longest,
      });
    if (best.longest === longest) return parts;
    parts = best.moved;
  }
}

/** All divisions in which another part has a lesson of this one, and maybe this one a lesson of that in return. */
const oneMoved = (course: Course, parts: Parts, from: readonly Lesson[]): Parts[] =>
  from.flatMap((given) =>
    parts
      .filter((to) => to !== from)
      .flatMap((to) =>
        [null, ...to].map((taken) =>
          parts.map((part) => {
            if (part === from) return exchanged(course, from, given, taken);
            return part === to ? exchanged(course, to, taken, given) : part;
          }),
        ),
      ),
  );

/** The part without one lesson and with another, in the course's order. */
const exchanged = (
  course: Course,
  part: readonly Lesson[],
  without: Lesson | null,
  additional: Lesson | null,
): Lesson[] =>
  course.lessons.filter(
    (lesson) => lesson === additional || (lesson !== without && part.includes(lesson)),
  );

/** About how long a lab is busy with lessons and with what they stand on, in seconds. */
function secondsOf(course: Course, lessons: readonly Lesson[]): number {
  const before = new Set(lessons.flatMap((lesson) => lessonsBefore(course, lesson)));
  const start = [...before]
    .filter((lesson) => !lessons.includes(lesson))
    .flatMap(({ tasks }) => tasks.filter(({ exercise }) => !exercise));
  return lessons.reduce((sum, lesson) => sum + own(lesson), takes.machines + solving(start));
}

function own({ tasks, drills }: Lesson): number {
  const undos = tasks.flatMap(({ undo }) => undo);
  const restored = undos.filter(({ redo }) => redo === undefined).length;
  return (
    solving(tasks) +
    restored * takes.restored +
    (undos.length - restored) * takes.undo +
    drills.reduce((sum, { fault }) => sum + drillTakes[fault.kind], 0)
  );
}

const solving = (tasks: readonly Task[]): number =>
  tasks.reduce((sum, { within }) => sum + takes.task + takes.ofWithin * within, 0);
