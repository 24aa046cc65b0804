import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aliasFor,
  canWrite,
  findCommand,
  placeForCommand,
  putCommand,
  removeCommand,
  type ShellSurroundings,
} from '../../src/host/own-command.ts';
import { putProgram } from '../program.ts';

let home: string;
let program: string;
const usual = '/usr/bin:/bin';
const around = (part: Partial<ShellSurroundings> = {}): ShellSurroundings => ({
  ...{ path: usual, home, shell: '/bin/bash', canWrite: (folder) => folder.startsWith(home) },
  ...part,
});
/** What a new interactive shell of this user makes of a command. */
const typed = (command: string, path = usual): string =>
  execFileSync('/bin/bash', ['-i', '-c', command], {
    env: { HOME: home, PATH: path },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "halab's home "));
  program = join(home, 'main.js');
  writeFileSync(program, 'console.log("halab:", ...process.argv.slice(2));');
});
afterEach(() => rmSync(home, { recursive: true }));

describe('the place for the command', () => {
  it("is a folder of the user's own in which the shell looks", () => {
    const bin = join(home, '.local', 'bin');
    expect(placeForCommand(around({ path: `${bin}:${usual}` }))).toEqual({
      file: join(bin, 'halab'),
      startFile: null,
    });
  });

  it("is the computer's own for who may write there", () => {
    expect(placeForCommand(around({ path: `/usr/local/bin:${usual}` }))?.startFile).not.toBeNull();
    expect(
      placeForCommand(around({ path: `/usr/local/bin:${usual}`, canWrite: () => true })),
    ).toEqual({ file: '/usr/local/bin/halab', startFile: null });
  });

  it('is ~/.local/bin with a line for the shell where it does not look there yet', () => {
    const file = join(home, '.local', 'bin', 'halab');
    expect(placeForCommand(around())).toEqual({ file, startFile: join(home, '.bashrc') });
    const zsh = placeForCommand(around({ shell: '/usr/bin/zsh' }));
    expect(zsh?.startFile).toBe(join(home, '.zshrc'));
    expect(placeForCommand(around({ shell: '/usr/bin/fish' }))).toBeNull();
  });

  it('may be a folder that is not there yet', () => {
    expect(canWrite(join(home, 'new', 'one'))).toBe(true);
    expect(canWrite(join(program, 'new'))).toBe(false);
  });
});

// Bash is Linux's; on other systems another shell may be the user's.
describe.skipIf(process.platform !== 'linux')('the command in a new terminal', () => {
  it('is found, hands its words on, and is gone again without a trace', () => {
    const before = 'alias ll="ls -l"';
    writeFileSync(join(home, '.bashrc'), before);
    const place = placeForCommand(around());
    if (place === null) throw new Error('no place');
    putCommand(place, process.execPath, program);
    putCommand(place, process.execPath, program);
    expect(typed("halab shell 'node 1'")).toBe('halab: shell node 1\n');
    expect(readFileSync(join(home, '.bashrc'), 'utf8').match(/PATH=/g)).toHaveLength(1);
    expect(removeCommand({ home })).toEqual([place.file, join(home, '.bashrc')]);
    expect(existsSync(place.file)).toBe(false);
    expect(readFileSync(join(home, '.bashrc'), 'utf8').trim()).toBe(before);
    expect(removeCommand({ home })).toEqual([]);
  });

  it('is found where the shell looks already', () => {
    const bin = join(home, 'bin');
    const path = `${bin}:${usual}`;
    expect(findCommand(path)).toBeNull();
    const place = placeForCommand(around({ path }));
    if (place === null) throw new Error('no place');
    putCommand(place, process.execPath, program);
    expect(findCommand(path)).toBe(join(bin, 'halab'));
    expect(typed('halab status', path)).toBe('halab: status\n');
    expect(existsSync(join(home, '.bashrc'))).toBe(false);
  });

  it('works by an alias in one terminal, wherever it lies', () => {
    expect(typed(`${aliasFor(process.execPath, program)}\nhalab status`)).toBe('halab: status\n');
  });

  it("never takes the place of a program that is not halab's, nor takes that away", () => {
    const bin = join(home, 'bin');
    mkdirSync(bin);
    putProgram(bin, 'halab', 'echo another');
    const place = { file: join(bin, 'halab'), startFile: null };
    expect(() => putCommand(place, process.execPath, program)).toThrow("is not halab's");
    expect(removeCommand({ home })).toEqual([]);
    expect(typed('halab', `${bin}:${usual}`)).toBe('another\n');
  });
});
