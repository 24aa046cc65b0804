import { NotText, readOrdinaryFile, textIn } from '../read-file.ts';
import type { Report } from './problem.ts';

/** Ten times what the longest lesson has: more would keep every command waiting. */
const mostBytes = 256 * 1024;

/** A file's text; null, and a report, when it cannot be read. */
export function readText(path: string, report: Report): string | null {
  try {
    return textIn(readOrdinaryFile(path, mostBytes));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof NotText) report('the text is not UTF-8', error.line);
    else
      report(code === 'ENOENT' ? 'there is no such file' : `the file cannot be read: ${message}`);
    return null;
  }
}
