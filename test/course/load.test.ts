import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  LessonError,
  lessonJsonSchema,
  lintCourse,
  loadCourse,
  problemLine,
} from '../../src/course/load.ts';
import { unitsOf } from '../../src/course/units.ts';
import { imaginaryLab } from '../../src/lab/lab.ts';
import { lessonsFolder } from '../../src/paths.ts';

const fixtures = fileURLToPath(new URL('../fixtures/lessons/', import.meta.url));
const ofThree = imaginaryLab('test');
const ofTwo = imaginaryLab('test', { machineCount: 2 });

/** What is wrong in a fixture, with paths that do not depend on the computer. */
const problemsIn = (course: string): string =>
  lintCourse(join(fixtures, course))
    .map((problem) => problemLine({ ...problem, file: problem.file.slice(fixtures.length) }))
    .join('\n');

describe('a sound course', () => {
  it('has nothing wrong in it', () => {
    expect(problemsIn('valid')).toBe('');
  });

  const course = loadCourse(join(fixtures, 'valid'), ofThree);
  const [names, service] = course.lessons;

  it('is read in the order of course.yaml', () => {
    expect(course).toMatchObject({ track: 'practice', title: 'A course for tests' });
    expect(course.lessons.map(({ id }) => id)).toEqual(['names', 'service']);
  });

  it('has its variables filled in, in both files', () => {
    expect(names?.tasks[0]?.checks[0]).toEqual({
      hosts: { name: 'node1', ip: '192.168.56.11', on: 'all' },
    });
    expect(names?.tasks[0]?.hints[1]).toBe('Add 192.168.56.11.');
    expect(names?.text.intro).toContain('The network is 192.168.56.0/24.');
    expect(service?.text.tasks.vip).toBe('Create 192.168.56.100.');
  });

  it('has its machines resolved, and what is for other labs left out', () => {
    const small = loadCourse(join(fixtures, 'valid'), ofTwo).lessons[0];
    expect(names?.tasks[0]?.checks).toHaveLength(2);
    expect(small?.tasks[0]?.checks).toHaveLength(1);
    expect(names?.tasks[0]?.solution.pcs.map(({ on }) => on)).toEqual([
      ['node1', 'node2', 'storage'],
      ['storage'],
    ]);
    expect(small?.tasks[0]?.solution.crmsh.map(({ on }) => on)).toEqual([['node1', 'node2']]);
    expect(names?.text.intro).toContain('You have three machines.');
    expect(names?.text.intro).not.toContain('You have two machines.');
    expect(small?.text.intro).toContain('You have two machines.');
    expect(small?.text.intro).not.toMatch(/three machines|<!--/);
  });

  it('has a solution for each flavour', () => {
    const { solution } = service?.tasks[0] ?? {};
    expect(solution?.pcs[0]?.run).toMatch(/^pcs resource create vip .* ip=192\.168\.56\.100$/);
    expect(solution?.crmsh[0]).toMatchObject({ on: ['node2'] });
    expect(service?.tasks[1]?.solution.pcs).toEqual(service?.tasks[1]?.solution.crmsh);
  });

  it('has defaults where nothing is written', () => {
    expect(service?.tasks.map(({ within }) => within)).toEqual([60, 30]);
    expect(service?.tasks[1]?.undo).toEqual([]);
    expect(service?.tasks[0]?.undo[0]).toMatchObject({
      on: ['node1', 'node2'],
      redo: 'ping -c 1 192.168.56.100',
    });
    expect(names?.drills).toEqual([]);
  });

  it('has its drills, {{active}} left for the drill to fill', () => {
    expect(service?.drills[0]).toMatchObject({
      fault: { kind: 'power-off', machine: '{{active}}' },
      active: { agent: 'ocf:heartbeat:IPaddr2', with: { ip: '192.168.56.100' } },
      outage: { ping: '192.168.56.100', from: 'storage', below: 90, above: 0 },
    });
    expect(service?.drills[1]?.fault).toEqual({
      kind: 'stop-resource',
      agent: 'ocf:heartbeat:IPaddr2',
      with: { ip: '192.168.56.100' },
    });
    expect(service?.text.drills).toEqual({ 'power-cut': 'Watch it move.' });
    expect(service?.text.tasks.stickiness).toBe('Make it stay.');
  });
});

describe('an unsound course', () => {
  const broken = readdirSync(fixtures).filter((name) => name.startsWith('invalid-'));

  it.each(broken)('%s: every problem is told, with file, line and column', (name) => {
    const expected = readFileSync(join(fixtures, name, 'expected.txt'), 'utf8').trimEnd();
    expect(expected).not.toBe('');
    expect(problemsIn(name)).toBe(expected);
  });

  it.each(broken)('%s: is not loaded', (name) => {
    // One of them is sound in a lab of three machines alone.
    const load = () => loadCourse(join(fixtures, name), ofTwo);
    expect(load).toThrow(LessonError);
    expect(load).toThrow(/has (a mistake|\d+ mistakes)\.$/);
  });

  it('is refused with all problems, the next step and exit code 2', () => {
    const folder = join(fixtures, 'invalid-requires');
    try {
      loadCourse(folder, ofThree);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        message: `The course in ${folder} has 3 mistakes.`,
        exitCode: 2,
        next: `Mend it, then: halab lesson lint ${folder}`,
      });
      expect((error as LessonError).reason?.split('\n')).toHaveLength(3);
    }
  });

  it('may be no course at all', () => {
    expect(lintCourse(join(fixtures, 'nowhere'))).toMatchObject([
      { message: 'there is no such file', line: 0 },
    ]);
  });
});

describe('the JSON Schema for editors', () => {
  it('knows the keys of lesson.yaml, and the checks', () => {
    const schema = lessonJsonSchema() as {
      properties: {
        tasks: { items: { properties: { checks: { items: { properties: object } } } } };
      };
      required: string[];
    };
    expect(schema.required).toContain('tasks');
    expect(schema.required).not.toContain('drills');
    expect(Object.keys(schema.properties.tasks.items.properties.checks.items.properties)).toContain(
      'no-leftovers',
    );
  });

  it('is in the lessons folder as it is today: halab lesson schema > lessons/lesson.schema.json', () => {
    const kept = readFileSync(join(lessonsFolder, 'lesson.schema.json'), 'utf8');
    expect(JSON.parse(kept)).toEqual(JSON.parse(JSON.stringify(lessonJsonSchema())));
  });

  it('is named at the top of every lesson', () => {
    const track = join(lessonsFolder, 'pacemaker');
    const files = readdirSync(track, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(track, name, 'lesson.yaml'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const [, schema = ''] =
        /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8')) ?? [];
      expect(join(dirname(file), schema), file).toBe(join(lessonsFolder, 'lesson.schema.json'));
    }
  });
});

describe('unitsOf', () => {
  it('names the units that the checks look at', () => {
    const course = loadCourse(join(fixtures, 'valid'), ofThree);
    const [lesson] = course.lessons;
    if (lesson === undefined) throw new Error('no lesson');
    const withUnits = {
      ...course,
      lessons: [
        {
          ...lesson,
          entry: [{ unit: { name: 'apache2', active: false, on: 'node1' as const } }],
          drills: [],
        },
      ],
    };
    expect(unitsOf(course)).toEqual([]);
    expect(unitsOf(withUnits)).toEqual(['apache2.service']);
  });
});
