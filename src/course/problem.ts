import { ExitCode, HalabError } from '../errors.ts';

/** Something that is wrong in a lesson's file. Line and column count from 1; both 0 when the whole file is meant. */
export interface LessonProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What was found and what was expected. */
  readonly message: string;
}

/** "FILE:LINE:COLUMN: what was found and what was expected" */
export const problemLine = ({ file, line, column, message }: LessonProblem): string =>
  plain(line === 0 ? `${file}: ${message}` : `${file}:${line}:${column}: ${message}`);

/** What a terminal would obey, such as in a key of a lesson, is told by its number. */
const plain = (text: string): string =>
  text.replaceAll(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** How many problems an error tells; `halab lesson lint` tells all. */
const mostTold = 30;

/** A course that cannot be used, with everything that is wrong in it. */
export class LessonError extends HalabError {
  readonly problems: readonly LessonProblem[];

  constructor(folder: string, problems: readonly LessonProblem[]) {
    const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
    super(`The course in ${folder} has ${count}.`, {
      reason: [
        ...problems.slice(0, mostTold).map(problemLine),
        ...(problems.length > mostTold ? [`and ${problems.length - mostTold} more`] : []),
      ].join('\n'),
      next: `Mend it, then: halab lesson lint ${folder}`,
      exitCode: ExitCode.usage,
    });
    this.name = 'LessonError';
    this.problems = problems;
  }
}

/** Takes what is wrong in one file. */
export type Report = (message: string, line?: number, column?: number) => void;

export const reporterFor =
  (file: string, problems: LessonProblem[]): Report =>
  (message, line = 0, column = line === 0 ? 0 : 1) =>
    void problems.push({ file, line, column, message });
