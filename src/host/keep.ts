import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
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
