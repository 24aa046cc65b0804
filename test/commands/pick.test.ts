import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assertBegun } from '../../src/commands/pick.ts';
import { loadCourse } from '../../src/course/load.ts';
import {
  emptyProgress,
  lessonChosen,
  lessonEntered,
  lessonReset,
  lessonStatus,
} from '../../src/course/progress.ts';
import { imaginaryLab } from '../../src/lab/lab.ts';
import { lessonsFolder } from '../../src/paths.ts';

const course = loadCourse(join(lessonsFolder, 'pacemaker'), imaginaryLab('test'));
const at = new Date('2026-11-30T08:00:00.000Z');

describe('a lesson that begins with a change of the machines', () => {
  const lesson = course.lessons.find(
    ({ start, requires }) => start !== null && requires.length > 0,
  );
  if (lesson === undefined) throw new Error('no lesson of the course has a start');
  // All that it stands on counts as skipped, and it is open.
  const [required = ''] = lesson.requires;
  const { lessons } = lessonReset(course, emptyProgress(), lesson, { forget: false, at });
  const open = { ...emptyProgress(), lessons: { ...lessons } };
  delete open.lessons[lesson.id];

  it('is not judged before that is done, and can still be begun when it was only turned to', () => {
    expect(lessonStatus(course, open, required)).toBe('skipped');
    const turnedTo = lessonChosen(open, lesson.id);
    for (const progress of [open, turnedTo]) {
      expect(lessonStatus(course, progress, lesson.id)).toBe('open');
      expect(() => assertBegun(course, progress, lesson)).toThrow(
        `The lesson "${lesson.title}" has not begun.`,
      );
    }
    expect(turnedTo.chosen).toBe(lesson.id);
  });

  it('is judged once it has begun', () => {
    const begun = lessonEntered(open, lesson.id, at);
    expect(() => assertBegun(course, begun, lesson)).not.toThrow();
  });

  it('is no matter for one that changes nothing', () => {
    const plain = course.lessons.find(
      ({ start, requires }) => start === null && requires.length === 0,
    );
    if (plain === undefined) throw new Error('every lesson has a start');
    expect(() => assertBegun(course, emptyProgress(), plain)).not.toThrow();
  });
});
