import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Lesson } from '../../src/course/lesson.ts';
import { imaginaryLab } from '../../src/lab/lab.ts';
import { courseOf } from '../../src/session/session.ts';

/** Every bash script of a lesson, with what it is for. */
function scriptsOf({ start, entry, tasks, drills }: Lesson): [string, string][] {
  const answers = [
    ...entry,
    ...tasks.flatMap(({ checks }) => checks),
    ...drills.flatMap(({ then, after }) => [...then, ...after]),
  ].flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  return [
    ...(start?.steps ?? []).map(({ run }): [string, string] => ['start', run]),
    ...tasks.flatMap(({ id, solution, undo }) => [
      ...solution.pcs.map(({ run }): [string, string] => [`${id}, pcs`, run]),
      ...solution.crmsh.map(({ run }): [string, string] => [`${id}, crmsh`, run]),
      ...undo.map(({ what, run }): [string, string] => [`${id}, undo ${what}`, run]),
      ...undo.flatMap(({ what, redo }): [string, string][] =>
        redo === undefined ? [] : [[`${id}, redo ${what}`, redo]],
      ),
    ]),
    ...answers.map(({ what, run }): [string, string] => [what, run]),
    ...drills.flatMap(({ id, fault, outage }): [string, string][] => [
      ...(fault.kind === 'script' ? [[id, fault.run] as [string, string]] : []),
      ...(fault.kind === 'script' && fault.undo !== null
        ? [[`${id}, undo`, fault.undo] as [string, string]]
        : []),
      ...(outage?.ask === undefined ? [] : [[`${id}, ask`, outage.ask] as [string, string]]),
    ]),
  ];
}

// bash(1), -n: reads commands and does not execute them.
describe.each(courseOf(imaginaryLab('test')).lessons.map((lesson) => [lesson.id, lesson] as const))(
  'the scripts of %s',
  (_, lesson) => {
    it.each(scriptsOf(lesson))('%s', (_name, script) => {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(status).toBe(0);
    });
  },
);
