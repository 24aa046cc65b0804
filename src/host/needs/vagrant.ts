import { join } from 'node:path';
import type { Finding } from '../findings.ts';
import { installFix, newerVagrantFix, pluginFix } from '../fix-of.ts';
import { type Check, program, started } from '../scene.ts';

export const vagrant: Check = async ({ run, os }) =>
  program({
    id: 'vagrant',
    title: 'Vagrant',
    version: /^Vagrant (\d[\w.]*)/m,
    least: '2.3',
    // Not in the current folder: a Vagrantfile there is none of ours.
    result: await run(['vagrant', '--version'], { cwd: '/' }),
    install: installFix(['vagrant'], os),
    upgrade: newerVagrantFix(os),
  });

/** The plugin, from dpkg's records (fast) or from Vagrant itself (seconds). */
export const plugin: Check = async ({ run, os, options }) => {
  const id = 'provider-plugin';
  const title = "Vagrant's libvirt plugin";
  const needed = 'the plugin vagrant-libvirt';
  const ok = (version: string): Finding => ({
    id,
    title,
    status: 'ok',
    found: `vagrant-libvirt ${version}`,
    needed,
    fix: null,
  });
  const packages = await run([
    'dpkg-query',
    '--show',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
    '--showformat=${Package} ${db:Status-Status} ${Version}\\n',
    'vagrant',
    'vagrant-libvirt',
  ]);
  const versionOf = (name: string): string | undefined =>
    new RegExp(`^${name} installed (\\S+)$`, 'm').exec(packages.stdout)?.[1];
  // Only the distribution's own Vagrant sees the distribution's plugin; "dfsg" tells it from HashiCorp's package.
  const ownVagrant = versionOf('vagrant')?.includes('dfsg') === true;
  const packaged = versionOf('vagrant-libvirt');
  if (ownVagrant && packaged !== undefined) return ok(packaged);
  // A rootless lab has a Vagrant home of its own, and plugins live there.
  const home = options.provider === 'rootless' ? join(options.dataDir, 'vagrant') : null;
  const asked = await run(['vagrant', 'plugin', 'list'], {
    cwd: '/',
    env: home === null ? {} : { VAGRANT_HOME: home, VAGRANT_CHECKPOINT_DISABLE: '1' },
  });
  const version = /^vagrant-libvirt \(([^,)]+)/m.exec(asked.stdout)?.[1];
  if (version !== undefined) return ok(version);
  const foreign = started(asked) && !ownVagrant && os.family !== 'fedora';
  return {
    id,
    title,
    status: 'missing',
    found: started(asked)
      ? 'Vagrant has no plugin vagrant-libvirt'
      : 'no Vagrant that could have it',
    needed,
    fix:
      foreign || os.family === 'ubuntu' ? pluginFix(os, home) : installFix(['vagrant-libvirt'], os),
  };
};

export const virtualbox: Check = async ({ run, os }) => {
  const result = await run(['VBoxManage', '--version']);
  const finding = program({
    id: 'virtualbox',
    title: 'VirtualBox',
    version: /^(\d+\.\d+\.\d+)/m,
    least: '6.1',
    result,
    install: installFix(['virtualbox'], os),
    upgrade: {
      explain: 'Install a newer VirtualBox: https://www.virtualbox.org/wiki/Downloads',
      packages: [],
      commands: [],
    },
  });
  const warning = /^WARNING: (.*)/m.exec(`${result.stdout}\n${result.stderr}`)?.[1];
  if (finding.status !== 'ok' || warning === undefined) return finding;
  return {
    ...finding,
    status: 'missing',
    found: `${finding.found}, but it cannot run machines: ${warning}`,
    fix: {
      explain: "Load or build VirtualBox's kernel module.",
      packages: [],
      commands: ['sudo modprobe vboxdrv || sudo /sbin/vboxconfig'],
    },
  };
};
