// Writes anew how libvirt knows a machine that Vagrant made, with KVM and emulated, as fixtures for tests:
//
//   npm run build && npm run domains
//
// Makes a lab for each accelerator and destroys it as soon as Vagrant has turned node1 on, or has tried to: no machine
// needs to boot, so KVM need not work. What differs from lab to lab (ids, paths, ports) is replaced by a word. Needs
// the base box and the packages of a lab, and libvirt must find KVM (/dev/kvm).
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { accelerators } = await import('../dist/lab/accelerator.js');
const { bringUp } = await import('../dist/lab/bring-up.js');
const { newRecord, writeLab } = await import('../dist/lab/lab.js');
const { providerOf } = await import('../dist/lab/providers/index.js');
const { domainName, runVirsh } = await import('../dist/lab/providers/libvirt.js');
const { destroy } = await import('../dist/lab/tear-down.js');
const { runLocally: run } = await import('../dist/local-runner.js');
const { packageRoot, vagrantHome } = await import('../dist/paths.js');

const folder = fileURLToPath(new URL('../test/fixtures/vagrant/', import.meta.url));
const emit = () => {};

/** The definition of node1 as Vagrant leaves it when it has started the machine or failed to. */
async function definitionWith(accelerator) {
  const lab = writeLab(newRecord(`domains-${accelerator}`, { machineCount: 2 }));
  const enough = new AbortController();
  let outcome;
  const ended = bringUp(lab, {
    run,
    emit,
    signal: enough.signal,
    findAccelerator: async () => accelerator,
  }).then(
    () => (outcome = 'up'),
    (error) => (outcome = error),
  );
  let definition = '';
  try {
    for (let state = 'absent'; state !== 'running' && outcome === undefined; ) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      state = (await providerOf(lab, run).states()).node1;
      if (state === 'absent') continue;
      const dumped = await runVirsh(lab, run, ['dumpxml', '--inactive', domainName('node1')]);
      if (dumped.exitCode === 0) definition = dumped.stdout;
    }
  } finally {
    enough.abort();
    await ended;
    await destroy(lab.record.name, { run, emit });
  }
  if (definition === '') throw outcome;
  return definition
    .replace(/<uuid>[^<]*/, '<uuid>UUID')
    .replaceAll(lab.folder, '/LAB')
    .replaceAll(lab.runFolder, '/RUN')
    .replaceAll(packageRoot, '/HALAB')
    .replaceAll(vagrantHome(), '/VAGRANT')
    .replace(/(halab-VAGRANTSLASH-debian13)-[0-9a-f]+/g, '$1-HASH')
    .replace(/hostfwd=tcp:127\.0\.0\.1:\d+-/, 'hostfwd=tcp:127.0.0.1:PORT-');
}

mkdirSync(folder, { recursive: true });
for (const accelerator of Object.keys(accelerators)) {
  const file = join(folder, `node1-${accelerator}.xml`);
  writeFileSync(file, `${await definitionWith(accelerator)}\n`);
  console.log(file);
}
