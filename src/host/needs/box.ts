import { join } from 'node:path';
import { buildFolder } from '../../build-place.ts';
import { pasteable } from '../../local-runner.ts';
import { vagrantFolder } from '../../paths.ts';
import { idsNeeded } from '../computer.ts';
import { installFix, listed } from '../fix-of.ts';
import type { Part } from '../packages.ts';
import { type Check, type ExamineOptions, firstLine, started } from '../scene.ts';

export const boxTools: Check = async ({ run, os, computer }) => {
  const tools: readonly (readonly [Part, readonly string[]])[] = [
    ['mmdebstrap', ['mmdebstrap', '--version']],
    ['mke2fs', ['mke2fs', '-V']],
    ['apt', ['apt-get', '--version']],
  ];
  const asked = await Promise.all(
    tools.map(async ([part, command]) => ({ part, there: started(await run(command)) })),
  );
  const lacks: Part[] = asked.filter(({ there }) => !there).map(({ part }) => part);
  if (!computer.debianKeyring) lacks.push('debian-keyring');
  const called = lacks.map((part) =>
    part === 'debian-keyring' ? "the keys of Debian's archive" : part,
  );
  return {
    id: 'box-tools',
    title: 'Tools that build the box',
    status: lacks.length === 0 ? 'ok' : 'missing',
    found:
      lacks.length === 0
        ? "mmdebstrap, mke2fs, apt and the keys of Debian's archive"
        : `no ${listed(called)}`,
    needed: "mmdebstrap, mke2fs, apt and the keys of Debian's archive, since there is no box yet",
    fix: lacks.length === 0 ? null : installFix(lacks, os),
  };
};

/** What builds the box as root, where the user's own build cannot work. */
function buildAsRoot({ dataDir }: ExamineOptions): string {
  const script = pasteable([join(vagrantFolder, 'box', 'build.sh')]);
  const boxes = pasteable([join(dataDir, 'boxes')]);
  // The folder is made by the user: below one of root's no lab could be made.
  return `box=${boxes}/$(bash ${script} --print-hash) && mkdir -p "$box" && sudo bash ${script} --output "$box"`;
}

const otherwise = ({ dataDir }: ExamineOptions): string =>
  `The box can also be built as root, by the last command, or copied from another computer: what its halab has in boxes, into ${join(dataDir, 'boxes')}.`;

/** mmdebstrap needs a range of user ids for the box's users when an ordinary user runs it. */
export const boxUser: Check = async ({ run, os, computer, options }) => {
  const [mapper, build] = await Promise.all([
    run(['newuidmap']),
    // The very thing that the build will do: user namespace, ranges, and what AppArmor thinks of it.
    run(['mmdebstrap', '--unshare-helper', 'true']),
  ]);
  const rest = {
    id: 'subordinate-ids',
    title: 'User ids for the box',
    needed: `newuidmap, ${idsNeeded} ids in /etc/subuid and /etc/subgid, and user namespaces`,
  };
  if (!started(mapper))
    return { ...rest, status: 'missing', found: 'no newuidmap', fix: installFix(['uidmap'], os) };
  const { user, freeIds } = computer;
  if (!computer.subordinateIds) {
    const range = `${freeIds}-${freeIds + idsNeeded - 1}`;
    return {
      ...rest,
      status: 'missing',
      found: `no range of ${idsNeeded} ids for ${user} in /etc/subuid and /etc/subgid`,
      fix: {
        explain: `Give yourself a range of ids that nobody on this computer has. ${otherwise(options)}`,
        packages: [],
        commands: [
          // usermod(8) knows the users of /etc/passwd alone.
          computer.isLocalUser
            ? `sudo usermod --add-subuids ${range} --add-subgids ${range} ${user}`
            : `echo ${pasteable([`${user}:${freeIds}:${idsNeeded}`])} | sudo tee -a /etc/subuid /etc/subgid`,
          buildAsRoot(options),
        ],
      },
    };
  }
  if (started(build) && build.exitCode !== 0) {
    const settings = computer.namespaceSettings;
    return {
      ...rest,
      status: 'missing',
      found: `the build may not become its users: ${firstLine(build)}`,
      fix: {
        explain: `${settings.length === 0 ? 'Build the box as root.' : 'Have user namespaces allowed.'} ${otherwise(options)}`,
        packages: [],
        commands: [...settings.map((setting) => `sudo sysctl ${setting}`), buildAsRoot(options)],
      },
    };
  }
  return { ...rest, status: 'ok', found: `${user} has subordinate ids`, fix: null };
};

/** A HOME that is closed to others is fine: the box is built elsewhere. */
export const boxFolder: Check = ({ computer }) => {
  const place = computer.buildPlaces.find(({ wrong }) => wrong === null);
  const rest = {
    id: 'box-folder',
    title: 'Place to build the box in',
    needed: 'a folder with 4096 MiB free in which programs may be run and which others may walk to',
  };
  if (place === undefined) {
    return {
      ...rest,
      status: 'missing',
      found: computer.buildPlaces.map(({ folder, wrong }) => `${folder}: ${wrong}`).join('; '),
      fix: {
        explain: 'Mend one of these, or name another folder in TMPDIR, on a disk of this computer.',
        packages: [],
        commands: ['TMPDIR=FOLDER halab box build'],
      },
    };
  }
  if (place.isTaken) {
    return {
      ...rest,
      status: 'missing',
      found: `${buildFolder(place)} is not a folder of yours: somebody else may have made it first`,
      fix: {
        explain: 'Have it removed; nothing of it is used.',
        packages: [],
        commands: [`sudo rm -r ${pasteable([buildFolder(place)])}`],
      },
    };
  }
  return { ...rest, status: 'ok', found: place.folder, fix: null };
};
