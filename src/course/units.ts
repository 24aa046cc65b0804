import type { CheckSpec } from '../checks/index.ts';
import { fullUnitName } from '../checks/unit.ts';
import type { Course } from './lesson.ts';

/** All checks of a course: of its lessons' starts, tasks and drills. */
export const checksOf = (course: Course): CheckSpec[] =>
  course.lessons.flatMap(({ entry, tasks, drills }) => [
    ...entry,
    ...tasks.flatMap((task) => task.checks),
    ...drills.flatMap((drill) => [...drill.then, ...drill.after]),
  ]);

/** Full names of the systemd units that a course's checks look at, for `observe` to ask about. */
export const unitsOf = (course: Course): string[] => [
  ...new Set(checksOf(course).flatMap(unitsIn)),
];

function unitsIn({ unit, resource }: CheckSpec): string[] {
  const started =
    resource?.agent.startsWith('systemd:') === true
      ? resource.agent.slice('systemd:'.length)
      : undefined;
  return [unit?.name, started].filter((name) => name !== undefined).map(fullUnitName);
}
