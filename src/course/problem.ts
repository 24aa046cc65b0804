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
  line === 0 ? `${file}: ${message}` : `${file}:${line}:${column}: ${message}`;

/** A course that cannot be used, with everything that is wrong in it. */
export class LessonError extends HalabError {
  readonly problems: readonly LessonProblem[];

  constructor(folder: string, problems: readonly LessonProblem[]) {
    const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
    super(`The course in ${folder} has ${count}.`, {
      reason: problems.map(problemLine).join('\n'),
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
