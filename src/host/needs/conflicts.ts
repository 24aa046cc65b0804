import type { Finding } from '../findings.ts';
import { listed, newerVagrantFix } from '../fix-of.ts';
import { type Scene, started } from '../scene.ts';

/**
 * Whether apt would have to remove packages to install what is missing (Debian 13's Vagrant breaks
 * VirtualBox 7.1 and newer, for one). apt is asked to simulate it, which takes no rights; where it
 * does not know the packages yet, the installation itself will tell.
 */
export async function conflicts(
  { run, os, options }: Scene,
  findings: readonly Finding[],
): Promise<Finding | null> {
  const packages = wantedPackages(findings);
  if (os.installer !== 'apt' || packages.length === 0) return null;
  const asked = await run(simulation(packages));
  if (!started(asked)) return null;
  const inTheWay = [...asked.stdout.matchAll(/^Remv (\S+)/gm)].map(([, name]) => name ?? '').sort();
  if (inTheWay.length === 0) return null;
  const virtualBox = inTheWay.every((name) => name.startsWith('virtualbox'));
  return {
    id: conflictId,
    title: 'Packages in the way',
    status: 'missing',
    found: `to install what is missing, apt would have to remove ${listed(inTheWay)}`,
    needed: 'room for them: halab removes no package of yours',
    fix: virtualBox
      ? options.provider === 'virtualbox'
        ? {
            explain: `The Vagrant of ${os.name} excludes this VirtualBox; HashiCorp's own goes with it.`,
            packages: [],
            commands: newerVagrantFix(os).commands,
          }
        : {
            explain:
              'If you can do without VirtualBox, remove it yourself. Otherwise keep it, and run the machines in it.',
            packages: [],
            commands: [
              `sudo apt-get remove ${inTheWay.join(' ')}`,
              'halab doctor --provider virtualbox',
            ],
          }
      : {
          explain: 'If you can do without them, remove them yourself, and then: halab doctor --fix',
          packages: [],
          commands: [`sudo apt-get remove ${inTheWay.join(' ')}`],
        },
  };
}

/** By this id the plan knows that installing would fail. */
export const conflictId = 'package-conflict';

/** Packages that would mend what blocks; sorted, each once. */
export const wantedPackages = (findings: readonly Finding[]): string[] =>
  [
    ...new Set(
      findings
        .filter(({ status }) => status === 'missing' || status === 'too-old')
        .flatMap(({ fix }) => fix?.packages ?? []),
    ),
  ].sort();

const simulation = (packages: readonly string[]): string[] => [
  'apt-get',
  '--simulate',
  '--quiet',
  '--no-install-recommends',
  'install',
  ...packages,
];
