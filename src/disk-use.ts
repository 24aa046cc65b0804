import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/**
 * The sum of something over all files below a folder. Others may be at work there (libvirt, Vagrant): what vanishes
 * meanwhile counts nothing.
 */
export function sumOfFiles(folder: string, of: (file: Stats) => number): number {
  return entriesOf(folder).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sum + sumOfFiles(path, of);
    const found = entry.isFile() ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
    return sum + (found === undefined ? 0 : of(found));
  }, 0);
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    return [];
  }
}
