import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { redact } from '../src/redact.ts';

describe('a report', () => {
  it('holds no private key, not even half of one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'halab-key-'));
    const file = join(folder, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-m', 'PEM', '-N', '', '-f', file]);
    const key = execFileSync('cat', [file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(redact(`before\n${key}after`)).toBe('before\n(removed)\nafter');
    expect(redact(`before\n${key.slice(0, 120)}`)).toBe('before\n(removed)');
  });

  it.each([
    [
      '<nvpair id="f-p" name="passwd" value="geheim"/>',
      '<nvpair id="f-p" name="passwd" value="(removed)"/>',
    ],
    [
      '<nvpair name="password" id="x" value="a b"/>',
      '<nvpair name="password" id="x" value="(removed)"/>',
    ],
    ['<nvpair value="geheim" name="passwd"/>', '<nvpair value="(removed)" name="passwd"/>'],
    ['fence_virsh --password=geheim --ip=x', 'fence_virsh --password=(removed) --ip=x'],
    ['op_secret: geheim', 'op_secret: (removed)'],
    ['passwd="ge heim" next', 'passwd=(removed) next'],
  ])('holds no secret: %s', (text, without) => {
    expect(redact(text)).toBe(without);
  });

  it.each([
    '<nvpair id="vip-ip" name="ip" value="192.168.56.100"/>',
    'crypto_cipher: none',
    'Failed password for invalid user',
    'node1 is online',
  ])('keeps the rest: %s', (text) => {
    expect(redact(text)).toBe(text);
  });
});
