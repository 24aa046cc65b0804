import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { makeFolder } from '../paths.ts';

/** The folder in which the doctor keeps what is slow to find out; null when it cannot be made or written to. */
export function keepFolder(dataDir: string): string | null {
  const folder = join(dataDir, 'doctor');
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return null;
  }
}

/**
 * Whether something was found to be fine with exactly these circumstances (`key`) before, or is found
 * to be now. Only what was fine is remembered: what was not is tried again, since it may be mended.
 * @returns null when it is fine, else what `test` gave.
 */
export async function fineOnce<T>(
  dataDir: string,
  name: string,
  key: string,
  test: () => Promise<T | null>,
): Promise<T | null> {
  const folder = keepFolder(dataDir);
  const file = folder === null ? null : join(folder, name);
  if (file !== null && kept(file) === key) return null;
  const trouble = await test();
  if (trouble === null && file !== null) await writeFileAtomic(file, key);
  return trouble;
}

function kept(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
