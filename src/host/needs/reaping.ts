import { containerStart } from '../fix-of.ts';
import { type Check, started } from '../scene.ts';

/**
 * Makes an orphan and says in which state it is once it has ended: nothing when whoever adopted it
 * has reaped it. A good process 1 does so at once; a slow one is given five seconds, since some
 * sweep now and then only.
 */
export const orphanTest: readonly string[] = [
  'sh',
  '-c',
  `pid=$(sh -c 'sleep 0.1 >/dev/null 2>&1 & echo $!')
   for wait in 1 1 1 1 1 1 1 1 1 1 5 5 5 5 5 5 5 5; do
     sleep 0.$wait
     [ -d /proc/$pid ] || exit 0
   done
   grep -E '^(State|PPid):' /proc/$pid/status`,
];

/**
 * A machine's QEMU outlives what started it, so process 1 (or the user's systemd) inherits it and
 * must take note of its end. Otherwise it stays as a zombie, and libvirt waits for it for ever.
 */
export const reaping: Check = async ({ run, computer }) => {
  const asked = await run(orphanTest);
  if (!started(asked) || !/^State:\s+Z/m.test(asked.stdout)) return null;
  const { container, init } = computer.surroundings;
  const parent = /^PPid:\s+(\d+)/m.exec(asked.stdout)?.[1] ?? '1';
  const called = parent === '1' && init !== '' ? `process 1, ${init},` : `process ${parent}`;
  return {
    id: 'reaping',
    title: 'Ended processes',
    status: 'missing',
    found: `${called} does not take note of the end of processes that it inherits`,
    needed: 'a process 1 that reaps, or a machine that is powered off never ends for libvirt',
    fix:
      container === null
        ? {
            explain: 'Start this system with an init, such as systemd or tini, as process 1.',
            packages: [],
            commands: [],
          }
        : {
            explain: 'Start the container with an init as its process 1.',
            packages: [],
            commands: [containerStart(container, '--init')],
          },
  };
};
