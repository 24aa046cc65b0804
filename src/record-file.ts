import { existsSync, renameSync } from 'node:fs';
import * as z from 'zod';
import { ExitCode, HalabError } from './errors.ts';
import { NotText, readOrdinaryFile, textIn } from './read-file.ts';

/** A kind of record that halab keeps in a file of a lab. */
export interface RecordKind<Schema extends z.ZodType> {
  /** What it holds, as in "The file with your progress cannot be read." */
  readonly holds: string;
  readonly schema: Schema;
  /** The newest format that this halab knows. */
  readonly format: number;
}

/**
 * Reads a record; null when there is none. A file that is no such record is renamed and its new name told in `setAside`:
 * what is in it may still help somebody.
 * @throws HalabError when a newer halab wrote it (exit 2), or when the file cannot be read (exit 3).
 */
export function readRecord<Schema extends z.ZodType>(
  file: string,
  kind: RecordKind<Schema>,
): { record: z.infer<Schema> | null; setAside: string | null } {
  const { holds, schema, format } = kind;
  if (!existsSync(file)) return { record: null, setAside: null };
  const data = withFile(file, holds, 'read', () => contentOf(file));
  const found = z.looseObject({ format: z.number() }).safeParse(data);
  if (found.success && found.data.format > format) {
    throw new HalabError(
      `${holds.slice(0, 1).toUpperCase()}${holds.slice(1)} was written by a newer halab.`,
      {
        reason: `${file} has format ${found.data.format}; this halab knows formats up to ${format}.`,
        next: 'Use that newer halab, or another lab: halab --lab NAME',
        exitCode: ExitCode.usage,
      },
    );
  }
  const result = schema.safeParse(data);
  if (result.success) return { record: result.data, setAside: null };
  const kept = `${file}.corrupt-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  withFile(file, holds, 'set aside', () => renameSync(file, kept));
  return { record: null, setAside: kept };
}

/** What a file holds as JSON; undefined when it is none. */
function contentOf(file: string): unknown {
  const bytes = readOrdinaryFile(file);
  try {
    return JSON.parse(textIn(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NotText) return undefined;
    throw error;
  }
}

/** Does something to a record's file. @throws HalabError when that fails. */
export function withFile<Value>(
  file: string,
  holds: string,
  what: string,
  work: () => Value,
): Value {
  try {
    return work();
  } catch (cause) {
    throw new HalabError(`The file with ${holds} cannot be ${what}.`, {
      reason: `${file}: ${(cause as Error).message}`,
      next: 'Look at the owner and the permissions of that file and folder, and at the space left on the disk.',
      cause,
    });
  }
}
