import { installFix, listed } from '../fix-of.ts';
import type { Part } from '../packages.ts';
import { type Check, firstLine, started } from '../scene.ts';

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

/** mmdebstrap needs a range of user ids for the box's users when an ordinary user runs it. */
export const boxUser: Check = async ({ run, os, computer }) => {
  const [mapper, namespace] = await Promise.all([
    run(['newuidmap']),
    run(['unshare', '--user', 'true']),
  ]);
  const rest = {
    id: 'subordinate-ids',
    title: 'User ids for the box',
    needed: 'newuidmap, a range in /etc/subuid and /etc/subgid, and user namespaces',
  };
  if (!started(mapper))
    return { ...rest, status: 'missing', found: 'no newuidmap', fix: installFix(['uidmap'], os) };
  if (!computer.subordinateIds) {
    return {
      ...rest,
      status: 'missing',
      found: `no range for ${computer.user} in /etc/subuid and /etc/subgid`,
      fix: {
        explain:
          'Give yourself ranges of ids. Choose others when the files show that somebody has these.',
        packages: [],
        commands: [
          `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${computer.user}`,
        ],
      },
    };
  }
  if (namespace.exitCode !== 0) {
    return {
      ...rest,
      status: 'missing',
      found: `no user namespace: ${firstLine(namespace)}`,
      fix: {
        explain: 'Have user namespaces allowed, or build the box as root.',
        packages: [],
        commands: ['sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'],
      },
    };
  }
  return { ...rest, status: 'ok', found: `${computer.user} has subordinate ids`, fix: null };
};

/** The box's users are not you, and must be able to walk to the folder in which the box is built. */
export const boxFolder: Check = ({ options, computer }) => {
  const closed = computer.closedFolder;
  return {
    id: 'box-folder',
    title: 'Way to the data folder',
    status: closed === null ? 'ok' : 'missing',
    needed: `others may walk through to ${options.dataDir}, for the build of the box`,
    found: closed === null ? `${options.dataDir} can be reached` : `${closed} is closed to others`,
    fix:
      closed === null
        ? null
        : {
            explain:
              'Let others walk through (they still cannot list or read), or set HALAB_HOME to a folder elsewhere.',
            packages: [],
            commands: [`chmod o+x ${closed}`],
          },
  };
};
