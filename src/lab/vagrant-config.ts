import writeFileAtomic from 'write-file-atomic';
import { parse, stringify } from 'yaml';
import { bootFiles } from './box.ts';
import { type Lab, labFiles } from './lab.ts';
import { textOf } from './process.ts';
import { cableFolder, plainPath } from './providers/rootless/folders.ts';

/** What the Vagrantfile is told of a lab, in the place of vagrant/lab.yaml. */
type Config = Readonly<Record<string, unknown>>;

function configOf(lab: Lab): Config {
  const { record } = lab;
  return {
    machines: record.machineCount,
    memory: record.memory,
    cpus: record.cpus,
    network: record.network,
    box: record.box,
    ssh_key: labFiles.key(lab),
    prefix: record.provider === 'rootless' ? 'halab' : `halab-${record.name}`,
    ...(record.provider === 'rootless'
      ? {
          accelerator: record.accelerator,
          rootless: {
            cables: cableFolder(lab),
            pool: plainPath(lab, 'lab', 'images'),
            consoles: plainPath(lab, 'lab', 'log'),
            boot: plainPath(lab, 'vagrant', ...bootFiles(record.box)),
            ports: record.ports,
          },
        }
      : {}),
  };
}

/** Writes the configuration of a lab for the Vagrantfile, from the lab's record. */
export const writeVagrantConfig = (lab: Lab): void => write(lab, configOf(lab));

/**
 * Adds to a lab's configuration what an older halab, which made the lab, did not write and today's Vagrantfile reads:
 * without it no vagrant could shut the machines down or remove them. What is there stays as it is.
 */
export function completeVagrantConfig(lab: Lab): void {
  const given = parsed(textOf(labFiles.vagrantConfig(lab)) ?? '');
  const whole = completed(configOf(lab), given);
  if (stringify(whole) !== stringify(given)) write(lab, whole);
}

const write = (lab: Lab, config: Config): void =>
  writeFileAtomic.sync(labFiles.vagrantConfig(lab), stringify(config), { mode: 0o600 });

/** What is given, with what it lacks of the rest. */
function completed(rest: Config, given: Config): Config {
  const added = Object.entries(rest).map(([key, value]) => {
    const own = given[key] ?? null;
    if (isConfig(value) && isConfig(own)) return [key, completed(value, own)];
    return [key, own ?? value];
  });
  return { ...given, ...Object.fromEntries(added) };
}

const isConfig = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Nothing, where the file is broken: all of it is written anew then. */
function parsed(text: string): Config {
  try {
    const found: unknown = parse(text);
    return isConfig(found) ? found : {};
  } catch {
    return {};
  }
}
