import { installFix, newerVagrantFix } from '../fix-of.ts';
import { type Check, program } from '../scene.ts';

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
