import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSeq, parseDocument } from 'yaml';
import { HalabError, usageError } from '../errors.ts';
import { type LessonProblem, problemLine, reporterFor } from './problem.ts';
import { readText } from './read-text.ts';

/**
 * Begins a lesson: its folder with a lesson.yaml and a lesson.md to fill in, and its name at the end of
 * course.yaml. The two are sound for `halab lesson lint` but for the places that say TODO.
 * @returns the lesson's folder.
 * @throws HalabError (exit 2) for a bad name, a lesson that is there already, or a folder without a course.
 */
export function newLesson(courseFolder: string, id: string): string {
  if (!/^[a-z][a-z0-9-]*$/.test(id)) {
    throw usageError(`"${id}" cannot be the name of a lesson.`, 'halab lesson new slow-stop');
  }
  const courseFile = join(courseFolder, 'course.yaml');
  if (!existsSync(courseFile)) throw usageError(`${courseFolder} has no course.yaml.`);
  const folder = join(courseFolder, id);
  const course = parseDocument(textOf(courseFile));
  const lessons = course.get('lessons');
  if (course.errors.length > 0 || !isSeq(lessons)) {
    throw new HalabError(`${courseFile} has no list of lessons that a new one could join.`, {
      next: `halab lesson lint ${courseFolder}`,
    });
  }
  const names = lessons.items.map(String);
  if (existsSync(folder) || names.includes(id)) {
    throw usageError(`There is a lesson "${id}" already: ${folder}.`);
  }
  mkdirSync(folder);
  writeFileSync(join(folder, 'lesson.yaml'), yamlOf(id, names.at(-1)));
  writeFileSync(join(folder, 'lesson.md'), markdown);
  lessons.add(id);
  writeFileSync(courseFile, course.toString({ lineWidth: 0 }));
  return folder;
}

/** @throws HalabError (exit 2) when the file cannot be read. */
function textOf(file: string): string {
  const problems: LessonProblem[] = [];
  const text = readText(file, reporterFor(file, problems));
  if (text !== null) return text;
  throw usageError(problems.map(problemLine).join('\n'));
}

const yamlOf = (id: string, before: string | undefined): string =>
  `# yaml-language-server: $schema=../../lesson.schema.json
format: 1
id: ${id}
title: TODO
minutes: 30
machines: 2
requires: [${before ?? ''}]
entry:
  - online: { nodes: all, dc: true }
tasks:
  - id: first
    title: TODO
    within: 60
    checks:
      - answer:
          what: TODO, the sentence that must hold
          on: nodes
          run: |
            cat /etc/TODO
          says: \\S
    hints:
      - TODO, a nudge
      - TODO, nearly the answer
    solution:
      both:
        - on: nodes
          run: |
            echo TODO > /etc/TODO
    undo:
      - what: TODO, what is missing then
        on: node2
        run: |
          mv /etc/TODO /run/halab-kept
        redo: |
          mv /run/halab-kept /etc/TODO
drills: []
knows:
  - TODO, one sentence that stays.
pages: ["crm_mon(8)"]
`;

const markdown = `TODO: why the reader wants this, and a picture.

<!-- task: first -->
## TODO

TODO: the idea, then the command.

**Your task:** TODO.
`;
