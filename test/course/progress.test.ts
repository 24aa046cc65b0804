import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCourse } from '../../src/course/load.ts';
import {
  currentLesson, currentTask, drillPassed, emptyProgress, hintShown, hintsShown, lessonEntered, lessonStatus, openDrills,
  type Progress, readProgress, taskDone, writeProgress,
} from '../../src/course/progress.ts';
import { imaginaryLab } from '../../src/lab/lab.ts';
import { lessonsFolder } from '../../src/paths.ts';

const course = loadCourse(join(lessonsFolder, 'pacemaker'), imaginaryLab('test'));
const [first, second] = course.lessons;
if (first === undefined || second === undefined) throw new Error('the course has two lessons at least');
const at = new Date('2026-11-22T10:00:00Z');

const allDone = (progress: Progress, lesson: typeof first): Progress => {
  const tasks = lesson.tasks.reduce((now, { id }) => taskDone(now, lesson.id, id, 'seen', at), progress);
  return lesson.drills.reduce((now, { id }) => drillPassed(now, lesson.id, id, 3, at), tasks);
};

describe('the gate', () => {
  it('opens a lesson when all that it requires is done', () => {
    expect(lessonStatus(course, emptyProgress(), first.id)).toBe('open');
    expect(lessonStatus(course, emptyProgress(), second.id)).toBe('locked');
    const progress = allDone(emptyProgress(), first);
    expect(lessonStatus(course, progress, first.id)).toBe('done');
    expect(lessonStatus(course, progress, second.id)).toBe('open');
    expect(currentLesson(course, progress)?.id).toBe(second.id);
  });

  it('goes through the tasks in order, and ends', () => {
    expect(currentTask(first, emptyProgress())?.id).toBe(first.tasks[0]?.id);
    const progress = taskDone(emptyProgress(), first.id, first.tasks[0]?.id ?? '', 'seen', at);
    expect(currentTask(first, progress)?.id).toBe(first.tasks[1]?.id);
    expect(lessonStatus(course, progress, first.id)).toBe('started');
    const everything = course.lessons.reduce(allDone, emptyProgress());
    expect(currentLesson(course, everything)).toBeNull();
  });

  it('keeps a lesson open until its drills have passed', () => {
    const last = course.lessons.find(({ drills }) => drills.length > 0);
    if (last === undefined) throw new Error('a lesson has drills');
    const tasksOnly = last.tasks.reduce((now, { id }) => taskDone(now, last.id, id, 'seen', at), emptyProgress());
    expect(lessonStatus(course, tasksOnly, last.id)).not.toBe('done');
    expect(openDrills(last, tasksOnly)).toHaveLength(last.drills.length);
  });

  it('latches: a task done twice keeps its first time', () => {
    const once = taskDone(emptyProgress(), first.id, 'x', 'one', at);
    expect(taskDone(once, first.id, 'x', 'two', new Date())).toBe(once);
  });

  it('follows the lesson that the learner chose, while it is open', () => {
    const progress = lessonEntered(allDone(emptyProgress(), first), first.id, at);
    expect(currentLesson(course, progress)?.id).toBe(second.id);
  });

  it('counts hints', () => {
    const progress = hintShown(hintShown(emptyProgress(), first.id, 'x'), first.id, 'x');
    expect(hintsShown(progress, first.id, 'x')).toBe(2);
  });
});

describe('the progress file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'halab-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('comes back as it was written', () => {
    const file = join(folder, 'progress.json');
    const progress = allDone(emptyProgress(), first);
    writeProgress(file, progress);
    expect(readProgress(file)).toEqual({ progress, setAside: null });
  });

  it.each(['{', '{"format":1,"lessons":7}', '[]'])('keeps a corrupt file aside: %s', (text) => {
    const file = join(folder, 'progress.json');
    writeFileSync(file, text);
    const { progress, setAside } = readProgress(file);
    expect(progress).toEqual(emptyProgress());
    expect(existsSync(file)).toBe(false);
    expect(readFileSync(setAside ?? '', 'utf8')).toBe(text);
  });

  it('refuses one of a newer halab, and leaves it alone', () => {
    const file = join(folder, 'progress.json');
    writeFileSync(file, '{"format":9}');
    expect(() => readProgress(file)).toThrow('newer halab');
    expect(existsSync(file)).toBe(true);
  });
});
