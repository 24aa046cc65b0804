// `npm run e2e:homes`: homes and computers that are not like ours, on a Debian, as root: a new account with a HOME of
// mode 0700 and a strict umask builds the box, through a proxy with a password, where /var/tmp forbids programs; another
// user has been there first; too little room; a keyring that is too old; and a lab whose HOME holds a blank, Cyrillic
// letters, a comma, an apostrophe, an ampersand and a per cent sign, and is long. It makes two users of its own, does everything in
// a mount namespace of its own, and removes what it made. Takes some ten minutes.

import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';

$.verbose = false;
if (process.getuid() !== 0)
  throw new Error('only root can make users and mount: sudo npm run e2e:homes');
const root = fileURLToPath(new URL('../..', import.meta.url));
const self = fileURLToPath(import.meta.url);
// Mounts that nobody else sees, and that go with this process.
if (process.env.HALAB_E2E_INSIDE === undefined) {
  const inside = $({
    nothrow: true,
    stdio: 'inherit',
    env: { ...process.env, HALAB_E2E_INSIDE: '1' },
  });
  process.exit(
    (await inside`unshare --mount --propagation private ${process.execPath} ${self}`).exitCode,
  );
}

const started = performance.now();
const say = (text) =>
  console.log(`[${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s] ${text}`);
function expect(what, text, pattern) {
  if (!pattern.test(text)) throw new Error(`${what}: no ${pattern} in:\n${text}`);
  say(`ok: ${what}`);
}

// Where everybody can walk to, and not in /tmp, over which things are mounted.
const place = mkdtempSync('/srv/halab-homes-');
chmodSync(place, 0o755);
const plain = { name: `halab-e2e-a${process.pid}`, home: join(place, 'ada') };
const nasty = {
  name: `halab-e2e-b${process.pid}`,
  home: join(place, "Ада d'Arc, R&D 100%d", 'long'.repeat(30)),
};
const users = [plain, nasty];

/** Runs a shell script as a user, in a login of theirs; its output, of both streams, and its exit code. */
async function as({ name }, script) {
  const text = `exec 2>&1; umask 077; cd ~/halab; export LANG=C.UTF-8\n${script}`;
  const { stdout, exitCode } = await $({
    nothrow: true,
    input: text,
  })`su - ${name} -s /bin/bash -c ${'bash -s'}`;
  return { text: stdout, exitCode };
}
const halab = (user, words) => as(user, `node dist/main.js ${words}`);
async function must(user, words) {
  const { text, exitCode } = await halab(user, words);
  if (exitCode !== 0) throw new Error(`halab ${words} ended with ${exitCode}:\n${text}`);
  return text;
}

/** A proxy that wants a password and counts the packages that come through it. */
const password = `Basic ${Buffer.from('ada:geheim').toString('base64')}`;
let packages = 0;
const proxy = createServer((incoming, answer) => {
  if (incoming.headers['proxy-authorization'] !== password) {
    answer.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
    return;
  }
  if (incoming.url.endsWith('.deb')) packages += 1;
  const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers;
  request(incoming.url, { method: incoming.method, headers }, (found) => {
    answer.writeHead(found.statusCode, found.headers);
    found.pipe(answer);
  })
    .on('error', (error) => answer.writeHead(502).end(String(error)))
    .end();
});

/** Binds a copy of a folder over it, for this process and its children; returns the copy. */
async function ownCopy(folder, name) {
  const copy = join(place, name);
  cpSync(folder, copy, { recursive: true });
  await $`mount --bind ${copy} ${folder}`;
  return copy;
}

async function makeUser({ name, home }) {
  await $`useradd --create-home --home-dir ${home} -K HOME_MODE=0700 --shell /bin/bash ${name}`;
  // The very files of this clone, built, and no more of root's than that.
  mkdirSync(join(home, 'halab'));
  for (const part of ['dist', 'lessons', 'vagrant', 'node_modules', 'package.json'])
    cpSync(join(root, part), join(home, 'halab', part), { recursive: true });
  await $`chown -R ${name}: ${home}`;
}

async function removeUser({ name }) {
  if ((await $({ nothrow: true })`id -u ${name}`).exitCode !== 0) return;
  await halab({ name }, 'destroy --all --yes');
  await halab({ name }, 'box remove');
  await $`userdel --remove ${name}`;
}

async function othersAreToldOf() {
  const folder = `/var/tmp/halab-build-${(await $`id -u ${plain.name}`).stdout.trim()}`;
  for (const trap of [`mkdir -m 0777 ${folder}`, `ln -s /tmp ${folder}`]) {
    await as(nasty, trap);
    const { text, exitCode } = await halab(plain, 'box build');
    expect(`refused after: ${trap}`, `${exitCode} ${text}`, /^3 .*does not belong to you/s);
    expect(
      'doctor says what to type',
      (await halab(plain, 'doctor')).text,
      /sudo rm -r \/var\/tmp\/halab-build-/,
    );
    await $`rm -r ${folder}`;
  }
}

async function noPlace() {
  await $`mount -t tmpfs -o size=100m,mode=1777 tmpfs /var/tmp`;
  await $`mount -t tmpfs -o noexec,size=5g,mode=1777 tmpfs /tmp`;
  const { text, exitCode } = await halab(plain, 'box build');
  await $`umount /var/tmp /tmp`;
  expect(
    'too small is said',
    `${exitCode} ${text}`,
    /^3 .*\/var\/tmp: \d+ MiB are free, not 4096/s,
  );
  expect('noexec is said', text, /\/tmp: programs may not be run there \(noexec\)/);
}

async function tooOldKeyring() {
  const keys = await ownCopy('/usr/share/keyrings', 'keyrings');
  const trusted = await ownCopy('/etc/apt/trusted.gpg.d', 'trusted');
  await $`cat ${join(keys, 'debian-archive-bullseye-stable.gpg')} > ${join(keys, 'debian-archive-keyring.gpg')}`;
  await $`find ${trusted} -type f -not -name ${'*bullseye*'} -delete`;
  const { text, exitCode } = await halab(plain, 'box build');
  await $`umount /usr/share/keyrings /etc/apt/trusted.gpg.d`;
  expect('an old keyring is called so', `${exitCode} ${text}`, /^3 .*too old to check Debian 13/s);
}

async function build() {
  const settings = await ownCopy('/etc/apt/apt.conf.d', 'apt.conf.d');
  const { port } = proxy.address();
  const certificates = join(plain.home, 'ca.pem');
  await as(plain, `cp /etc/ssl/certs/ca-certificates.crt ${certificates}`);
  writeFileSync(
    join(settings, '99halab-e2e'),
    `Acquire::http::Proxy "http://ada:geheim@127.0.0.1:${port}/";\nAcquire::https::CaInfo "${certificates}";\n`,
  );
  await $`mount -t tmpfs -o noexec,size=6g,mode=1777 tmpfs /var/tmp`;
  expect(
    'doctor finds another place',
    (await halab(plain, 'doctor')).text,
    /Place to build the box in: \/tmp/,
  );
  await must(plain, 'box build');
  await $`umount /var/tmp /etc/apt/apt.conf.d`;
  expect('the packages came through the proxy', String(packages), /^[1-9]\d\d$/);
}

async function nastyHome() {
  const data = '.local/share/halab';
  mkdirSync(join(nasty.home, data), { recursive: true });
  cpSync(join(plain.home, data, 'boxes'), join(nasty.home, data, 'boxes'), { recursive: true });
  await $`chown -R ${nasty.name}: ${nasty.home}`;
  await must(nasty, 'up --yes --machines 2');
  expect('status', await must(nasty, 'status'), /node2 .*running/);
  await must(nasty, 'checkpoint save a');
  await must(nasty, 'shell node1 -- sudo touch /root/x');
  await must(nasty, '--yes checkpoint restore a');
  expect('restored', (await halab(nasty, 'shell node1 -- sudo ls /root/x')).text, /No such file/);
  await must(nasty, 'down');
  await must(nasty, 'up --yes');
  await must(nasty, 'destroy --yes');
  // One that has ended stays in the list until its parent, which may be process 1, has taken note of it (state Z).
  const all = (await $({ nothrow: true })`ps -u ${nasty.name} -o stat=,args=`).stdout.split('\n');
  const left = all.filter((line) => !line.startsWith('Z')).join('\n');
  expect('nothing runs on', left, /^(?!.*(qemu|libvirt|virtlogd|switch-program))/s);
}

let failed = false;
try {
  await $({ cwd: root })`npm run --silent build`;
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  for (const user of users) await makeUser(user);
  say(`users ${users.map(({ name }) => name).join(' and ')} below ${place}`);
  for (const part of [othersAreToldOf, noPlace, tooOldKeyring, build, nastyHome]) {
    say(part.name);
    await part();
  }
  say('homes: all is well');
} catch (error) {
  failed = true;
  say(error instanceof Error ? error.message : String(error));
} finally {
  for (const user of users) await removeUser(user);
  proxy.close();
  rmSync(place, { recursive: true });
}
process.exit(failed ? 1 : 0);
