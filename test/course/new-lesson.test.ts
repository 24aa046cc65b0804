import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lintCourse, loadCourse } from '../../src/course/load.ts';
import { newLesson } from '../../src/course/new-lesson.ts';
import { imaginaryLab } from '../../src/lab/lab.ts';
import { lessonsFolder } from '../../src/paths.ts';

let course: string;

beforeEach(() => {
  course = mkdtempSync(join(tmpdir(), 'halab-course-'));
  cpSync(join(lessonsFolder, 'pacemaker'), course, { recursive: true });
});

afterEach(() => rmSync(course, { recursive: true, force: true }));

describe('a new lesson', () => {
  it('is wrong in nothing but what is still to be filled in', () => {
    const folder = newLesson(course, 'quorum');
    const problems = lintCourse(course);
    expect(problems.map(({ file }) => file)).toEqual([
      join(folder, 'lesson.yaml'),
      join(folder, 'lesson.md'),
    ]);
    expect(problems.map(({ message }) => message).join()).toContain('expected no TODO');
  });

  it('is the last of a sound course once it is filled in', () => {
    const folder = newLesson(course, 'quorum');
    for (const name of ['lesson.yaml', 'lesson.md']) {
      const file = join(folder, name);
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('TODO', 'Something'));
    }
    expect(lintCourse(course)).toEqual([]);
    const { lessons } = loadCourse(course, imaginaryLab('test'));
    expect(lessons.at(-1)?.id).toBe('quorum');
    expect(lessons.at(-1)?.requires).toEqual([lessons.at(-2)?.id]);
  });

  it.each([
    ['virtual-ip', 'already'],
    ['Quorum', 'cannot be the name'],
    ['../quorum', 'cannot be the name'],
  ])('is refused as %s', (id, reason) => {
    const before = readFileSync(join(course, 'course.yaml'), 'utf8');
    expect(() => newLesson(course, id)).toThrow(reason);
    expect(readFileSync(join(course, 'course.yaml'), 'utf8')).toBe(before);
  });

  it('needs a course', () => {
    expect(() => newLesson(join(course, 'virtual-ip'), 'quorum')).toThrow('no course.yaml');
  });
});
