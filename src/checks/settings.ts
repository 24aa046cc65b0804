import * as z from 'zod';
import { seconds } from '../cluster/parse/duration.ts';
import { score } from '../cluster/parse/score.ts';

/** A value as YAML may give it, as the text that Pacemaker stores. */
export const settingSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** A truth value in any of Pacemaker's spellings (Pacemaker Explained, "Boolean"); null for another text. */
export function truth(text: string): boolean | null {
  const word = text.trim().toLowerCase();
  if (['true', 'on', 'yes', 'y', '1'].includes(word)) return true;
  if (['false', 'off', 'no', 'n', '0'].includes(word)) return false;
  return null;
}

/** A score as a number; null when the text is none (Pacemaker Explained, "Scores"). */
export function scoreOf(text: string): number | null {
  const number = score(text.trim(), Number.NaN);
  return Number.isNaN(number) ? null : number;
}

/** Whether two texts mean the same to Pacemaker: as text, truth value, score or duration. */
export function sameSetting(one: string, other: string): boolean {
  if (one.trim() === other.trim()) return true;
  return [truth, scoreOf, seconds].some((read) => {
    const value = read(one);
    return value !== null && value === read(other);
  });
}
