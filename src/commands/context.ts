import { assertLabName } from '../lab/lab.ts';
import { typeable } from '../terminal/which-lab.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly lab: string;
  /** Whether the lab was named, also when that is the one that is meant without a name. */
  readonly labNamed: boolean;
  readonly yes: boolean;
  readonly verbose: boolean;
}

/** The lab's name from the options. @throws HalabError (exit 2) when it cannot be one. */
export function labName({ lab }: GlobalOptions): string {
  assertLabName(lab);
  return lab;
}

/** Writes a line to standard output, for a person. */
export const say = (text: string): void => {
  process.stdout.write(`${typeable(text)}\n`);
};

/** Prints a value as JSON for a script. */
export const sayJson = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
};

/** Whether somebody sits at a terminal and can be asked. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true;
