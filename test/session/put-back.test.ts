import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Shell } from '../../src/lab/machine.ts';
import { waitUntilBack } from '../../src/session/put-back.ts';

/** A folder with the machine's programs, each of which writes down how it was called. */
let programs = '';
const calls = (): string[] => readFileSync(join(programs, 'calls'), 'utf8').trim().split('\n');

function program(name: string, body: string): void {
  const file = join(programs, name);
  writeFileSync(file, `#!/bin/bash\necho ${name} "$@" >> ${programs}/calls\n${body}\n`);
  chmodSync(file, 0o755);
}

/** A machine that is this computer's bash, with no other programs than the ones above. */
const shell: Shell = {
  runAsRoot: async (_machine, input) => {
    const {
      exitCode = null,
      stdout,
      stderr,
    } = execaSync('/bin/bash', ['-s'], {
      input,
      reject: false,
      env: { PATH: programs },
      extendEnv: false,
    });
    return { reached: true, exitCode, stdout, stderr, milliseconds: 1 };
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

describe('a machine that comes back', () => {
  it('is back when its Pacemaker has joined the cluster', async () => {
    const states = ['', 'S_STARTING', 'S_PENDING', 'S_NOT_DC', 'S_NOT_DC'];
    program(
      'crmadmin',
      `read -ra states <<< '${states.map((state) => `"${state}"`).join(' ')}'
mapfile -t calls < ${programs}/calls
count=0; for call in "\${calls[@]}"; do [[ $call != crmadmin* ]] || ((++count)); done
[ "\${states[count - 1]}" != '""' ] || exit 102
echo "Controller on node1 in state \${states[count - 1]}: ok"`,
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
