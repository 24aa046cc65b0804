// The root of another distribution, kept between runs, and what of this computer belongs into it.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collect, Failed, startApart } from './namespace.mjs';

const makeScript = fileURLToPath(new URL('make-root.sh', import.meta.url));

/** Where halab keeps its boxes inside, as seen from the root. */
const boxesInside = 'root/.local/share/halab/boxes';
const boxFile = 'halab-debian13.box';

/**
 * The distribution's root below `folder`; made when there is none from the same inputs.
 * @throws Failed with what the maker said.
 */
export async function keptRoot(folder, distribution) {
  const inputs = createHash('sha256').update(distribution).update(readFileSync(makeScript));
  const root = join(folder, `${distribution}-${inputs.digest('hex').slice(0, 12)}`);
  if (existsSync(root)) return root;
  mkdirSync(folder, { recursive: true });
  // Roots of older inputs, and what an interrupted run has left of one.
  for (const old of readdirSync(folder).filter((entry) => entry.startsWith(`${distribution}-`)))
    rmSync(join(folder, old), { recursive: true });
  const partial = `${root}.partial`;
  const maker = startApart('--mount-proc', makeScript, distribution, partial);
  const said = collect(maker);
  const code = await new Promise((resolve) => maker.once('close', resolve));
  if (code !== 0) throw new Failed(`The root could not be made:\n${said()}`);
  renameSync(partial, root);
  return root;
}

/** Puts a file of this computer to the same place in the layer. */
export function copyIn(layer, file) {
  mkdirSync(dirname(join(layer, file)), { recursive: true });
  copyFileSync(file, join(layer, file));
}

/**
 * Hands on how npm reaches its registry from here: the user's own settings, proxies and certificates,
 * as they are.
 * @returns the environment that belongs to it.
 */
export function handNpmOn(root, layer) {
  const asked = (name) => {
    const value = spawnSync('npm', ['config', 'get', name], { encoding: 'utf8' }).stdout.trim();
    return ['', 'null', 'undefined'].includes(value) ? null : value;
  };
  const environment = {};
  for (const name of ['registry', 'cafile', 'proxy', 'https-proxy', 'noproxy']) {
    const value = asked(name);
    if (value !== null) environment[`npm_config_${name.replace('-', '_')}`] = value;
  }
  for (const name of ['NODE_EXTRA_CA_CERTS', 'http_proxy', 'https_proxy', 'no_proxy'])
    if (process.env[name]) environment[name] = process.env[name];
  for (const file of [environment.npm_config_cafile, environment.NODE_EXTRA_CA_CERTS])
    if (file !== undefined && existsSync(file) && !existsSync(join(root, file)))
      copyIn(layer, file);
  const settings = asked('userconfig');
  if (settings !== null && existsSync(settings)) {
    copyFileSync(settings, join(layer, 'root/.npmrc'));
    chmodSync(join(layer, 'root/.npmrc'), 0o600);
  }
  // What this computer trusts besides its distribution's certificates; update-ca-certificates(8) reads it.
  const trusted = '/usr/local/share/ca-certificates';
  if (existsSync(trusted)) cpSync(trusted, join(layer, trusted), { recursive: true });
  return environment;
}

/** Puts the box with that hash into the layer, from the first home that has it; false when none has. */
export function takeBox(layer, hash, homes) {
  const from = homes
    .map((home) => join(home, 'boxes', hash, boxFile))
    .find((file) => existsSync(file));
  if (from === undefined) return false;
  const to = join(layer, boxesInside, hash, boxFile);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  return true;
}

/** Keeps the box that was built in the layer in a home, for the next run. */
export function keepBox(layer, hash, home) {
  const kept = join(home, 'boxes', hash);
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(dirname(kept), { recursive: true });
  cpSync(join(layer, boxesInside, hash), kept, { recursive: true });
}
