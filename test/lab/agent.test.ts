import { describe, expect, it } from 'vitest';
import { imaginaryLab } from '../../src/lab/lab.ts';
import { agentShell } from '../../src/lab/providers/agent.ts';
import type { Runner } from '../../src/run.ts';

/** virsh that succeeds and says this. */
const saying =
  (stdout: string): Runner =>
  async (command) => ({
    command,
    exitCode: 0,
    stdout,
    stderr: '',
    timedOut: false,
    milliseconds: 1,
  });

describe('the agent of a sick machine', () => {
  it.each(['', '{"return":', '{"return":{}}', '{"error":{"class":"GenericError"}}', 'null'])(
    'that answers "%s" has not been reached',
    async (answer) => {
      const shell = agentShell(imaginaryLab('one'), saying(answer));
      expect(await shell.runAsRoot('node1', 'true')).toMatchObject({
        reached: false,
        stderr: 'node1 gave no answer that makes sense.',
      });
    },
  );
});
