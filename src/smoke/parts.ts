import { type Course, type Drill, fits, type Lesson } from '../course/lesson.ts';
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
 * What each thing took in seconds, on two cores under emulation that two labs shared. `restored` is an undo step after
 * which the machines go back to a checkpoint.
 */
const takes = { machines: 75, startTask: 16, task: 21, undo: 11, restored: 30 };

/** And a drill, by its fault: after a power cut a machine must boot, and a stopped resource is soon started again. */
const drillTakes: Readonly<Record<Drill['fault']['kind'], number>> = {
  'power-off': 115,
  'stop-resource': 35,
  fault: 105,
  script: 105,
};

/**
 * Divides lessons into so many parts of neighbours, since one stands on the other, such that the longest
 * part is as short as can be. A part that begins in the middle must first solve what it stands on. There are
 * no more parts than lessons.
 */
export function inParts(
  course: Course,
  lessons: readonly Lesson[],
  count: number,
): readonly (readonly Lesson[])[] {
  if (count <= 1 || lessons.length <= 1) return [lessons];
  let best: readonly (readonly Lesson[])[] = [lessons];
  for (let length = 1; length < lessons.length; length++) {
    const first = lessons.slice(0, length);
    // It only grows from here.
    if (secondsOf(course, first) > longest(course, best)) break;
    const parts = [first, ...inParts(course, lessons.slice(length), count - 1)];
    const longer = longest(course, best) - longest(course, parts);
    // Of equals the one with more parts: somebody who asks for three expects something in each.
    if (longer > 0 || (longer === 0 && parts.length > best.length)) best = parts;
  }
  return best;
}

const longest = (course: Course, parts: readonly (readonly Lesson[])[]): number =>
  Math.max(...parts.map((part) => secondsOf(course, part)));

/** About how long a lab is busy with lessons and with what they stand on, in seconds. */
function secondsOf(course: Course, lessons: readonly Lesson[]): number {
  const before = new Set(lessons.flatMap((lesson) => lessonsBefore(course, lesson)));
  const start = [...before]
    .filter((lesson) => !lessons.includes(lesson))
    .flatMap(({ tasks }) => tasks)
    .reduce((sum, { exercise }) => sum + (exercise ? 0 : takes.startTask), 0);
  return lessons.reduce((sum, lesson) => sum + own(lesson), takes.machines + start);
}

function own({ tasks, drills }: Lesson): number {
  const undos = tasks.flatMap(({ undo }) => undo);
  const restored = undos.filter(({ redo }) => redo === undefined).length;
  return (
    tasks.length * takes.task +
    restored * takes.restored +
    (undos.length - restored) * takes.undo +
    drills.reduce((sum, { fault }) => sum + drillTakes[fault.kind], 0)
  );
}
