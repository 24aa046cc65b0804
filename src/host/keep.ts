import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folder in which the doctor keeps what is slow to find out; null when it cannot be made or written to. */
export function keepFolder(dataDir: string): string | null {
  const folder = join(dataDir, 'doctor');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return null;
  }
}
