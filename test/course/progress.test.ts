import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Course, Lesson } from '../../src/course/lesson.ts';
import { loadCourse } from '../../src/course/load.ts';
import {
  begunAfter,
  currentLesson,
  currentTask,
  drillPassed,
  emptyProgress,
  hintShown,
  hintsShown,
  lessonEntered,
  lessonReset,
  lessonStatus,
  lessonsBefore,
  openDrills,
  type Progress,
  readProgress,
  taskDone,
  writeProgress,
} from '../../src/course/progress.ts';
import { HalabError } from '../../src/errors.ts';
import { imaginaryLab } from '../../src/lab/lab.ts';
import { enterLesson } from '../../src/session/enter.ts';
import type { Session } from '../../src/session/session.ts';
import { machines, recordedState } from '../fixtures/load.ts';

const course = loadCourse(
  fileURLToPath(new URL('../fixtures/lessons/valid', import.meta.url)),
  imaginaryLab('test'),
);
const [names, service] = course.lessons as readonly [Lesson, Lesson];
const at = new Date('2026-11-22T10:00:00Z');
const later = new Date('2026-11-22T11:00:00Z');

const tasksDone = (progress: Progress, lesson: Lesson): Progress =>
  lesson.tasks.reduce((now, { id }) => taskDone(now, lesson.id, id, 'seen', at), progress);

const allDone = (progress: Progress, lesson: Lesson): Progress =>
  lesson.drills.reduce(
    (now, { id }) => drillPassed(now, lesson.id, id, 3, at),
    tasksDone(progress, lesson),
  );

describe('the gate', () => {
  it('opens a lesson when all that it requires is done', () => {
    expect(lessonStatus(course, emptyProgress(), 'names')).toBe('open');
    expect(lessonStatus(course, emptyProgress(), 'service')).toBe('locked');
    const progress = allDone(emptyProgress(), names);
    expect(lessonStatus(course, progress, 'names')).toBe('done');
    expect(lessonStatus(course, progress, 'service')).toBe('open');
    expect(currentLesson(course, progress)?.id).toBe('service');
  });

  it('calls a lesson started once it is entered, or a task in it is done', () => {
    expect(lessonStatus(course, lessonEntered(emptyProgress(), 'names', at), 'names')).toBe(
      'started',
    );
    const progress = taskDone(allDone(emptyProgress(), names), 'service', 'vip', 'seen', at);
    expect(lessonStatus(course, progress, 'service')).toBe('started');
  });

  it('does not open a locked lesson because it was entered', () => {
    expect(lessonStatus(course, lessonEntered(emptyProgress(), 'service', at), 'service')).toBe(
      'locked',
    );
  });

  it('goes through the tasks in order, and ends', () => {
    expect(currentTask(service, emptyProgress())?.id).toBe('vip');
    const progress = taskDone(emptyProgress(), 'service', 'vip', 'seen', at);
    expect(currentTask(service, progress)?.id).toBe('stickiness');
    expect(currentTask(service, tasksDone(progress, service))).toBeNull();
    const everything = course.lessons.reduce(allDone, emptyProgress());
    expect(currentLesson(course, everything)).toBeNull();
  });

  it('finds the task that was left out', () => {
    const progress = taskDone(emptyProgress(), 'service', 'stickiness', 'seen', at);
    expect(currentTask(service, progress)?.id).toBe('vip');
  });

  it('keeps a lesson open until its drills have passed', () => {
    const progress = tasksDone(allDone(emptyProgress(), names), service);
    expect(lessonStatus(course, progress, 'service')).toBe('started');
    expect(openDrills(service, progress).map(({ id }) => id)).toEqual(['power-cut', 'gone']);
    const one = drillPassed(progress, 'service', 'power-cut', 28.5, at);
    expect(openDrills(service, one).map(({ id }) => id)).toEqual(['gone']);
    expect(lessonStatus(course, drillPassed(one, 'service', 'gone', null, at), 'service')).toBe(
      'done',
    );
  });

  it('follows the lesson that the learner chose, while it is open and not done', () => {
    const bothOpen: Course = { ...course, lessons: [names, { ...service, requires: [] }] };
    const chosen = lessonEntered(emptyProgress(), 'service', at);
    expect(currentLesson(bothOpen, chosen)?.id).toBe('service');
    expect(currentLesson(course, chosen)?.id).toBe('names');
    expect(currentLesson(bothOpen, allDone(chosen, service))?.id).toBe('names');
  });

  it('is not deceived by ids that every object has', () => {
    const [task] = names.tasks;
    if (task === undefined) throw new Error('no task');
    const odd: Lesson = { ...names, id: 'constructor', tasks: [{ ...task, id: 'constructor' }] };
    const oddCourse: Course = { ...course, lessons: [odd] };
    expect(lessonStatus(oddCourse, emptyProgress(), 'constructor')).toBe('open');
    expect(currentTask(odd, emptyProgress())?.id).toBe('constructor');
    expect(hintsShown(emptyProgress(), 'constructor', 'constructor')).toBe(0);
  });
});

describe('a reset', () => {
  const everything = course.lessons.reduce(allDone, emptyProgress());
  const options = { forget: false, at: later };

  it('opens the lesson again and makes it the current one', () => {
    const progress = lessonReset(course, everything, names, options);
    expect(lessonStatus(course, progress, 'names')).toBe('started');
    expect(currentTask(names, progress)?.id).toBe('known');
    expect(currentLesson(course, progress)?.id).toBe('names');
  });

  it('keeps what was done in later lessons, or forgets it', () => {
    expect(begunAfter(course, everything, names).map(({ id }) => id)).toEqual(['service']);
    const kept = lessonReset(course, everything, names, options);
    expect(lessonStatus(course, kept, 'service')).toBe('done');
    const forgotten = lessonReset(course, everything, names, { ...options, forget: true });
    expect(lessonStatus(course, forgotten, 'service')).toBe('locked');
    expect(begunAfter(course, forgotten, names)).toEqual([]);
  });

  it('goes past lessons that are not done, and opens the one it goes to', () => {
    const progress = lessonReset(course, emptyProgress(), service, options);
    expect(lessonStatus(course, progress, 'names')).toBe('skipped');
    expect(lessonStatus(course, progress, 'service')).toBe('started');
    expect(currentLesson(course, progress)?.id).toBe('service');
    // A skipped lesson can still be learned.
    expect(lessonStatus(course, allDone(progress, names), 'names')).toBe('done');
  });

  it('keeps the hints that were shown', () => {
    const shown = hintShown(everything, 'names', 'known');
    expect(hintsShown(lessonReset(course, shown, names, options), 'names', 'known')).toBe(1);
  });

  it('finds all that a lesson stands on', () => {
    expect(lessonsBefore(course, names)).toEqual([]);
    expect(lessonsBefore(course, service)).toEqual([names]);
  });
});

describe('what is remembered', () => {
  it('latches: a task done twice keeps its first time and evidence', () => {
    const once = taskDone(emptyProgress(), 'names', 'known', 'one', at);
    expect(taskDone(once, 'names', 'known', 'two', later)).toEqual(once);
    expect(once.lessons.names?.tasks.known).toEqual({ doneAt: at.toISOString(), evidence: 'one' });
  });

  it('keeps when a lesson was first entered', () => {
    const twice = lessonEntered(lessonEntered(emptyProgress(), 'names', at), 'names', later);
    expect(twice).toMatchObject({
      chosen: 'names',
      lessons: { names: { enteredAt: at.toISOString() } },
    });
  });

  it('keeps the newest outage of a drill', () => {
    const twice = drillPassed(drillPassed(emptyProgress(), 's', 'd', 40, at), 's', 'd', 30, later);
    expect(twice.lessons.s?.drills.d).toEqual({ passedAt: later.toISOString(), outageSeconds: 30 });
  });

  it('counts hints, task by task', () => {
    const progress = hintShown(hintShown(emptyProgress(), 'names', 'known'), 'names', 'known');
    expect(hintsShown(progress, 'names', 'known')).toBe(2);
    expect(hintsShown(progress, 'names', 'other')).toBe(0);
  });

  it('never changes the progress that it was given', () => {
    const before = emptyProgress();
    allDone(hintShown(lessonEntered(before, 'names', at), 'names', 'known'), names);
    expect(before).toEqual(emptyProgress());
  });
});

describe('what a lesson stands on', () => {
  /** A session whose machines are always seen as they were recorded. */
  const sessionThatSees = (name: string): Session =>
    ({ lab: { machines }, observe: async () => recordedState(name) }) as unknown as Session;

  it('is judged again at its entry', async () => {
    expect(await enterLesson(sessionThatSees('hosts-right'), service)).toEqual([]);
    expect(await enterLesson(sessionThatSees('bare'), names)).toEqual([]);
    expect(await enterLesson(sessionThatSees('bare'), service)).toMatchObject([
      { passed: false, evidence: '/etc/hosts on node1 has no line for node1.' },
    ]);
  });
});

describe('the progress file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'halab-test-'));
    file = join(folder, 'progress.json');
  });
  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  });

  it('comes back as it was written', () => {
    const progress = hintShown(
      lessonEntered(allDone(allDone(emptyProgress(), names), service), 'names', at),
      'names',
      'known',
    );
    writeProgress(file, progress);
    expect(readProgress(file)).toEqual({ progress, setAside: null });
    expect(readdirSync(folder)).toEqual(['progress.json']);
  });

  it('is empty when there is none, and its folder is made', () => {
    const deep = join(folder, 'lab', 'progress.json');
    expect(readProgress(deep)).toEqual({ progress: emptyProgress(), setAside: null });
    writeProgress(deep, emptyProgress());
    expect(existsSync(deep)).toBe(true);
  });

  it.each(['', '{', '{"format":1,"lessons":7}', '[]', 'null', '{"format":0}'])(
    'keeps a corrupt file aside: %j',
    (text) => {
      writeFileSync(file, text);
      const { progress, setAside } = readProgress(file);
      expect(progress).toEqual(emptyProgress());
      expect(existsSync(file)).toBe(false);
      expect(setAside).toMatch(/progress\.json\.corrupt-\d{4}-\d\d-\d\dT[\d-]+Z$/);
      expect(readFileSync(setAside ?? '', 'utf8')).toBe(text);
    },
  );

  it('refuses one of a newer halab, and leaves it alone', () => {
    writeFileSync(file, '{"format":9,"anything":true}');
    expect(() => readProgress(file)).toThrow('Your progress was written by a newer halab.');
    expect(readFileSync(file, 'utf8')).toBe('{"format":9,"anything":true}');
  });

  it('says in words when it cannot be read or written', () => {
    mkdirSync(file);
    expect(() => readProgress(file)).toThrow(HalabError);
    expect(() => readProgress(file)).toThrow('The file with your progress cannot be read.');
    expect(() => writeProgress(file, emptyProgress())).toThrow(HalabError);
  });
});
