import { describe, expect, it, vi } from 'vitest';
import type { ClusterState } from '../../src/cluster/state.ts';
import type { Lesson, Task } from '../../src/course/lesson.ts';
import { checkTask, firstMissing } from '../../src/session/check.ts';
import type { Session } from '../../src/session/session.ts';

const lesson = { id: 'a-lesson' } as Lesson;
const task = {
  id: 'a-task',
  within: 60,
  checks: [{ online: { nodes: ['node1'] } }],
} as unknown as Task;

/** A lab whose only machine does not answer, so that nothing is decided before the time is over. */
const sessionThat = (onLook: () => void): Session =>
  ({
    lab: { machines: [{ name: 'node1', role: 'node', ip: '192.168.56.11' }] },
    observe: async () => {
      onLook();
      return {
        machines: { node1: { name: 'node1', reachable: false, reason: 'it is off' } },
      } as unknown as ClusterState;
    },
    untilRest: async () => {},
    update: vi.fn(),
  }) as unknown as Session;

describe('a check that is interrupted', () => {
  it.each([
    [
      'a task’s',
      (session: Session, signal: AbortSignal) => checkTask(session, lesson, task, { signal }),
    ],
    ['a hint’s', (session: Session, signal: AbortSignal) => firstMissing(session, task, signal)],
  ])('gives no verdict, and ends with 130 (%s)', async (_, look) => {
    const controller = new AbortController();
    const session = sessionThat(() => controller.abort());
    await expect(look(session, controller.signal)).rejects.toMatchObject({ exitCode: 130 });
    expect(session.update).not.toHaveBeenCalled();
  });
});
