// `npm start -- ARGS`: installs and builds what is missing or stale, then runs halab with ARGS.
// Plain JavaScript without packages, since it runs before there are any.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 17)) {
  console.error(`halab needs Node 20.17 or newer; this is ${process.versions.node}.`);
  process.exit(2);
}

/** Newest change below a path, in milliseconds; 0 when there is nothing. */
function newest(path) {
  if (!existsSync(path)) return 0;
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function step(title, command, args) {
  console.error(`• ${title}`);
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    // npm and npx are .cmd files on Windows.
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error(`\`${command} ${args.join(' ')}\` failed. Run it in ${root} to see why.`);
    process.exit(3);
  }
}

const installed = newest(join(root, 'node_modules', '.package-lock.json'));
if (installed < newest(join(root, 'package-lock.json'))) {
  step('Installing the npm packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
const built = newest(join(root, 'dist', 'main.js'));
const sources = Math.max(
  newest(join(root, 'src')),
  newest(join(root, 'tsconfig.build.json')),
  newest(join(root, 'tsconfig.json')),
);
if (built < sources) step('Building halab', 'npm', ['run', '--silent', 'build']);

// Ctrl-C reaches halab as well, which has things to tidy up: wait for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
spawn(process.execPath, [join(root, 'dist', 'main.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
}).once('exit', (status) => {
  process.exitCode = status ?? 130;
});
