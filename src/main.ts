#!/usr/bin/env node
// Nothing heavy may be imported here: `halab --version` should answer as fast as Node itself starts.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const packageFile = new URL('../package.json', import.meta.url);
const version = (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;

/** Whether something that was said could not be written. */
let unwritten = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`halab lessons | head`) must not break off work on the machines.
    if (error.code === 'EPIPE' || unwritten) return;
    unwritten = true;
    process.exitCode = 3;
    // Where standard error is full, there is nobody to be told but by the exit code.
    if (stream === process.stdout)
      process.stderr.write(
        `✗ What halab prints could not all be written.\n  ${error.message}\n  Next: Make room where its output goes, then type the command again.\n`,
      );
  });
}

if (process.argv.length === 3 && ['--version', '-V'].includes(process.argv[2] ?? '')) {
  process.stdout.write(`${version}\n`);
} else {
  // For every halab that this one starts, too: they work in folders of their own.
  if (process.env.HALAB_HOME) process.env.HALAB_HOME = resolve(process.env.HALAB_HOME);
  const { runCommandLine } = await import('./commands/program.ts');
  const exitCode = await runCommandLine(process.argv, version);
  // The one place that sets the exit code. Output that still waits in a pipe must come out first.
  process.exitCode = unwritten ? 3 : exitCode;
}
