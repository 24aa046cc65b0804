import { join } from 'node:path';
import { lessonJsonSchema, lintCourse, problemLine } from '../course/load.ts';
import { ExitCode } from '../errors.ts';
import { lessonsFolder } from '../paths.ts';
import { type GlobalOptions, say, sayJson } from './context.ts';

/** Lists what is wrong in a course. Exit code 1 when something is. */
export async function lessonLint(
  _global: GlobalOptions,
  folder: string | undefined,
): Promise<ExitCode> {
  const course = folder ?? join(lessonsFolder, 'pacemaker');
  const problems = lintCourse(course);
  if (problems.length === 0) {
    say(`${course}: no problems.`);
    return ExitCode.fine;
  }
  for (const problem of problems) say(problemLine(problem));
  return ExitCode.failed;
}

export async function lessonSchema(): Promise<ExitCode> {
  sayJson(lessonJsonSchema());
  return ExitCode.fine;
}
