import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Lesson } from '../../src/course/lesson.ts';
import { loadCourse } from '../../src/course/load.ts';
import type { Emit } from '../../src/events.ts';
import { imaginaryLab, type Lab, labFiles } from '../../src/lab/lab.ts';
import type { Provider } from '../../src/lab/providers/provider.ts';
import {
  assertCheckpointName,
  assertRoomForCheckpoint,
  type Checkpoint,
  readCheckpoints,
  startsKept,
  toPrune,
  writeCheckpoints,
} from '../../src/session/checkpoint-file.ts';
import { bringToStart, solveLesson, startHash, wayToStart } from '../../src/session/reset.ts';
import type { Session } from '../../src/session/session.ts';
import { machines as labMachines, recordedState } from '../fixtures/load.ts';

const course = loadCourse(
  fileURLToPath(new URL('../../lessons/pacemaker', import.meta.url)),
  imaginaryLab('test'),
);
const [machines, cluster, address] = course.lessons as readonly [Lesson, Lesson, Lesson];
const ids = (lessons: readonly Lesson[]): string[] => lessons.map(({ id }) => id);

describe("the way to a lesson's start", () => {
  it('is its own checkpoint', () => {
    expect(wayToStart(course, address, ['lesson-meet-your-machines', 'lesson-virtual-ip'])).toEqual(
      { checkpoint: 'lesson-virtual-ip', solve: [] },
    );
  });

  it('begins at the nearest checkpoint before it', () => {
    const way = wayToStart(course, address, [
      'lesson-meet-your-machines',
      'lesson-first-cluster',
      'mine',
    ]);
    expect(way.checkpoint).toBe('lesson-first-cluster');
    expect(ids(way.solve)).toEqual(['first-cluster']);
  });

  it('begins at the start of an earlier lesson that stands on the same', () => {
    const lesson = (id: string): Lesson => course.lessons.find((one) => one.id === id) as Lesson;
    // Neither stands on the other; both stand on the web server.
    expect(wayToStart(course, lesson('automatic-or-manual'), ['lesson-print-server'])).toEqual({
      checkpoint: 'lesson-print-server',
      solve: [],
    });
    const way = wayToStart(course, lesson('false-alarm'), ['lesson-drbd', 'lesson-slow-stop']);
    expect(way.checkpoint).toBe('lesson-slow-stop');
    expect(ids(way.solve)).toEqual(['automatic-or-manual']);
    // A later lesson's start may hold what this one begins without; so may one that changed something.
    expect(
      wayToStart(course, lesson('print-server'), ['lesson-slow-stop', 'lesson-automatic-or-manual'])
        .checkpoint,
    ).toBeNull();
    expect(
      wayToStart(course, lesson('slow-stop'), ['lesson-automatic-or-manual']).checkpoint,
    ).toBeNull();
  });

  it('begins with new machines where there is no checkpoint', () => {
    const way = wayToStart(course, address, ['mine']);
    expect(way.checkpoint).toBeNull();
    expect(ids(way.solve)).toEqual(['meet-your-machines', 'first-cluster']);
    expect(wayToStart(course, machines, [])).toEqual({ checkpoint: null, solve: [] });
  });
});

describe("the hash of a lesson's start", () => {
  it('changes with the solutions before it and with the box, and with nothing else', () => {
    const hash = startHash(course, address, 'box1');
    expect(startHash(course, address, 'box1')).toBe(hash);
    expect(startHash(course, address, 'box2')).not.toBe(hash);
    const changed = (lesson: Lesson): typeof course => ({
      ...course,
      lessons: course.lessons.map((known) =>
        known === lesson ? { ...lesson, tasks: lesson.tasks.slice(1) } : known,
      ),
    });
    expect(startHash(changed(cluster), address, 'box1')).not.toBe(hash);
    expect(startHash(changed(address), address, 'box1')).toBe(hash);
  });
});

const whole = { answering: [], online: [], quorate: false, connected: [] };
const checkpoint = (name: string, lesson: string | null, hour: number): Checkpoint => ({
  name,
  lesson,
  madeAt: new Date(Date.UTC(2026, 10, 23, hour)).toISOString(),
  whole,
  pulses: null,
  builtFrom: null,
});

describe('solving a lesson on the way', () => {
  it('leaves out the exercises, which leave nothing that a later lesson stands on', async () => {
    const scripts: string[] = [];
    const session = {
      lab: { machines: labMachines },
      shell: {
        runAsRoot: async (_machine: string, script: string) => {
          scripts.push(script);
          return { reached: true, exitCode: 0, stdout: '', stderr: '', milliseconds: 1 };
        },
      },
      observe: async () => recordedState('vip-started'),
      untilRest: async () => {},
    } as unknown as Session;
    const solutionOf = (run: string) => ({ pcs: [{ on: ['node1'], run }], crmsh: [] });
    const [given] = address.tasks;
    if (given === undefined) throw new Error('no task');
    const tasks = [
      { ...given, id: 'vip', exercise: false, solution: solutionOf('create it') },
      { ...given, id: 'standby', exercise: true, solution: solutionOf('move it') },
    ];
    const steps: string[] = [];
    await solveLesson(
      session,
      { ...address, tasks },
      {
        flavour: 'pcs',
        emit: (event) => {
          if (event.type === 'step-done') steps.push(event.step);
        },
      },
    );
    expect(scripts).toEqual(['set -e\ncreate it']);
    expect(steps).toEqual(['solve-virtual-ip-vip']);
  });

  it('has exercises in the course, and what later lessons stand on is none', () => {
    expect(address.tasks.map(({ id, exercise }) => [id, exercise])).toEqual([
      ['vip', false],
      ['standby', true],
      ['stickiness', false],
      ['return', true],
    ]);
  });
});

describe('a reset that is asked to end', () => {
  it('does not begin the lesson once the machines were made anew', async () => {
    const controller = new AbortController();
    const runAsRoot = vi.fn();
    const session = {
      course,
      lab: imaginaryLab('test'),
      checkpoints: async () => [],
      shell: { runAsRoot },
    } as unknown as Session;
    const start = { what: 'Clearing away', steps: [{ on: ['node1'], run: 'true' }] };
    const reset = bringToStart(session, { ...machines, start } as Lesson, {
      emit: () => {},
      flavour: 'pcs',
      signal: controller.signal,
      rebuild: async () => {
        controller.abort();
        return session;
      },
    });
    await expect(reset).rejects.toMatchObject({ exitCode: 130 });
    expect(runAsRoot).not.toHaveBeenCalled();
  });
});

describe('pruning', () => {
  it(`keeps the newest ${startsKept} starts and all of the learner's own`, () => {
    const starts = [0, 1, 2, 3, 4].map((hour) => checkpoint(`lesson-${hour}`, `${hour}`, hour));
    expect(toPrune([checkpoint('mine', null, 0), ...starts])).toEqual(['lesson-1', 'lesson-0']);
    expect(toPrune(starts.slice(2))).toEqual([]);
  });
});

describe('the record of checkpoints', () => {
  let lab: Lab;
  const having = (...names: string[]): Provider =>
    ({ checkpoints: async () => names }) as Partial<Provider> as Provider;

  let told: string[];
  const tell: Emit = (event) => {
    if (event.type === 'note') told.push(event.text);
  };

  beforeEach(() => {
    told = [];
    lab = { ...imaginaryLab('test'), folder: mkdtempSync(join(tmpdir(), 'halab-checkpoints-')) };
  });
  afterEach(() => rmSync(lab.folder, { recursive: true }));

  it('tells those that the machines still have', async () => {
    expect(await readCheckpoints(lab, having('mine'), tell)).toEqual([]);
    const both = [checkpoint('mine', null, 1), checkpoint('gone', null, 2)];
    writeCheckpoints(lab, both);
    expect(await readCheckpoints(lab, having('mine', 'strange'), tell)).toEqual([both[0]]);
  });

  it.each(['{', '{"format":1}', '[]', '', '{"format":1,"checkpoints":[{"name":"x"}]}'])(
    'is set aside and told when it is %s',
    async (text) => {
      writeFileSync(labFiles.checkpoints(lab), text);
      expect(await readCheckpoints(lab, having('mine'), tell)).toEqual([]);
      const [kept = '', ...others] = readdirSync(lab.folder);
      expect(kept).toMatch(/^checkpoints.json.corrupt-/);
      expect(others).toEqual([]);
      expect(readFileSync(join(lab.folder, kept), 'utf8')).toBe(text);
      expect(told).toEqual([
        `The list of the lab's checkpoints could not be read. It was kept as ${join(lab.folder, kept)}; what it told of can no longer be restored.`,
      ]);
    },
  );

  it('is left alone when a newer halab wrote it', async () => {
    const text = '{"format":2,"checkpoints":{"other":true}}';
    writeFileSync(labFiles.checkpoints(lab), text);
    await expect(readCheckpoints(lab, having('mine'), tell)).rejects.toMatchObject({
      exitCode: 2,
      message: "The list of the lab's checkpoints was written by a newer halab.",
    });
    expect(readFileSync(labFiles.checkpoints(lab), 'utf8')).toBe(text);
  });

  it('is refused when the disk could fill up', () => {
    expect(() => assertRoomForCheckpoint(lab)).not.toThrow();
    const huge = { ...lab, record: { ...lab.record, memory: 1_000_000_000 } };
    expect(() => assertRoomForCheckpoint(huge)).toThrow('not enough room');
  });
});

describe("a checkpoint's name", () => {
  it.each(['before-drbd', '1', 'a'.repeat(41)])('may be %s', (name) => {
    expect(() => assertCheckpointName(name)).not.toThrow();
  });
  it.each(['', 'Übung', '-a', 'a b', 'a'.repeat(42), 'lesson-virtual-ip', '../x'])(
    'may not be "%s"',
    (name) => {
      expect(() => assertCheckpointName(name)).toThrow();
    },
  );
});
