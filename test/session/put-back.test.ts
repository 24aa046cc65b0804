import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Shell } from '../../src/lab/machine.ts';
import { waitUntilBack } from '../../src/session/put-back.ts';
import { putProgram } from '../program.ts';

/** A folder with the machine's programs, each of which writes down how it was called. */
let programs = '';
const calls = (): string[] => readFileSync(join(programs, 'calls'), 'utf8').trim().split('\n');

const program = (name: string, body: string): void =>
  putProgram(programs, name, `echo ${name} "$@" >> ${programs}/calls\n${body}`);

/** A machine that is this computer's bash, with no other programs than the ones above. */
const shell: Shell = {
  runAsRoot: async (_machine, input) => {
    const { status, stdout, stderr } = spawnSync('/bin/bash', ['-s'], {
      input,
      env: { PATH: programs },
      encoding: 'utf8',
    });
    return { reached: true, exitCode: status, stdout, stderr, milliseconds: 1 };
  },
};

beforeEach(() => {
  programs = mkdtempSync(join(tmpdir(), 'halab-put-back-'));
  writeFileSync(join(programs, 'calls'), '');
  program('systemctl', '');
  program('sleep', '');
  program('uname', 'echo node1');
});

afterEach(() => rmSync(programs, { recursive: true }));

const units = ['corosync.service', 'pacemaker.service'];

// The script is for the machines of a lab, which are Linux with bash 5.
describe.skipIf(process.platform !== 'linux')('a machine that comes back', () => {
  it('is back when its Pacemaker has joined the cluster', async () => {
    const states = ['', 'S_STARTING', 'S_PENDING', 'S_NOT_DC', 'S_NOT_DC'];
    writeFileSync(join(programs, 'states'), states.join('\n'));
    program(
      'crmadmin',
      `mapfile -t states < ${programs}/states
printf '%s\\n' "\${states[@]:1}" > ${programs}/states
[ -n "\${states[0]}" ] || exit 102
echo "Controller on node1 in state \${states[0]}: ok"`,
    );
    await waitUntilBack(shell, 'node1', { units }, () => {});
    const made = calls();
    expect(made[0]).toBe('systemctl start corosync.service pacemaker.service');
    expect(made.filter((call) => call.startsWith('crmadmin'))).toHaveLength(4);
    expect(made).toContain('crmadmin --status node1 --timeout=2s');
  });

  it('is asked for no cluster when it had none', async () => {
    program('crmadmin', 'exit 102');
    await waitUntilBack(shell, 'node1', { units: ['apache2.service'] }, () => {});
    await waitUntilBack(shell, 'node1', { units: [], undo: 'systemctl daemon-reload' }, () => {});
    expect(calls()).toEqual(['systemctl start apache2.service', 'systemctl daemon-reload']);
  });

  it('is waited for until what undoes the fault and the start of the units have worked', async () => {
    program('crmadmin', 'echo "Controller on node1 in state S_IDLE: ok"');
    program('undo', `[ -e ${programs}/undone ] || { echo > ${programs}/undone; exit 4; }`);
    program('systemctl', `[ -e ${programs}/started ] || { echo > ${programs}/started; exit 1; }`);
    const reasons: string[] = [];
    await waitUntilBack(shell, 'node1', { units, undo: 'undo' }, (reason) => reasons.push(reason));
    expect(calls().map((call) => call.split(' ')[0])).toEqual([
      ...['undo', 'undo', 'systemctl', 'undo', 'systemctl'],
      ...['uname', 'crmadmin'],
    ]);
    expect(reasons).toHaveLength(2);
  });
});

describe('a machine that does not come back as it was', () => {
  const answer = (part: Partial<Awaited<ReturnType<Shell['runAsRoot']>>>): Shell => ({
    runAsRoot: async () => ({
      ...{ reached: true, exitCode: 0, stdout: '', stderr: '', milliseconds: 1 },
      ...part,
    }),
  });
  const patience = { back: 0.4, refused: 0.1, pause: 0.02 };
  const wait = (machine: Shell): Promise<unknown> =>
    waitUntilBack(machine, 'node1', { units }, () => {}, patience).then(
      () => 'back',
      (error: unknown) => error,
    );

  it('is given up soon when it refuses to start what ran, with the way to see why and the way out', async () => {
    const started = performance.now();
    const error = await wait(answer({ exitCode: 91, stderr: 'Job for corosync.service failed' }));
    expect(performance.now() - started).toBeLessThan(300);
    expect(error).toMatchObject({
      message: 'node1 runs, but not what ran on it before.',
      reason: 'Job for corosync.service failed',
      next: expect.stringMatching(
        /halab shell node1 -- systemctl status corosync\.service pacemaker\.service.*halab reset/,
      ),
    });
  });

  it('is waited for longer while it does not answer', async () => {
    const error = await wait(answer({ reached: false, exitCode: 255, stderr: 'No route to host' }));
    expect(error).toMatchObject({
      message: 'node1 does not come back.',
      reason: 'No route to host',
      next: expect.stringContaining('halab reset'),
    });
  });

  it('is back when a refusal did not last', async () => {
    let tries = 0;
    const machine: Shell = {
      runAsRoot: async () => ({
        ...{ reached: true, stdout: '', stderr: '', milliseconds: 1 },
        exitCode: ++tries < 4 ? 91 : 0,
      }),
    };
    expect(await wait(machine)).toBe('back');
  });
});
