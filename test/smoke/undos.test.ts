import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterState } from '../../src/cluster/state.ts';
import type { Lesson, UndoStep } from '../../src/course/lesson.ts';
import type { Session } from '../../src/session/session.ts';
import type { Outcome } from '../../src/smoke/results.ts';
import { playUndos } from '../../src/smoke/undos.ts';
import { machines, recordedState } from '../fixtures/load.ts';
import { vipTask } from './vip-task.ts';

// What is done to the machines, in order.
const done: string[] = [];

vi.mock('../../src/session/checkpoints.ts', () => ({
  saveCheckpoint: async () => done.push('save'),
  restoreCheckpoint: async () => done.push('restore'),
  deleteCheckpoints: async () => {},
}));
vi.mock('node:timers/promises', () => ({ setTimeout: async () => {} }));

const solved = recordedState('vip-started');
const broken = recordedState('vip-no-monitor');

/** A session whose machines are as `broken` after a script that says "break", and whole again after "mend" or a restore. */
function sessionOf(): Session {
  let isBroken = false;
  return {
    lab: { machines },
    shell: {
      runAsRoot: async (machine: string, script: string) => {
        done.push(`${machine}: ${script.trim().split('\n').at(-1)}`);
        if (script.includes('break')) isBroken = true;
        if (script.includes('mend') || script.includes('cibadmin --replace')) isBroken = false;
        return { reached: true, exitCode: 0, stdout: '', stderr: '', milliseconds: 1 };
      },
    },
    observe: async () => (isBroken ? broken : solved),
  } as unknown as Session;
}

async function play(
  undo: readonly UndoStep[],
): Promise<{ whole: boolean; seen: ClusterState | null; results: string[] }> {
  const results: string[] = [];
  const record = async (name: string, work: () => Promise<Outcome>): Promise<boolean> => {
    const { passed } = await work();
    results.push(`${passed ? 'ok' : 'not ok'} ${name}`);
    return passed;
  };
  const { whole, seen } = await playUndos(sessionOf(), { id: 'lesson' } as Lesson, vipTask(undo), {
    emit: () => {},
    record,
    next: [],
    onUndone: async (_session, _lesson, _task, number) => {
      done.push(`undone ${number}`);
    },
  });
  return { whole, seen, results };
}

const on = ['node1'];

describe('undoing each thing that a task asserts', () => {
  beforeEach(() => {
    done.length = 0;
  });

  it('puts it back as the lesson says, and sees the checks pass again', async () => {
    const { whole, seen, results } = await play([
      { what: 'the monitor', on, run: 'break', redo: 'mend' },
    ]);
    expect(results).toEqual([
      'ok the checks fail without the monitor',
      'ok the checks pass again with the monitor',
    ]);
    expect(whole).toBe(true);
    expect(seen).toBe(solved);
    expect(done).toEqual(['node1: break', 'undone 1', 'node1: mend']);
  });

  it('keeps the configuration before it undoes something of it, and puts that back', async () => {
    const { whole } = await play([
      { what: 'the monitor', on, run: 'break', redo: 'configuration' },
    ]);
    expect(whole).toBe(true);
    expect(done[0]).toBe('node1: cibadmin --query > /run/halab-kept.xml');
    expect(done.slice(1, 3)).toEqual(['node1: break', 'undone 1']);
    expect(done).toHaveLength(4);
  });

  it('goes back to a checkpoint for what cannot be put back, after all else and by its number in the lesson', async () => {
    const { whole, seen, results } = await play([
      { what: 'one', on, run: 'break one' },
      { what: 'two', on, run: 'break two', redo: 'mend two' },
    ]);
    expect(whole).toBe(true);
    expect(seen).toBe(null);
    expect(results.map((result) => result.split(' ').at(-1))).toEqual(['two', 'two', 'one']);
    expect(done).toEqual([
      'node1: break two',
      'undone 2',
      'node1: mend two',
      'save',
      'node1: break one',
      'undone 1',
      'restore',
    ]);
  });

  it('ends when something is not put back by what the lesson says', async () => {
    const { whole, results } = await play([
      { what: 'one', on, run: 'break one', redo: 'true' },
      { what: 'two', on, run: 'break two', redo: 'mend two' },
    ]);
    expect(whole).toBe(false);
    expect(results).toEqual([
      'ok the checks fail without one',
      'not ok the checks pass again with one',
    ]);
  });

  it('fails for an undo step that breaks nothing', async () => {
    const { results } = await play([{ what: 'nothing', on, run: 'true', redo: 'mend' }]);
    expect(results[0]).toBe('not ok the checks fail without nothing');
  });
});
