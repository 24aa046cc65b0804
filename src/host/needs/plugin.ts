import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandResult } from '../../run.ts';
import type { Finding, Fix } from '../findings.ts';
import { installFix, pluginFix } from '../fix-of.ts';
import { fineOnce } from '../keep.ts';
import { packagesOf } from '../packages.ts';
import { type Check, type Scene, started } from '../scene.ts';

const rest = {
  id: 'provider-plugin',
  title: "Vagrant's libvirt plugin",
  needed: 'the plugin vagrant-libvirt',
} as const;

/**
 * Whether Vagrant has the plugin, from dpkg's records (fast) or from Vagrant itself (seconds); and
 * whether it loads, which is tried once for each set of versions: it is Ruby's code against this
 * libvirt, and HashiCorp's Vagrant brings libraries of its own that need not fit the system's.
 */
export const plugin: Check = async (scene) => {
  const { run, os, options } = scene;
  const packages = await run([
    'dpkg-query',
    '--show',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
    '--showformat=${Package} ${db:Status-Status} ${Version}\\n',
    'vagrant',
    'vagrant-libvirt',
    'ruby-libvirt',
    'libvirt0',
  ]);
  const versionOf = (name: string): string | undefined =>
    new RegExp(`^${name} installed (\\S+)$`, 'm').exec(packages.stdout)?.[1];
  // Only the distribution's own Vagrant sees the distribution's plugin; "dfsg" tells it from HashiCorp's package.
  const ownVagrant = versionOf('vagrant')?.includes('dfsg') === true;
  const packaged = versionOf('vagrant-libvirt');
  if (ownVagrant && packaged !== undefined) {
    const trouble = await fineOnce(options.dataDir, 'plugin', packages.stdout, () =>
      loads(scene, null),
    );
    return judged(packaged, trouble, {
      explain: 'Have the packages between Vagrant and libvirt unpacked anew.',
      packages: [],
      commands: ['sudo apt-get install --reinstall vagrant-libvirt ruby-fog-libvirt ruby-libvirt'],
    });
  }
  // A rootless lab has a Vagrant home of its own, and plugins live there.
  const home = options.provider === 'rootless' ? join(options.dataDir, 'vagrant') : null;
  const asked = await run(['vagrant', 'plugin', 'list'], { cwd: '/', env: environment(home) });
  const version = /^vagrant-libvirt \(([^,)]+)/m.exec(asked.stdout)?.[1];
  if (version !== undefined) {
    const versions = await Promise.all([
      run(['vagrant', '--version'], { cwd: '/' }),
      run(['virsh', '--version']),
    ]);
    const key = [version, ...versions.map(({ stdout }) => stdout)].join('\n');
    const trouble = await fineOnce(options.dataDir, 'plugin', key, () => loads(scene, home));
    const { commands } = pluginFix(os, home);
    return judged(version, trouble, {
      explain:
        "Build it anew, against this computer's libvirt. If it still does not load, a library that Vagrant brings (/opt/vagrant/embedded/lib) stands before the system's.",
      packages: [],
      commands: [
        ...commands.slice(0, -1),
        `${commands.at(-1)?.replace('plugin install', 'plugin uninstall')}`,
        `${commands.at(-1)}`,
      ],
    });
  }
  const own = packagesOf('vagrant-libvirt', os).length > 0 && (ownVagrant || !started(asked));
  return {
    ...rest,
    status: 'missing',
    found: started(asked)
      ? 'Vagrant has no plugin vagrant-libvirt'
      : 'no Vagrant that could have it',
    fix: own || os.family === 'fedora' ? installFix(['vagrant-libvirt'], os) : pluginFix(os, home),
  };
};

const judged = (version: string, trouble: string | null, fix: Fix): Finding =>
  trouble === null
    ? { ...rest, status: 'ok', found: `vagrant-libvirt ${version}`, fix: null }
    : {
        ...rest,
        status: 'missing',
        found: `vagrant-libvirt ${version} is there and does not load: ${trouble}`,
        fix,
      };

const environment = (home: string | null): Record<string, string> =>
  home === null ? {} : { VAGRANT_HOME: home, VAGRANT_CHECKPOINT_DISABLE: '1' };

/** Makes Vagrant load all that a machine of libvirt's needs, and nothing more. */
const vagrantfile = `require 'fog/libvirt'
require 'libvirt'
Vagrant.configure('2') { |config| config.vm.define('none') { |machine| machine.vm.provider(:libvirt) {} } }
`;

/** null when the plugin loads, else what Vagrant says. A Vagrant that takes too long has not been heard. */
async function loads({ run }: Scene, home: string | null): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'halab-plugin-'));
  try {
    writeFileSync(join(folder, 'Vagrantfile'), vagrantfile);
    const tried = await run(['vagrant', 'validate', '--ignore-provider'], {
      cwd: folder,
      // What is packaged for the system is seen from every home.
      env: environment(home ?? join(folder, 'home')),
      timeout: 60_000,
    });
    return tried.exitCode === 0 || tried.timedOut ? null : words(tried);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What went wrong, of the paragraphs that Vagrant writes about it. */
function words({ stdout, stderr }: CommandResult): string {
  const said = `${stderr}\n${stdout}`.trim();
  return /^Message: (.*)/m.exec(said)?.[1] ?? said.split('\n').at(-1) ?? '';
}
