import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseVagrantLine } from '../../src/lab/vagrant.ts';

const recorded = readFileSync(
  new URL('../fixtures/vagrant/up-node1.txt', import.meta.url),
  'utf8',
).split('\n');

describe('parseVagrantLine', () => {
  it('reads the lines of a recorded vagrant up', () => {
    const lines = recorded.map(parseVagrantLine).filter((line) => line !== null);
    expect(
      lines.some(
        ({ target, type, data }) =>
          target === 'node1' && type === 'ui' && data.join().includes('Machine booted and ready'),
      ),
    ).toBe(true);
    expect(lines.at(-1)).toEqual({ target: 'node1', type: 'action', data: ['up', 'end'] });
  });

  it('gives back the commas and line ends that Vagrant escapes', () => {
    expect(
      parseVagrantLine(
        '1795388946,,error-exit,Vagrant::Errors::MachineLocked,One%!(VAGRANT_COMMA) two\\nthree',
      ),
    ).toEqual({
      target: '',
      type: 'error-exit',
      data: ['Vagrant::Errors::MachineLocked', 'One, two\nthree'],
    });
  });

  it('knows a line that is not machine-readable', () => {
    expect(parseVagrantLine('  HostName 127.0.0.1')).toBeNull();
  });
});
