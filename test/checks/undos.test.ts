import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judge } from '../../src/checks/index.ts';
import type { Lesson, Task } from '../../src/course/lesson.ts';
import { loadCourse } from '../../src/course/load.ts';
import { imaginaryLab } from '../../src/lab/lab.ts';
import type { Machine } from '../../src/lab/machine.ts';
import { lessonsFolder } from '../../src/paths.ts';
import { machines, recordedNames, recordedRaw, recordedState } from '../fixtures/load.ts';

// Recorded by `npm run record -- --undos --lesson ID`: a task done on real machines, and one thing in it
// undone. Each must be refused, in a sentence that names what is wrong.
const lessonsFor = (machineCount: 2 | 3): readonly Lesson[] =>
  loadCourse(join(lessonsFolder, 'pacemaker'), imaginaryLab('test', { machineCount })).lessons;
const lessons = { 2: lessonsFor(2), 3: lessonsFor(3) };

interface WrongTurn {
  readonly name: string;
  readonly task: Task;
  readonly what: string;
  readonly machines: readonly Machine[];
}

const wrongTurns = recordedNames().flatMap((name): WrongTurn[] => {
  const [, path, number] = /^(.*)-without-(\d+)$/.exec(name) ?? [];
  if (path === undefined) return [];
  const { answers } = recordedRaw(name);
  const recorded = machines.filter((machine) => machine.name in answers);
  for (const lesson of lessons[recorded.length === 2 ? 2 : 3]) {
    const task = lesson.tasks.find(({ id }) => path === `${lesson.id}-${id}`);
    const undo = task?.undo[Number(number) - 1];
    if (task !== undefined && undo !== undefined) {
      return [{ name, task, what: undo.what, machines: recorded }];
    }
  }
  throw new Error(`${name} is of no lesson: its undo step is gone. Delete the fixture.`);
});

function refusals({ name, task, machines: recorded }: WrongTurn): string[] {
  const state = recordedState(name);
  return task.checks
    .map((check) => judge(check, state, recorded))
    .filter(({ passed }) => !passed)
    .map(({ evidence }) => evidence);
}

describe('a task with one thing undone', () => {
  it.each(wrongTurns.map((turn) => [turn.name, turn] as const))('is refused: %s', (_, turn) => {
    expect(refusals(turn)).not.toEqual([]);
  });

  it('is told what is wrong', async () => {
    const told = wrongTurns.map((turn) =>
      [`${turn.name}: ${turn.what}`, ...refusals(turn).map((text) => `  ${text}`)].join('\n'),
    );
    await expect(`${told.join('\n')}\n`).toMatchFileSnapshot('golden/undos.txt');
  });
});
