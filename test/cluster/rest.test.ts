import { describe, expect, it } from 'vitest';
import { untilAtRest } from '../../src/cluster/rest.ts';
import type { Shell } from '../../src/lab/machine.ts';
import { machines } from '../fixtures/load.ts';

/** A shell whose machines answer with these exit codes; null for one that cannot be reached. */
function shellOf(answers: Readonly<Record<string, number | null>>) {
  const asked: { machine: string; script: string; timeout: number | undefined }[] = [];
  const shell: Shell = {
    runAsRoot: async (machine, script, options = {}) => {
      asked.push({ machine, script, timeout: options.timeout });
      const exitCode = answers[machine] ?? null;
      return { reached: exitCode !== null, exitCode, stdout: '', stderr: '', milliseconds: 1 };
    },
  };
  return { shell, asked, who: () => asked.map(({ machine }) => machine) };
}

describe('waiting until a cluster is at rest', () => {
  it('asks the first node that runs Pacemaker, and no machine besides the nodes', async () => {
    const first = shellOf({ node1: 0, node2: 0 });
    await untilAtRest(first.shell, machines, 20);
    expect(first.who()).toEqual(['node1']);
    const second = shellOf({ node1: 33, node2: 0 });
    await untilAtRest(second.shell, machines, 20);
    expect(second.who()).toEqual(['node1', 'node2']);
    const none = shellOf({ node1: 33, node2: 33, storage: 0 });
    await untilAtRest(none.shell, machines, 20);
    expect(none.who()).toEqual(['node1', 'node2']);
  });

  it('asks the next node when one cannot be reached', async () => {
    const { shell, who } = shellOf({ node1: null, node2: 0 });
    await untilAtRest(shell, machines, 20);
    expect(who()).toEqual(['node1', 'node2']);
  });

  it('leaves it to the next look what a cluster that does not come to rest means', async () => {
    const { shell, who } = shellOf({ node1: 1, node2: 0 });
    await untilAtRest(shell, machines, 20);
    expect(who()).toEqual(['node1']);
  });

  it('gives whole seconds, and the shell more time than the cluster', async () => {
    const { shell, asked } = shellOf({ node1: 0 });
    await untilAtRest(shell, machines, 6.2);
    await untilAtRest(shell, machines, 0.1);
    expect(asked[0]?.script).toContain('SECONDS < 7');
    expect(asked[0]?.timeout).toBe(17_000);
    expect(asked[1]?.script).toContain('SECONDS < 1');
  });

  it('asks the node first that was the DC a moment ago, if the lab has one of that name', async () => {
    const { shell, asked } = shellOf({ node1: 0 });
    await untilAtRest(shell, machines, 20, 'node2');
    await untilAtRest(shell, machines, 20, 'a; b');
    await untilAtRest(shell, machines, 20);
    expect(asked.map(({ script }) => /^dc=.*$/m.exec(script)?.[0])).toEqual([
      'dc=node2',
      'dc=',
      'dc=',
    ]);
  });
});
