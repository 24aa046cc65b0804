import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Makes programs for Node of modules in src, as they are now (dist could be older), for tests that need real
 * processes which start fast. The folder lies in the project, or the modules would not find their packages.
 * @param modules path below src, without its ending, by the program's name
 * @returns the folder with NAME.js for each; whoever asks removes it.
 */
export async function buildPrograms(modules: Readonly<Record<string, string>>): Promise<string> {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const outDir = mkdtempSync(join(cache, 'halab-test-'));
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: true,
      target: 'node20',
      outDir,
      emptyOutDir: false,
      minify: false,
      rollupOptions: {
        input: Object.fromEntries(
          Object.entries(modules).map(([name, path]) => [name, join(root, 'src', `${path}.ts`)]),
        ),
        output: { entryFileNames: '[name].js' },
      },
    },
  });
  return outDir;
}
