// node run-typescript.mjs FILE: loads a TypeScript module, calls its `main` and exits with what that
// returns. Node 20 runs no TypeScript, and a build could be older than the sources.
import { resolve } from 'node:path';
import { createViteServer } from 'vitest/node';

const server = await createViteServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, watch: null, hmr: false, ws: false },
});
const { main } = await server.ssrLoadModule(resolve(process.argv[2] ?? ''));
process.exitCode = await main();
await server.close();
