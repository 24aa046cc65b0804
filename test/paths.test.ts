import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { halabHome } from '../src/paths.ts';

const given = {
  HOME: process.env.HOME,
  HALAB_HOME: process.env.HALAB_HOME,
  XDG_DATA_HOME: process.env.XDG_DATA_HOME,
};
const set = (variables: Record<string, string | undefined>): void => {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
};
beforeEach(() => set({ HALAB_HOME: undefined, XDG_DATA_HOME: undefined }));
afterEach(() => set(given));

describe.runIf(process.platform === 'linux')('where halab keeps its things', () => {
  const own = join(homedir(), '.local/share/halab');

  it.each([
    ['nothing is said', undefined, own],
    ['XDG_DATA_HOME is the user’s', '/data', '/data/halab'],
    [
      'a snap has set its own, which changes with its version',
      join(homedir(), 'snap/code/164/.local/share'),
      own,
    ],
    [
      'a folder is only called like that of snaps',
      join(homedir(), 'snapshots'),
      join(homedir(), 'snapshots/halab'),
    ],
    ['it is relative, which the specification has ignored', 'data', own],
  ])('when %s', (_, folder, expected) => {
    set({ XDG_DATA_HOME: folder });
    expect(halabHome()).toBe(expected);
  });

  it.each(['', 'relative', './home'])('takes no HOME for the user’s that is "%s"', (home) => {
    set({ HOME: home });
    expect(halabHome()).toBe(join(userInfo().homedir, '.local/share/halab'));
  });

  it('takes a relative HALAB_HOME from where halab was started', () => {
    set({ HALAB_HOME: 'labs/../mine', XDG_DATA_HOME: '/data' });
    expect(halabHome()).toBe(join(process.cwd(), 'mine'));
  });
});
