import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { streamLocally } from '../src/host/stream.ts';
import { runLocally } from '../src/local-runner.ts';

/** A user who reads German, and says so in every way that there is. */
beforeEach(() => {
  vi.stubEnv('LANG', 'de_DE.UTF-8');
  vi.stubEnv('LANGUAGE', 'de:en');
  vi.stubEnv('LC_ALL', 'de_DE.UTF-8');
  vi.stubEnv('LC_MESSAGES', 'de_DE.UTF-8');
});
afterEach(() => vi.unstubAllEnvs());

const tell = ['sh', '-c', "env | grep -E '^(LC_ALL|LANGUAGE|HALAB_TEST)=' | sort"];

describe.skipIf(process.platform !== 'linux')(
  'a program whose output is read speaks English',
  () => {
    test('run to its end, also where more is added to the environment', async () => {
      expect((await runLocally(tell)).stdout).toBe('LC_ALL=C.UTF-8');
      const env = { HALAB_TEST: 'added' };
      expect((await runLocally(tell, { env })).stdout).toBe('HALAB_TEST=added\nLC_ALL=C.UTF-8');
    });

    test('run line by line', async () => {
      const lines: string[] = [];
      await streamLocally(tell, { onLine: (line) => lines.push(line) });
      expect(lines).toEqual(['LC_ALL=C.UTF-8']);
    });

    test("but not one that talks to the user's terminal itself", async () => {
      const asked = ['sh', '-c', 'test "$LC_ALL $LANGUAGE" = "de_DE.UTF-8 de:en"'];
      expect((await streamLocally(asked, { terminal: true })).exitCode).toBe(0);
      expect((await streamLocally(asked)).exitCode).toBe(1);
    });
  },
);

/** Why virsh cannot be heard speaking German here; null when it can. */
const mute = ((): string | null => {
  if (!existsSync('/usr/share/locale/de/LC_MESSAGES/libvirt.mo'))
    return "libvirt's German words are not installed (libvirt-l10n)";
  try {
    execFileSync('virsh', ['--version']);
    const locales = execFileSync('locale', ['-a'], { encoding: 'utf8' });
    return /^de_DE\.utf8$/m.test(locales) ? null : 'there is no locale de_DE.UTF-8';
  } catch {
    return 'there is no virsh';
  }
})();

test.skipIf(mute !== null)(
  `virsh speaks German to its user and English to halab${mute === null ? '' : ` (skipped: ${mute})`}`,
  async () => {
    // libvirt's test driver is a part of virsh: no daemon is asked.
    const command = ['virsh', '--connect', 'test:///default', 'list', '--all'];
    const toTheUser = execFileSync(command[0] ?? '', command.slice(1), { encoding: 'utf8' });
    expect(toTheUser).toMatch(/test\s+laufend/);
    const toHalab = await runLocally(command);
    expect(toHalab.stdout).toMatch(/test\s+running/);
  },
);
