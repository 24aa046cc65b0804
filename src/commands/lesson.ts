import { join } from 'node:path';
import { lessonJsonSchema, lintCourse, problemLine } from '../course/load.ts';
import { newLesson } from '../course/new-lesson.ts';
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

/** Begins a lesson, for its author to fill in. */
export async function lessonNew(
  _global: GlobalOptions,
  id: string,
  folder: string | undefined,
): Promise<ExitCode> {
  const course = folder ?? join(lessonsFolder, 'pacemaker');
  const made = newLesson(course, id);
  say(`${made} is begun, and last in course.yaml. Fill in what says TODO: docs/authoring.md.`);
  say(`Then: halab lesson lint${folder === undefined ? '' : ` ${folder}`}`);
  return ExitCode.fine;
}

export async function lessonSchema(): Promise<ExitCode> {
  sayJson(lessonJsonSchema());
  return ExitCode.fine;
}
