import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadCourse } from '../../src/course/load.ts';
import { imaginaryLab } from '../../src/lab/lab.ts';
import { inParts, lessonsToPlay, sharedByLabs } from '../../src/smoke/parts.ts';

const course = loadCourse(
  fileURLToPath(new URL('../../lessons/pacemaker', import.meta.url)),
  imaginaryLab('test'),
);
const played = (...named: string[]): string[] => lessonsToPlay(course, named).map(({ id }) => id);

describe('the lessons that a smoke plays', () => {
  it('are all when none is named, and otherwise those that are named, in the order of the course', () => {
    expect(played()).toEqual(course.lessons.map(({ id }) => id));
    expect(played('virtual-ip', 'meet-your-machines')).toEqual([
      'meet-your-machines',
      'virtual-ip',
    ]);
  });

  it('must be there', () => {
    expect(() => played('virtual-ip', 'vritual-ip')).toThrow('There is no lesson "vritual-ip"');
  });

  it.each([1, 2, 3, 5, 10])('are each in one of %i parts, none of which is empty', (count) => {
    const parts = Array.from({ length: count }, (_, at) =>
      lessonsToPlay(course, [], { index: at + 1, count }).map(({ id }) => id),
    );
    expect(parts.flat()).toEqual(course.lessons.map(({ id }) => id));
    expect(parts.every(({ length }) => length > 0)).toBe(true);
  });

  it('are divided so that two labs are busy for about as long', () => {
    const [first = [], second = []] = sharedByLabs(course, course.lessons, 2).map((part) =>
      part.map(({ id }) => id),
    );
    expect(played(...first, ...second)).toEqual(course.lessons.map(({ id }) => id));
    expect(first.length + second.length).toBe(course.lessons.length);
    expect([played(...first), played(...second)]).toEqual([first, second]);
    expect(first).toContain('drbd');
    // Or the second lab would have to solve it all the same.
    expect(second).toContain('web-server');
    // Although it stands on web-server: whole runs of neighbours had the first lab done seven minutes before the second.
    expect(first.at(-1)).toBe('print-server');
  });

  it('make no more parts than there are lessons', () => {
    const named = ['drbd', 'slow-stop'];
    expect(lessonsToPlay(course, named, { index: 2, count: 3 }).map(({ id }) => id)).toEqual([
      'slow-stop',
    ]);
    expect(() => lessonsToPlay(course, named, { index: 3, count: 3 })).toThrow(
      'These lessons make 2 parts and no more.',
    );
    expect(inParts(course, [], 2)).toEqual([[]]);
  });

  it('leave out what a smaller lab has no machines for', () => {
    const small = loadCourse(
      fileURLToPath(new URL('../../lessons/pacemaker', import.meta.url)),
      imaginaryLab('test', { machineCount: 2 }),
    );
    const ids = lessonsToPlay(small, []).map(({ id }) => id);
    expect(ids).toContain('drbd');
    expect(ids).not.toContain('nfs-mount');
    expect(() => lessonsToPlay(small, ['nfs-mount'])).toThrow('needs a lab of three machines');
  });
});
