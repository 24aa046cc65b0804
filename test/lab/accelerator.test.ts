import { readFileSync } from 'node:fs';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { accelerators, processorForLibvirt } from '../../src/lab/accelerator.ts';

/** What libvirt held after `vagrant up`; `npm run domains` writes it anew. */
const recorded = (accelerator: string): string =>
  readFileSync(new URL(`../fixtures/vagrant/node1-${accelerator}.xml`, import.meta.url), 'utf8');
const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' });
const machine = (accelerator: string) => parser.parse(recorded(accelerator)).domain;
const names = Object.keys(accelerators) as (keyof typeof accelerators)[];

describe.each(names)("a machine as Vagrant makes it, with '%s'", (accelerator) => {
  const domain = machine(accelerator);

  test('runs with it, on the processor that the doctor asks for', () => {
    expect(domain.type).toBe(accelerator);
    // libvirt adds `check`; all else must be what it was asked about.
    const { check, ...cpu } = domain.cpu;
    expect(check).toMatch(/^(partial|none)$/);
    expect(cpu).toEqual(parser.parse(processorForLibvirt(accelerators[accelerator].processor)).cpu);
  });

  test('is the kind of machine, and has the devices, that the lessons and checkpoints need', () => {
    expect(domain.os.type.machine).toMatch(/^pc-i440fx-/);
    expect(Object.keys(domain.features)).toEqual(['acpi', 'apic', 'pae']);
    expect(domain.devices.disk.map(({ target }: never) => target)).toEqual([
      { dev: 'vda', bus: 'virtio' },
      { dev: 'vdb', bus: 'virtio' },
    ]);
    // Internal snapshots need this format on every disk.
    expect(domain.devices.disk.map(({ driver }: never) => driver)).toEqual([
      { name: 'qemu', type: 'qcow2' },
      { name: 'qemu', type: 'qcow2' },
    ]);
    expect(domain.devices.watchdog).toMatchObject({ model: 'i6300esb', action: 'reset' });
    expect(domain.devices.channel.target.name).toBe('org.qemu.guest_agent.0');
    expect(domain.devices.serial.source.path).toBe('/RUN/l/log/console-node1.log');
    // The cards are QEMU's alone: libvirt has no network to set up.
    expect(domain.devices).not.toHaveProperty('interface');
    const words = domain['qemu:commandline']['qemu:arg'].map(({ value }: never) => value);
    expect(words).toContain('user,id=m0,restrict=on,hostfwd=tcp:127.0.0.1:PORT-:22');
    // The switch plugs itself in, so the machine needs none to start.
    expect(words).toContain('stream,id=c0,server=on,addr.type=unix,addr.path=/RUN/sw/node1');
    expect(words.filter((word: string) => word.startsWith('virtio-net-pci,'))).toHaveLength(2);
  });
});

test('KVM and emulation differ in nothing else', () => {
  const same = (accelerator: string): string =>
    recorded(accelerator)
      .replace(/<domain type='\w+'/, '<domain')
      .replace(/<cpu .*<\/cpu>/s, '');
  expect(same('kvm')).toBe(same('qemu'));
});

/** The processors of libvirt's own catalogue (cpu_map), as far as they matter here. */
const catalogue = '/usr/share/libvirt/cpu_map';
const featuresOf = (model: string): string[] => {
  const text = readFileSync(`${catalogue}/x86_${model}.xml`, 'utf8').replace(/<!--.*?-->/gs, '');
  return [...text.matchAll(/<feature name='([^']+)'/g)].map(([, name]) => name ?? '');
};
const hasCatalogue = (() => {
  try {
    return featuresOf('qemu64').length > 0;
  } catch {
    return false;
  }
})();

test.skipIf(!hasCatalogue)('under KVM it is the same processor but for svm, by libvirt', () => {
  expect(featuresOf(accelerators.kvm.processor)).toEqual(
    featuresOf(accelerators.qemu.processor).filter((feature) => feature !== 'svm'),
  );
});
