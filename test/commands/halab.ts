import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { vi } from 'vitest';
import { runCommandLine } from '../../src/commands/program.ts';
import { putProgram } from '../program.ts';

/** halab in a home of its own, with what it says caught and the programs that would touch machines replaced. */
export interface OwnHalab {
  readonly home: string;
  /** Where programs for this halab are put, before those of the computer. */
  readonly programs: string;
  /** Runs a command line. @returns its exit code, and all that it said, on one line. */
  run(...words: string[]): Promise<{ code: number; said: string }>;
  remove(): void;
}

export function ownHalab(): OwnHalab {
  const folder = mkdtempSync(join(tmpdir(), 'halab-own-'));
  const home = join(folder, 'home');
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  for (const name of ['vagrant', 'virsh', 'unshare', 'ssh'])
    putProgram(programs, name, 'echo "no machines in this test" >&2; exit 1');
  vi.stubEnv('HALAB_HOME', home);
  vi.stubEnv('PATH', `${programs}${delimiter}${process.env.PATH}`);
  return {
    home,
    programs,
    async run(...words) {
      let said = '';
      const hear = (text: unknown): boolean => {
        said += String(text);
        return true;
      };
      const spies = [
        vi.spyOn(process.stdout, 'write').mockImplementation(hear),
        vi.spyOn(process.stderr, 'write').mockImplementation(hear),
      ];
      try {
        const code = await runCommandLine(['node', 'halab', ...words], '0');
        return { code, said: said.replaceAll(/\s+/g, ' ') };
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
    },
    remove() {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
