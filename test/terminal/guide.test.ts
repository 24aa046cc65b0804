import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scene } from './guide-runner.ts';
import { TerminalProgram } from './terminal.ts';

const runner = fileURLToPath(new URL('guide-runner.ts', import.meta.url));
const launcher = fileURLToPath(new URL('run-typescript.mjs', import.meta.url));

/** Colours and other looks: SGR sequences (ECMA-48, 8.3.117). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they begin with.
const looks = /\u001b\[[\d;:]*m/;

let folder: string;
let program: TerminalProgram | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halab-guide-'));
  program = null;
});

afterEach(async () => {
  program?.end();
  // Until it has ended it may still write.
  await program?.exit;
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

function guide(
  scene: Omit<Scene, 'folder'>,
  options: { env?: Record<string, string>; columns?: number } = {},
): TerminalProgram {
  program = new TerminalProgram(runner, {
    ...options,
    env: { ...options.env, GUIDE: JSON.stringify({ folder, ...scene }) },
  });
  return program;
}

const labIsUp = (): void => writeFileSync(join(folder, 'lab'), 'up');
const done = (lesson: string): string[] => {
  const { lessons } = JSON.parse(readFileSync(join(folder, 'progress.json'), 'utf8')) as {
    lessons: Record<string, { tasks: object; drills: object }>;
  };
  return Object.keys({ ...lessons[lesson]?.tasks, ...lessons[lesson]?.drills });
};

/** The recorded states of a learner who fails once, asks for two hints, and then goes through the course. */
const wrong = 'hosts-wrong-address';
const wayThrough = [wrong, wrong, wrong, 'hosts-right'] as const;

describe('the guide in a terminal', { timeout: 60_000 }, () => {
  it('offers the command that the lessons speak of, once', async () => {
    labIsUp();
    const first = guide({ states: wayThrough, noCommand: true });
    await first.see('"halab command --remove" takes it');
    await first.answer('Put the command there?', 'n');
    await first.see("alias halab='node dist/main.js'");
    await first.see('Lesson 1 of 2');
    await first.answer('What next?', 'q');
    await first.answer('Power them off?', 'n');
    await first.see('Carry on with');
    expect(readFileSync(join(folder, 'command'), 'utf8')).toBe('declined');
    const second = guide({ states: wayThrough, noCommand: true });
    await second.see('Task 1 of 1');
    expect(second.screen()).not.toContain('Put the command there?');
    await second.answer('What next?', 'q');
  });

  it('puts the command there on consent', async () => {
    labIsUp();
    const person = guide({ states: wayThrough, noCommand: true });
    await person.answer('Put the command there?', '');
    await person.see('The command is ~/.local/bin/halab. Every shell finds it now.');
    await person.see('Lesson 1 of 2');
    expect(readFileSync(join(folder, 'command'), 'utf8')).toBe('accepted');
    await person.answer('What next?', 'q');
  });

  it('leads from nothing to the end of the course', async () => {
    const person = guide({ states: wayThrough, lacking: true });
    await person.see('Welcome to halab');
    await person.see('Vagrant: missing: no Vagrant');
    await person.answer('Do that now?', 'y');
    await person.see('Installing vagrant (0:01)');
    await person.answer('How many machines?', '3');
    await person.answer('Make three machines and start them?', '');
    await person.see('Making storage (0:01)');
    await person.see('Lesson 1 of 2: Names for the machines');
    await person.see('Task 1 of 1: Write the names into /etc/hosts');

    // The check fails on what was recorded, and says why; nothing is recorded as done.
    await person.answer('What next?', 'c');
    await person.see('Not yet.');
    expect(person.screen()).toMatch(/✗ .*node[12]/);
    expect(done('names')).toEqual([]);

    await person.asked('What next?');
    expect(person.screen()).toContain('hint (2 left)');
    await person.answer('What next?', 'h');
    await person.see('What is missing first');
    await person.see('Hint 1 of 2');
    await person.answer('What next?', 'h');
    await person.see('Hint 2 of 2');
    await person.asked('What next?');
    expect(person.screen()).toContain('the last hint again');
    await person.answer('What next?', 's');
    await person.answer('On which machine?', '2');
    await person.see('this is node2');
    await person.answer('What next?', 'a');
    await person.answer('Show the solution all the same?', 'y');
    await person.see('As root on node1, then on node2:');

    // The menu's own choice is to check.
    await person.answer('What next?', '');
    await person.see('Done: Write the names into /etc/hosts');
    expect(done('names')).toEqual(['hosts']);
    await person.see('What you now know');
    await person.see('Read on, on the machines: hosts(5)');

    await person.answer('What next?', 'g');
    await person.see('Lesson 2 of 2: Nobody has the address');
    await person.answer('What next?', 'c');
    await person.see('Done: See that the virtual address is free');
    await person.answer('What next?', 'd');
    await person.see('Drill passed: Pull the plug');
    await person.see('Outage: 4.6 s; 60 s are allowed.');
    expect(done('address')).toEqual(['free', 'cut']);
    await person.answer('What next?', 'g');
    await person.see('You have finished the course');
    await person.answer('What next?', 'q');
    await person.answer('Power them off?', 'y');
    await person.see('All machines are off.');
    expect(await person.exit).toBe(0);
    expect(person.brokenLines()).toEqual([]);
    expect(person.raw).toMatch(looks);
    // Nothing is cleared but questions: the beginning can still be scrolled back to.
    expect(person.screen()).toContain('Welcome to halab');
  });

  it('comes back to where the learner was', async () => {
    labIsUp();
    const first = guide({ states: ['hosts-right'] });
    await first.answer('What next?', 'c');
    await first.answer('What next?', 'g');
    await first.see('Task 1 of 1: See that');
    await first.answer('What next?', 'q');
    await first.answer('Power them off?', '');
    await first.see('Carry on with: halab');
    expect(await first.exit).toBe(0);

    const second = guide({ states: ['hosts-right'] });
    await second.see(
      'Welcome back. You are in lesson 2 of 2, "Nobody has the address": task 1 of 1.',
    );
    await second.see('Task 1 of 1: See that');
    await second.asked('What next?');
    expect(second.screen()).not.toContain('Names for the machines');
  });

  it('says what is gone when a lesson stands on something that is not there any more', async () => {
    labIsUp();
    const first = guide({ states: ['hosts-right'] });
    await first.answer('What next?', 'c');
    await first.answer('What next?', 'g');
    await first.asked('What next?');
    first.end();
    await first.exit;

    const second = guide({ states: ['bare', 'hosts-right'] });
    await second.see('What this lesson builds on is not all there any more:');
    await second.see('✗ /etc/hosts on node1 and node2 says that node2 is 192.168.56.12');
    await second.answer('What next?', 'c');
    await second.see('Task 1 of 1: See that');
  });

  it('starts a lesson over, when the learner agrees', async () => {
    labIsUp();
    const person = guide({ states: ['hosts-right'] });
    await person.answer('What next?', 'c');
    await person.see('Done: Write the names into /etc/hosts');
    await person.answer('What next?', 'x');
    await person.see('All machines go back to the start of "Names for the machines".');
    await person.answer('What was done on the machines since is lost. Go back?', 'n');
    expect(done('names')).toEqual(['hosts']);
    await person.answer('What next?', 'x');
    await person.answer('What was done on the machines since is lost. Go back?', 'y');
    await person.see('Task 1 of 1: Write the names into /etc/hosts');
    expect(done('names')).toEqual([]);
  });

  it('asks what is to become of lessons that build on the one that starts over', async () => {
    labIsUp();
    const person = guide({ states: ['hosts-right'] });
    await person.answer('What next?', 'c');
    await person.answer('What next?', 'g');
    await person.answer('What next?', 'c');
    await person.see('Done: See that the virtual address is free');
    await person.answer('What next?', 'l');
    await person.answer('Go to a lesson?', '1');
    await person.answer('What next?', 'x');
    await person.answer('What was done on the machines since is lost. Go back?', '');
    await person.answer('Also mark "Nobody has the address" as not done?', '');
    await person.see('Task 1 of 1: Write the names into /etc/hosts');
    expect(done('address')).toEqual(['free']);
  });

  it('leaves calmly at Ctrl-C in a question', async () => {
    labIsUp();
    const person = guide({ states: wayThrough });
    await person.asked('What next?');
    person.type('\u0003');
    expect(await person.exit).toBe(130);
    await person.see('Nothing is lost. Carry on with: halab');
    expect(person.written()).not.toMatch(/at .*\.ts|Error/);
  });

  it('leaves at Ctrl-D too', async () => {
    labIsUp();
    const person = guide({ states: wayThrough });
    await person.asked('What next?');
    person.type('\u0004');
    expect(await person.exit).toBe(130);
    await person.see('Nothing is lost. Carry on with: halab');
  });

  it('ends work in order at Ctrl-C', async () => {
    const person = guide({ states: wayThrough, yes: true, endless: 'orderly' });
    await person.see('Making node2: waiting for ssh');
    person.type('\u0003');
    expect(await person.exit).toBe(130);
    await person.see(
      'Interrupted. Nothing is lost: the machines stay as they are.\nCarry on with: halab',
    );
    expect(person.screen()).toMatch(/Making node1: stopped after 0:0\d/);
    expect(person.brokenLines()).toEqual([]);
    // A hidden cursor must have been shown again.
    expect(person.raw.lastIndexOf('\u001b[?25l')).toBeLessThanOrEqual(
      person.raw.lastIndexOf('\u001b[?25h'),
    );
  });

  it('ends at once at a second Ctrl-C, when the work does not end', async () => {
    const person = guide({ states: wayThrough, yes: true, endless: 'deaf' });
    await person.see('Making node2: waiting for ssh');
    person.type('\u0003');
    await person.see('Stopping in order.');
    person.type('\u0003');
    expect(await person.exit).toBe(130);
  });

  it('asks nothing of the set-up with --yes', async () => {
    const person = guide({ states: wayThrough, yes: true, lacking: true });
    await person.asked('What next?');
    expect(readFileSync(join(folder, 'lab'), 'utf8')).toBe('up');
    expect(person.screen()).not.toMatch(/Do that now|How many|Make three/);
  });

  it('makes nothing when the learner does not want it', async () => {
    const person = guide({ states: wayThrough });
    await person.answer('How many machines?', '2');
    await person.answer('Make two machines and start them?', 'n');
    await person.see('Nothing was made.');
    expect(await person.exit).toBe(0);
    expect(existsSync(join(folder, 'lab'))).toBe(false);
  });

  it('writes no colour with NO_COLOR', async () => {
    labIsUp();
    const person = guide({ states: wayThrough }, { env: { NO_COLOR: '1' } });
    await person.asked('What next?');
    person.type('zz\r');
    await person.see('That is not one of the choices.');
    person.type('\u0015c\r');
    await person.see('Not yet.');
    await person.answer('What next?', 'h');
    await person.answer('What next?', 'l');
    await person.answer('Go to a lesson?', 'b');
    await person.asked('What next?');
    expect(person.raw).not.toMatch(looks);
  });

  it('keeps within a narrow terminal', async () => {
    labIsUp();
    const person = guide({ states: wayThrough }, { columns: 50 });
    await person.answer('What next?', 'c');
    await person.see('Not yet.');
    await person.answer('What next?', 'l');
    await person.answer('Go to a lesson?', 'b');
    await person.asked('What next?');
    expect(person.brokenLines()).toEqual([]);
  });

  it('uses ASCII alone where the locale has no more', async () => {
    labIsUp();
    const person = guide({ states: wayThrough }, { env: { LANG: 'C' } });
    await person.answer('What next?', 'c');
    await person.see('Not yet.');
    await person.asked('What next?');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them.
    expect(person.written()).toMatch(/^[\u0000-\u007f]*$/);
  });
});

describe('without a terminal', { timeout: 60_000 }, () => {
  it('never asks: says what to run instead, exit code 2', async () => {
    const run = promisify(execFile)(process.execPath, [launcher, runner], {
      env: {
        PATH: process.env.PATH,
        LANG: 'C.UTF-8',
        GUIDE: JSON.stringify({ folder, states: wayThrough }),
      },
    });
    run.child.stdin?.end('y\ny\n');
    await expect(run).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('halab up --yes'),
    });
    expect(existsSync(join(folder, 'lab'))).toBe(false);
  });
});
