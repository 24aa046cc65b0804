/**
 * A score as Pacemaker reads it (Pacemaker Explained, "Scores"): INFINITY is Infinity, and so is
 * anything of a million and more. `missing` when there is none or it is no score.
 */
export function score(text: string | undefined, missing = 0): number {
  if (text === undefined) return missing;
  if (/^\+?infinity$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-infinity$/i.test(text)) return Number.NEGATIVE_INFINITY;
  if (!/^[+-]?\d+$/.test(text)) return missing;
  const number = Number(text);
  return Math.abs(number) >= 1_000_000 ? Math.sign(number) * Number.POSITIVE_INFINITY : number;
}
