import type { LessonText } from './lesson.ts';

type Report = (line: number, message: string) => void;

/**
 * Divides a lesson's markdown at its markers: what stands before the first `<!-- task: ID -->`, and the
 * part of each task. Sections between `<!-- machines: N -->` and `<!-- end -->` stay only in a lab of N.
 */
export function divideText(markdown: string, machines: number, taskIds: readonly string[], report: Report): LessonText {
  let part: string | null = null;
  let kept = true;
  const parts = new Map<string | null, string[]>([[null, []]]);
  for (const [index, line] of markdown.split('\n').entries()) {
    const marker = /^\s*<!--\s*(task|machines|end)\s*:?\s*(.*?)\s*-->\s*$/.exec(line);
    const [, kind, value = ''] = marker ?? [];
    if (kind === 'task') {
      if (!taskIds.includes(value)) report(index + 1, `there is no task "${value}"; expected one of ${taskIds.join(', ')}`);
      if (parts.has(value)) report(index + 1, `the task "${value}" has its text above already`);
      part = value;
      parts.set(part, []);
    } else if (kind === 'machines') {
      if (value !== '2' && value !== '3') report(index + 1, `machines: ${value}; expected 2 or 3`);
      kept = Number(value) === machines;
    } else if (kind === 'end') {
      kept = true;
    } else if (kept) {
      parts.get(part)?.push(line);
    }
  }
  for (const id of taskIds) {
    if (!parts.has(id)) report(1, `no text for the task "${id}": a line <!-- task: ${id} --> is missing`);
  }
  const textOf = (id: string | null): string => (parts.get(id) ?? []).join('\n').trim();
  return { intro: textOf(null), tasks: Object.fromEntries(taskIds.map((id) => [id, textOf(id)])) };
}
