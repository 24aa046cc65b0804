import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../src/commands/program.ts';
import { LessonError, lintCourse, loadCourse, problemLine } from '../../src/course/load.ts';
import { newLesson } from '../../src/course/new-lesson.ts';
import { imaginaryLab } from '../../src/lab/lab.ts';

const sound = fileURLToPath(new URL('../fixtures/lessons/valid', import.meta.url));
let course = '';
beforeEach(() => {
  course = mkdtempSync(join(tmpdir(), 'halab-hostile-'));
  cpSync(sound, course, { recursive: true });
});
afterEach(() => rmSync(course, { recursive: true, force: true }));

const lesson = (): string => join(course, 'names', 'lesson.yaml');
const text = (): string => join(course, 'names', 'lesson.md');

/** What lint says, which no command may say otherwise: who loads the course is told of the same, and of no stack. */
function problems(): string[] {
  const found = lintCourse(course);
  for (const machineCount of [3, 2] as const) {
    const load = () => loadCourse(course, imaginaryLab('test', { machineCount }));
    if (found.length === 0) expect(load).not.toThrow();
    else if (machineCount === 3) expect(load).toThrow(LessonError);
  }
  return found.map((problem) =>
    problemLine({ ...problem, file: problem.file.slice(course.length + 1) }),
  );
}

/** The lesson with a text in the place of another, which must be in it. */
function replace(file: string, before: string, after: string): void {
  const content = readFileSync(file, 'utf8');
  if (!content.includes(before)) throw new Error(`no ${before} in ${file}`);
  writeFileSync(
    file,
    content.replace(before, () => after),
  );
}

/** Seconds that lint and two loads may take, on a computer with other work too. */
const within = 20;

describe('a course folder may hold anything', () => {
  it.each([
    ['"{{node1_ip"', '"{{node1_ip" is not closed; expected {{name}} on one line'],
    ['"{{node1_ip}"', '"{{node1_ip}" is not closed'],
    ['"{{"', '"{{" is not closed'],
    ['"{{node1_ip\\n}}"', '"{{node1_ip" is not closed'],
  ])('a variable that is not closed: ip: %s', (written, message) => {
    replace(lesson(), '"{{node1_ip}}"', written);
    expect(problems()).toEqual([expect.stringMatching(/^names\/lesson\.yaml:\d+:\d+: /)]);
    expect(problems()[0]).toContain(message);
  });

  it('a variable that is not closed in the text, and what is no variable', () => {
    appendFileSync(text(), '\nLog in to {{node1_ip. A single { or } is none.\nNor is }}.\n');
    const line = readFileSync(text(), 'utf8').split('\n').length - 2;
    expect(problems()).toEqual([
      `names/lesson.md:${line}:11: "{{node1_ip. A single { or } is" is not closed; expected {{name}} on one line`,
    ]);
  });

  it.each([['&r [*r]'], ['&r [[*r]]'], ['&r {a: [*r]}'], ['[&a {b: &c [*a]}, *c]']])(
    'what stands for something that it is a part of: requires: %s',
    (written) => {
      replace(lesson(), 'requires: []', `requires: ${written}`);
      expect(problems()).toContainEqual(
        expect.stringMatching(
          /^names\/lesson\.yaml:\d+:\d+: this is no sound YAML: it stands for something that it is a part of$/,
        ),
      );
    },
  );

  it.each([
    ['100,000 unknown keys', Array.from({ length: 100_000 }, (_, at) => `key${at}: 1`).join('\n')],
    ['as many as fit', Array.from({ length: 25_000 }, (_, at) => `k${at}: 1`).join('\n')],
    ['as many as are looked at', Array.from({ length: 2000 }, (_, at) => `k${at}: 1`).join('\n')],
    ['as many tasks', `tasks:\n${'- {id: x}\n'.repeat(1500)}`],
    ['an endless key', `${'k'.repeat(200_000)}: 1`],
    ['deep lists', '['.repeat(20_000)],
    ['deep lists that end', `x: ${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['deep maps', `x: ${'{a: '.repeat(10_000)}`],
    ['deep entries', '- '.repeat(20_000)],
    ['deep keys', `${'? '.repeat(10_000)}x`],
    ['aliases', `x: &a [${'1,'.repeat(500)}]\ny: [${'*a,'.repeat(4000)}]`],
    ['an alias of nothing', 'x: *nothing'],
    ['a variable without end', `x: "${'{{'.repeat(100_000)}"`],
    ['a key that is named like a part of every object', '__proto__: {a: 1}\nconstructor: 1'],
  ])('in bounded time: %s', (_, yaml) => {
    appendFileSync(lesson(), `\n${yaml}\n`);
    const started = performance.now();
    const found = problems();
    expect((performance.now() - started) / 1000).toBeLessThan(within);
    expect(found[0]).toMatch(/^names\/lesson\.yaml/);
    expect(found.length).toBeLessThan(12_000);
  });

  it.each([
    ['an endless line', 'x'.repeat(10_000_000)],
    ['a marker that does not end', `<!-- task: ${' '.repeat(200_000)}x`],
    ['a variable that does not end', '{{'.repeat(20_000)],
  ])('in bounded time, in the text: %s', (_, markdown) => {
    appendFileSync(text(), `\n${markdown}\n`);
    const started = performance.now();
    problems();
    expect((performance.now() - started) / 1000).toBeLessThan(within);
  });

  it('unknown keys are told one by one while they are few', () => {
    appendFileSync(lesson(), Array.from({ length: 30 }, (_, at) => `\nkey${at}: 1`).join(''));
    expect(problems()).toHaveLength(21);
    expect(problems()).toContainEqual(
      expect.stringContaining('the file: 10 more keys are none of these'),
    );
  });

  it('more lessons than anybody would read', () => {
    const names = Array.from({ length: 20_000 }, (_, at) => `a${at}`);
    replace(
      join(course, 'course.yaml'),
      'lessons: [names, service]',
      `lessons:\n${names.map((name) => `  - ${name}\n`).join('')}`,
    );
    expect(problems()).toContainEqual(expect.stringContaining('course.yaml'));
    const few = Array.from({ length: 200 }, (_, at) => `a${at}`);
    cpSync(join(sound, 'course.yaml'), join(course, 'course.yaml'));
    replace(
      join(course, 'course.yaml'),
      'lessons: [names, service]',
      `lessons:\n${few.map((name) => `  - ${name}\n`).join('')}`,
    );
    expect(problems()).toContainEqual(
      expect.stringContaining('found 200 lessons; expected at most 100'),
    );
  });

  it.each(['course.yaml', 'names/lesson.yaml', 'names/lesson.md'])(
    '%s may be a pipe, a folder, a device or no text',
    (name) => {
      const file = join(course, name);
      rmSync(file);
      execFileSync('mkfifo', [file]);
      expect(problems()).toContain(
        `${name}: the file cannot be read: it is a pipe; expected an ordinary file`,
      );
      rmSync(file);
      mkdirSync(file);
      expect(problems()).toContain(
        `${name}: the file cannot be read: it is a folder; expected an ordinary file`,
      );
      rmSync(file, { recursive: true });
      symlinkSync('/dev/zero', file);
      expect(problems()).toContain(
        `${name}: the file cannot be read: it is a device; expected an ordinary file`,
      );
      rmSync(file);
      writeFileSync(file, Buffer.from('title: Gr\xfc\xdfe\n', 'latin1'));
      expect(problems()).toContain(`${name}:1:1: the text is not UTF-8`);
      writeFileSync(file, Buffer.concat([readFileSync(join(sound, name)), Buffer.from([0xc3])]));
      const last = readFileSync(join(sound, name), 'utf8').split('\n').length;
      expect(problems()).toContain(`${name}:${last}:1: the text is not UTF-8`);
    },
  );

  it('a byte order mark is nothing', () => {
    for (const file of [lesson(), text(), join(course, 'course.yaml')])
      writeFileSync(file, `\ufeff${readFileSync(file, 'utf8')}`);
    expect(problems()).toEqual([]);
  });

  it('a lesson is not begun in a course that is a pipe', () => {
    rmSync(join(course, 'course.yaml'));
    execFileSync('mkfifo', [join(course, 'course.yaml')]);
    expect(() => newLesson(course, 'another')).toThrow(/cannot be read/);
  });

  it('what a terminal would obey is told by its number', () => {
    appendFileSync(lesson(), '\n"\\e[2J": 1\n');
    expect(problems()[0]).toContain('there is no key "\\u001b[2J" here');
  });

  it('wherever lesson.yaml is cut off', () => {
    const whole = readFileSync(lesson(), 'utf8');
    for (let length = 0; length < whole.length - 2; length += 11) {
      writeFileSync(lesson(), whole.slice(0, length));
      expect(() => problems(), `after ${length} letters`).not.toThrow();
    }
  });

  it('an error tells the first problems, and how many there are besides', () => {
    appendFileSync(lesson(), `\ntasks:\n${'- {id: x}\n'.repeat(50)}`);
    const load = () => loadCourse(course, imaginaryLab('test'));
    expect(load).toThrow(LessonError);
    try {
      load();
    } catch (error) {
      expect((error as LessonError).reason?.split('\n')).toHaveLength(31);
      expect((error as LessonError).reason).toMatch(/\nand \d+ more$/);
    }
  });

  it('halab lesson lint ends with 1, and no stack', async () => {
    replace(lesson(), 'requires: []', 'requires: &r [*r]');
    let said = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
      said += String(part);
      return true;
    });
    try {
      expect(await runCommandLine(['node', 'halab', 'lesson', 'lint', course], '0')).toBe(1);
    } finally {
      vi.restoreAllMocks();
    }
    expect(said).toContain('it stands for something that it is a part of');
  });
});
