import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeScript, readSections, standardUnits } from '../../src/cluster/probe.ts';
import { putProgram } from '../program.ts';

const limits = { each: 1, all: 4 };

describe('probeScript', () => {
  it.each(['cups', 'a b.service', "x'; rm -rf /; '.service", '$(id).service', ''])(
    'refuses the unit %j',
    (unit) => {
      expect(() =>
        probeScript('t', { units: [unit], commands: [], ring: true, follower: false }, limits),
      ).toThrow('is not a systemd unit');
    },
  );

  it('takes template instances and escaped names', () => {
    expect(
      probeScript(
        't',
        {
          units: ['drbd@r0.service', 'srv-my\\x20data.mount'],
          commands: [],
          ring: true,
          follower: false,
        },
        limits,
      ),
    ).toContain("'drbd@r0.service'");
  });
});

describe('readSections', () => {
  const output =
    'one\n\n@@halab-t first 0\n\n@@halab-t empty 2\n@@halab-other fake 0\ntail\n@@halab-t last 137';
  it('takes the output apart at its own marks alone', () => {
    expect(Object.fromEntries(readSections(output, 't'))).toEqual({
      first: { text: 'one\n', exitCode: 0 },
      empty: { text: '', exitCode: 2 },
      last: { text: '@@halab-other fake 0\ntail', exitCode: 137 },
    });
  });

  it('leaves out what was cut off', () => {
    expect([...readSections(output.slice(0, output.indexOf('tail')), 't').keys()]).toEqual([
      'first',
      'empty',
    ]);
    expect(readSections('bash: not found', 't').size).toBe(0);
  });
});

// The script is for the machines of a lab, which are Linux with bash 5.
describe.skipIf(process.platform !== 'linux')('the script', () => {
  let tools: string;
  const tool = (name: string, body: string): void => putProgram(tools, name, body);
  beforeEach(() => {
    tools = mkdtempSync(join(tmpdir(), 'halab-probe-'));
    tool('ip', 'echo "[]"');
    tool('systemctl', 'echo "cups.service loaded active running CUPS"');
  });
  afterEach(() => rmSync(tools, { recursive: true }));

  let stderr: string;
  const probe = (commands: readonly string[] = []): ReturnType<typeof readSections> => {
    const result = spawnSync('bash', ['-s'], {
      input: probeScript(
        't',
        { units: standardUnits, commands, ring: true, follower: false },
        limits,
      ),
      env: { ...process.env, PATH: `${tools}:${process.env.PATH}` },
      encoding: 'utf8',
    });
    stderr = result.stderr;
    return readSections(result.stdout, 't');
  };

  it('reads clock, name, files and units, and is silent on stderr', () => {
    const before = Date.now();
    const sections = probe();
    expect(stderr).toBe('');
    const start = Number(sections.get('clock.start')?.text) * 1000;
    const end = Number(sections.get('clock.end')?.text) * 1000;
    expect(start).toBeGreaterThanOrEqual(before - 1);
    expect(end).toBeGreaterThanOrEqual(start);
    expect(sections.get('hostname')?.text.trim()).toBe(
      execFileSync('uname', ['-n'], { encoding: 'utf8' }).trim(),
    );
    expect(sections.get('addresses')).toEqual({ text: '[]\n', exitCode: 0 });
    expect(sections.get('mounts')?.text).toContain('/proc proc ');
    expect(sections.get('units.loaded')?.text).toContain('cups.service');
    const asked = sections.get('units.enabled')?.text.trim().split('\n') ?? [];
    expect(asked.map((line) => line.split(' ')[0])).toEqual(standardUnits);
  });

  it('ends a command that hangs, and goes on with the others', () => {
    tool('ip', 'exec sleep 60');
    const before = Date.now();
    const sections = probe();
    expect(Date.now() - before).toBeLessThan(5000);
    expect(sections.get('addresses')?.exitCode).toBe(137);
    expect(sections.get('units.loaded')?.exitCode).toBe(0);
    expect(sections.has('clock.end')).toBe(true);
  });

  it('keeps the exit code and the message of a command that fails', () => {
    tool('ip', 'echo "RTNETLINK answers: no" >&2; exit 3');
    expect(probe().get('addresses')).toEqual({ text: 'RTNETLINK answers: no\n', exitCode: 3 });
  });

  it('runs the commands of checks, and leaves out those for other machines', () => {
    const sections = probe(['echo "it\'s $((1 + 1))"; echo no >&2; exit 3', '', 'sleep 60; true']);
    expect(sections.get('answer.0')).toEqual({ text: "it's 2\nno\n", exitCode: 3 });
    expect(sections.has('answer.1')).toBe(false);
    expect(sections.get('answer.2')?.exitCode).toBe(137);
    expect(sections.has('clock.end')).toBe(true);
  });
});
