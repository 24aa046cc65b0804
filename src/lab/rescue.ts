import { existsSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { HalabError } from '../errors.ts';
import { readOrdinaryFile, textIn } from '../read-file.ts';
import {
  assertOwn,
  imaginaryLab,
  isRecord,
  type Lab,
  labFolder,
  labNames,
  newRecord,
  readLab,
  writeLab,
} from './lab.ts';

/** What of a lab's record is also in the configuration that was written for Vagrant. */
const configSchema = z.object({
  machines: z.union([z.literal(2), z.literal(3)]),
  memory: z.number().int().positive(),
  cpus: z.number().int().positive(),
  network: z.string(),
  box: z.string(),
  accelerator: z.enum(['kvm', 'qemu']).optional(),
  /** In the lab's folder: it tells whose configuration it is. */
  ssh_key: z.string().optional(),
  rootless: z.object({ ports: z.record(z.string(), z.number().int()) }).optional(),
});

/**
 * Rebuilds the records of labs that can no longer be read from what was written for Vagrant. The
 * broken file is kept beside. A record for which there is nothing to rebuild from is left alone.
 * @returns what was done, a sentence for each lab.
 */
export function rescueRecords(): string[] {
  return labNames().flatMap((name) => {
    const file = join(labFolder(name), 'lab.json');
    const config = join(labFolder(name), 'lab.yaml');
    if (!existsSync(file) || !existsSync(config) || isRecord(contentOf(file, JSON.parse)))
      return [];
    const found = configSchema.safeParse(contentOf(config, parse));
    // Other providers' records cannot be told from each other there.
    if (!found.success || found.data.rootless === undefined || isCopy(name)) return [];
    const kept = `${file}.corrupt-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    renameSync(file, kept);
    const { machines, memory, cpus, network, box, accelerator, rootless } = found.data;
    writeLab(
      newRecord(name, {
        machineCount: machines,
        memory,
        cpus,
        network,
        box,
        accelerator: accelerator ?? 'qemu',
        ports: rootless.ports,
        complete: true,
      }),
    );
    return [
      `The record of the lab "${name}" could not be read. It was rebuilt from the configuration of its machines; the broken file was kept as ${kept}.`,
    ];
  });
}

/**
 * The lab, or where its record cannot be read and was not rebuilt, one of that name as if it were new: enough to remove it.
 * @throws HalabError when what is in its folder belongs to another lab, whose machines would be removed.
 */
export function labToRemove(name: string): Lab {
  const file = join(labFolder(name), 'lab.json');
  const content = contentOf(file, JSON.parse);
  if (isRecord(content)) return readLab(name);
  assertOwnRemains(name, content);
  return imaginaryLab(name);
}

/** As assertOwn, by what is left of a broken record and by the configuration that was written for Vagrant. */
function assertOwnRemains(name: string, record: unknown): void {
  const noted = z.looseObject({ name: z.string() }).safeParse(record);
  if (noted.success) assertOwn(name, { name: noted.data.name, folder: '' });
  const config = configSchema.safeParse(contentOf(join(labFolder(name), 'lab.yaml'), parse));
  const key = config.data?.ssh_key;
  if (key === undefined) return;
  const folder = dirname(key);
  assertOwn(name, { name: basename(folder), folder });
}

function isCopy(name: string): boolean {
  try {
    assertOwnRemains(name, contentOf(join(labFolder(name), 'lab.json'), JSON.parse));
    return false;
  } catch (error) {
    if (error instanceof HalabError) return true;
    throw error;
  }
}

/** What a file holds, or undefined when it is not in its format. */
function contentOf(file: string, read: (text: string) => unknown): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return read(textIn(readOrdinaryFile(file)));
  } catch (error) {
    // A file that may not be read says nothing of what is in it.
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    return undefined;
  }
}
