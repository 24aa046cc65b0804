import type { LabVariables } from '../lab/variables.ts';
import { fill } from './fill.ts';
import type { LessonText } from './lesson.ts';
import type { Report } from './problem.ts';
import { didYouMean } from './suggest.ts';

export interface TextOptions {
  /** How many machines the lab has. */
  readonly machines: number;
  readonly variables: LabVariables;
  /** The ids that lesson.yaml has; null when it does not tell. */
  readonly ids: { readonly task: readonly string[]; readonly drill: readonly string[] } | null;
  readonly report: Report;
}

/** A part of the text: the line of its marker, and the lines that this lab shows. */
interface Part {
  readonly line: number;
  readonly kept: string[];
}

const markerKinds = ['task', 'drill', 'machines', 'end'];

/**
 * Divides a lesson's markdown at its markers: what stands before the first, the part of each task
 * (`<!-- task: ID -->`), and those of drills that have one (`<!-- drill: ID -->`). Sections between
 * `<!-- machines: N -->` and `<!-- end -->` stay only in a lab of N machines. Variables are filled in.
 */
export function divideText(markdown: string, options: TextOptions): LessonText {
  const { machines, ids, report } = options;
  const intro: Part = { line: 1, kept: [] };
  const parts = { task: new Map<string, Part>(), drill: new Map<string, Part>() };
  let part = intro;
  let section: { line: number; shown: boolean } | null = null;

  function begin(kind: 'task' | 'drill', id: string, line: number): void {
    const known = ids?.[kind];
    if (known !== undefined && !known.includes(id)) {
      const expected =
        known.length === 0 ? 'the lesson has none' : `expected one of ${known.join(', ')}`;
      report(`there is no ${kind} "${id}"; ${expected}${didYouMean(id, known)}`, line);
    }
    if (parts[kind].has(id)) report(`the ${kind} "${id}" has its text above already`, line);
    if (section !== null)
      report(`the section of line ${section.line} must end before the next part`, line);
    part = { line, kept: [] };
    parts[kind].set(id, part);
  }

  for (const [index, content] of markdown.split(/\r?\n/).entries()) {
    const line = index + 1;
    const { kind, value } = markerIn(content);
    if (kind === 'task' || kind === 'drill') {
      begin(kind, value, line);
    } else if (kind === 'machines') {
      if (value !== '2' && value !== '3') report(`found machines: ${value}; expected 2 or 3`, line);
      if (section !== null)
        report(`the section of line ${section.line} must end before the next one`, line);
      section = { line, shown: Number(value) === machines };
    } else if (kind === 'end') {
      if (section === null) report('there is no section to end here', line);
      section = null;
    } else if (kind !== undefined) {
      const expected = `expected one of ${markerKinds.join(', ')}`;
      report(`there is no marker "${kind}"; ${expected}${didYouMean(kind, markerKinds)}`, line);
    } else {
      // Filled even when it is not shown, so that its mistakes are found.
      const filled = fill(content, options.variables, false, (message, at) =>
        report(message, line, at + 1),
      );
      if (section === null || section.shown) part.kept.push(filled);
    }
  }
  if (section !== null) report('the section that begins here has no <!-- end -->', section.line);
  if (textOf(intro) === '')
    report('the text before the first marker is empty; expected what opens the lesson', 1);
  for (const id of ids?.task ?? []) {
    const found = parts.task.get(id);
    if (found === undefined)
      report(`the task "${id}" has no text; expected a line <!-- task: ${id} -->`);
    else if (textOf(found) === '') report(`the text of the task "${id}" is empty`, found.line);
  }
  const texts = (all: ReadonlyMap<string, Part>): Record<string, string> =>
    Object.fromEntries([...all].map(([id, found]) => [id, textOf(found)]));
  return { intro: textOf(intro), tasks: texts(parts.task), drills: texts(parts.drill) };
}

/** "<!-- kind: value -->" on a line of its own, or "<!-- kind -->"; no kind on any other line. */
function markerIn(line: string): { kind?: string; value: string } {
  const trimmed = line.trim();
  if (trimmed.length < 7 || !trimmed.startsWith('<!--') || !trimmed.endsWith('-->'))
    return { value: '' };
  const inner = trimmed.slice(4, -3);
  const colon = inner.indexOf(':');
  const kind = (colon < 0 ? inner : inner.slice(0, colon)).trim();
  const value = colon < 0 ? '' : inner.slice(colon + 1).trim();
  return /^[a-z]+$/.test(kind) ? { kind, value } : { value: '' };
}

const textOf = ({ kept }: Part): string => kept.join('\n').trim();
