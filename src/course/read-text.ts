import { readFileSync } from 'node:fs';
import type { Report } from './problem.ts';

/** A file's text; null, and a report, when it cannot be read. */
export function readText(path: string, report: Report): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    report(code === 'ENOENT' ? 'there is no such file' : `the file cannot be read: ${message}`);
    return null;
  }
}
