import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { softwareIn, softwareScript } from '../../src/smoke/times.ts';

/** What the script printed on a node of the lab. */
const recorded = readFileSync(new URL('../fixtures/smoke/software.txt', import.meta.url), 'utf8');

it('what runs on a node is told with its versions, as the node says them', () => {
  expect(softwareIn(recorded)).toBe(
    'system Debian GNU/Linux 13 (trixie), kernel 6.12.118+deb13-amd64, corosync 3.1.9-2+deb13u1, drbd-utils 9.22.0-1.1, pacemaker 3.0.0-2, resource-agents 1:4.16.0-3+deb13u2, token of Corosync in ms 5000',
  );
});

it('what asks for it is valid bash', () => {
  execFileSync('bash', ['-n'], { input: softwareScript });
  // dpkg-query fills in what a shell must leave alone.
  expect(softwareScript).toMatch(/'\$\{Package\}: \$\{Version\}\\n'/);
});
