/** The whole of halab, as `halab WORDS` starts it, for run-typescript.mjs. @returns its exit code. */
export async function main(): Promise<unknown> {
  process.argv.splice(1, 2, 'halab');
  await import('../../src/main.ts');
  return process.exitCode;
}
