import { createContext, Script } from 'node:vm';

/** Whether a text is a regular expression of JavaScript. */
export function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'm') instanceof RegExp;
  } catch {
    return false;
  }
}

/** Milliseconds for one pattern and one output. An honest one takes less than one. */
const limit = 1000;

const scope = createContext({ pattern: '', text: '' });
const test = new Script('new RegExp(pattern, "m").test(text)');

/**
 * Whether a lesson's pattern is found in a text; null when the search does not come to an end: `(a+)+$` takes twice
 * the time for each letter more. Whether a pattern can run away depends on the text too, and what proves that of a
 * pattern (recheck, safe-regex2) refuses honest ones or misses some; the limit of node:vm ends any, since V8 looks for
 * an interruption whenever the search goes back a step.
 */
export function isFound(pattern: string, text: string): boolean | null {
  Object.assign(scope, { pattern, text });
  try {
    return test.runInContext(scope, { timeout: limit }) === true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
    throw error;
  }
}
