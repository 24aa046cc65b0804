import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HalabError } from '../../src/errors.ts';
import {
  assertLabName,
  labFiles,
  labFolder,
  labNames,
  newRecord,
  readLab,
  writeLab,
} from '../../src/lab/lab.ts';
import { freePorts, isFree } from '../../src/lab/ports.ts';
import { rescueRecords } from '../../src/lab/rescue.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'halab-test-'));
  process.env.HALAB_HOME = home;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const failure = (work: () => unknown): HalabError => {
  try {
    work();
  } catch (error) {
    if (error instanceof HalabError) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

describe('a lab record', () => {
  it('comes back as it was written', () => {
    const record = newRecord('one', { machineCount: 2, ports: { node1: 2201, node2: 2202 } });
    writeLab(record);
    const lab = readLab('one');
    expect(lab.record).toEqual(record);
    expect(lab.machines.map(({ name }) => name)).toEqual(['node1', 'node2']);
    expect(lab.variables.storage_ip).toBe('');
    expect(labNames()).toEqual(['one']);
  });

  it('leaves room for the longest socket path that libvirt makes', () => {
    const lab = writeLab(newRecord('a-name-as-long-as-they-may-be-x'));
    const longest = `${lab.runFolder}/c/libvirt/qemu/channel/target/domain-9999-halab_storage/org.qemu.guest_agent.0`;
    expect(longest.length).toBeLessThan(108);
  });

  it('tells what to type when there is no such lab', () => {
    expect(failure(() => readLab('none'))).toMatchObject({
      exitCode: 2,
      next: 'Make it: halab up',
    });
  });

  it.each([
    ['{', 'JSON'],
    ['{"format":1,"name":7}', 'name'],
  ])('says what is wrong with %s', (text, reason) => {
    mkdirSync(labFolder('bad'), { recursive: true });
    writeFileSync(join(labFolder('bad'), 'lab.json'), text);
    const error = failure(() => readLab('bad'));
    expect(error.exitCode).toBe(3);
    expect(error.reason).toContain(reason);
    expect(error.next).toContain('halab destroy --lab bad');
  });

  it.each(['{', '{"format":1,"name":7}', ''])(
    'is rebuilt from the configuration of the machines when it is "%s"',
    (text) => {
      const record = newRecord('bad', {
        machineCount: 2,
        memory: 1024,
        ports: { node1: 2201, node2: 2202 },
        complete: true,
      });
      const lab = writeLab(record);
      // As bringUp writes it (vagrant/lab.yaml).
      writeFileSync(
        labFiles.vagrantConfig(lab),
        'machines: 2\nmemory: 1024\ncpus: 1\nnetwork: 192.168.56\nbox: ""\nprefix: halab\naccelerator: qemu\nrootless:\n  switch: /x\n  pool: /y\n  ports: {node1: 2201, node2: 2202}\n',
      );
      writeFileSync(labFiles.record(lab), text);
      const [note = '', ...others] = rescueRecords();
      expect(others).toEqual([]);
      expect(note).toContain('could not be read');
      const { createdAt: _, ...rest } = record;
      expect(readLab('bad').record).toMatchObject(rest);
      expect(readdirSync(lab.folder).some((file) => file.startsWith('lab.json.corrupt-'))).toBe(
        true,
      );
      expect(rescueRecords()).toEqual([]);
    },
  );

  it('is left alone when a newer halab wrote it, or when there is nothing to rebuild it from', () => {
    const lab = writeLab(newRecord('new'));
    writeFileSync(labFiles.record(lab), '{"format":99}');
    writeFileSync(labFiles.vagrantConfig(lab), 'machines: 2\n');
    writeFileSync(labFiles.record(writeLab(newRecord('bare'))), '{');
    expect(rescueRecords()).toEqual([]);
  });

  it('refuses one of a newer halab', () => {
    mkdirSync(labFolder('new'), { recursive: true });
    writeFileSync(join(labFolder('new'), 'lab.json'), '{"format":99}');
    expect(failure(() => readLab('new')).message).toContain('newer halab');
  });

  it.each(['', '../x', 'UPPER', 'a b', '-x'])('refuses the name "%s"', (name) => {
    expect(failure(() => assertLabName(name)).exitCode).toBe(2);
  });
});

describe('ports', () => {
  it('are free and all different', async () => {
    const ports = await freePorts(3);
    expect(new Set(ports).size).toBe(3);
    for (const port of ports) expect(await isFree(port)).toBe(true);
  });
});
