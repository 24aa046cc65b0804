import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Puts a program into a folder that a test has in its PATH: a script for bash, in place of the real one. */
export function putProgram(folder: string, name: string, body: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/bash\n${body}\n`);
  chmodSync(file, 0o755);
}
