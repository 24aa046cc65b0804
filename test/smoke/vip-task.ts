import { checkSchema } from '../../src/checks/index.ts';
import type { Task, UndoStep } from '../../src/course/lesson.ts';

/** A task that asks for the virtual address, watched: solved in the recorded state vip-started. */
export const vipTask = (undo: readonly UndoStep[] = []): Task => ({
  id: 'vip',
  title: 'The address',
  within: 0,
  exercise: false,
  checks: [
    checkSchema.parse({
      resource: {
        agent: 'ocf:heartbeat:IPaddr2',
        with: { ip: '192.168.56.100' },
        started: 'once',
        monitor: true,
      },
    }),
  ],
  hints: [],
  solution: { pcs: [], crmsh: [] },
  undo,
});
