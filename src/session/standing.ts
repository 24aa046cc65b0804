import type { LabRecord } from '../lab/lab.ts';

const clock = (time: string): string => new Date(time).toLocaleTimeString('sv-SE');

/** Whether a drill or a checkpoint was begun and has not come to its end: by a halab that is at it, or by one that was killed. */
export const isHalfDone = ({
  fault,
  standing,
  checkpointing,
}: Pick<LabRecord, 'fault' | 'standing' | 'checkpointing'>): boolean =>
  fault !== null || checkpointing !== null || standing.some(({ drill }) => drill !== null);

/** What is broken in a lab now, by whom and until when, and what was left half done: a sentence each. Asks no machine. */
export function whatStands(
  { fault, standing, checkpointing }: Pick<LabRecord, 'fault' | 'standing' | 'checkpointing'>,
  now: Date,
): string[] {
  const sentences: string[] = [];
  if (checkpointing !== null)
    sentences.push(
      checkpointing.doing === 'saving'
        ? `The machines are being saved as "${checkpointing.name}", or that was cut short; the next halab check undoes it then.`
        : `The machines are being brought back to "${checkpointing.name}", or that was cut short; the next halab check finishes it then.`,
    );
  if (fault !== null)
    sentences.push(
      `${fault.machine} was broken by the drill "${fault.drill}" at ${clock(fault.since)}. The drill puts it back; if it was cut short, the next halab check does.`,
    );
  for (const { kind, machine, since, until, drill } of standing) {
    const who = drill === null ? '' : ` by the drill "${drill}"`;
    const broken = `${machine} was broken${who} at ${clock(since)} (${kind})`;
    if (until === null)
      sentences.push(
        drill === null
          ? `${broken}. Undo it: halab fault --undo`
          : `${broken}. The drill puts it back; if it was cut short, the next halab check does.`,
      );
    else if (new Date(until) > now)
      sentences.push(`${broken}. It ends by itself at ${clock(until)}, or by: halab fault --undo`);
    else
      sentences.push(
        `${broken}. It was to end by itself at ${clock(until)}; make sure: halab fault --undo`,
      );
  }
  return sentences;
}
