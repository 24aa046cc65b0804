import type { CheckSpec } from '../checks/index.ts';
import { fullUnitName } from '../checks/unit.ts';
import type { Course } from './lesson.ts';

/** Full names of the systemd units that a course's checks look at, for `observe` to ask about. */
export function unitsOf(course: Course): string[] {
  const checks = course.lessons.flatMap(({ entry, tasks, drills }) => [
    ...entry,
    ...tasks.flatMap((task) => task.checks),
    ...drills.flatMap((drill) => [...drill.then, ...drill.after]),
  ]);
  return [...new Set(checks.flatMap(unitsIn))];
}

function unitsIn({ unit, resource }: CheckSpec): string[] {
  const started =
    resource?.agent.startsWith('systemd:') === true
      ? resource.agent.slice('systemd:'.length)
      : undefined;
  return [unit?.name, started].filter((name) => name !== undefined).map(fullUnitName);
}
