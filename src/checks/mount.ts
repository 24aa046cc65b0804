import * as z from 'zod';
import type { Question } from '../cluster/collect.ts';
import type { Mount, ReachableMachine } from '../cluster/state.ts';
import type { Machine } from '../lab/machine.ts';
import { namesIn, plainSource } from './names.ts';
import { machineNames } from './places.ts';
import {
  activeNodes,
  clusterView,
  failed,
  instancesOf,
  listed,
  namesOf,
  nodeNames,
  passed,
  reach,
  reachable,
  type Scene,
  searchedFor,
} from './select.ts';
import { matching } from './selector.ts';
import type { Verdict } from './verdict.ts';

export const mountSchema = z
  .strictObject({
    target: z.string().startsWith('/'),
    source: z.string().optional(),
    type: z.string().optional(),
    options: z.array(z.string()).optional(),
    on: z.union([
      z.enum([...machineNames, 'nodes', 'all', 'one-node', 'nowhere']),
      z.array(z.enum(machineNames)).min(1),
    ]),
    managed: z.literal(true).optional(),
  })
  .refine(
    ({ managed, on }) => managed === undefined || on !== 'nowhere',
    'what is mounted nowhere is not managed',
  );

type Expected = z.infer<typeof mountSchema>;

/** Files of another machine, for which one waits when that is gone. */
const isRemote = (type: string): boolean => /^nfs/.test(type);

/**
 * What asks a server whether it is still there, where a directory of one is mounted: statfs(2) is answered by no cache. Where
 * none is mounted it starts no program.
 */
const askServer = (target: string): string => {
  const shown = target.replaceAll(
    /[ \t\n\\]/g,
    (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  return `while read -r _ at type _; do [[ $at == ${quoted(shown)} && $type == nfs* ]] && exec stat --file-system --format=%T -- ${quoted(target)}; done < /proc/self/mounts; true`;
};

/** What must be asked where files of another machine may be mounted: whether that machine answers. */
export function questionOfMount(
  { target, source, type, on }: Expected,
  machines: readonly Machine[],
): Question[] {
  const local =
    (type !== undefined && !isRemote(type)) || (source !== undefined && !source.includes(':'));
  return on === 'nowhere' || local
    ? []
    : [{ run: askServer(target), on: searchedFor(on, machines) }];
}

/** Why what is mounted cannot be read, to go on after its name; null when it can, or nobody asked. */
function unread(
  { type, source }: Mount,
  target: string,
  { answers, problems }: ReachableMachine,
): string | null {
  if (!isRemote(type)) return null;
  const answer = answers[askServer(target)];
  const cut = problems.find(({ part }) => part === 'probe');
  if (answer === undefined && cut !== undefined)
    return `is mounted from ${source}; whether that can be read is not known, for ${cut.message}`;
  if (answer === undefined || answer.exitCode === 0) return null;
  const is = `is mounted from ${source}, but`;
  const server = source.replace(/:.*$/, '');
  return answer.exitCode === null
    ? `${is} ${server} does not answer: whoever reads there waits. Is ${server} switched on, and its NFS server running? See: halab status`
    : `${is} cannot be read: ${answer.output.trim().replaceAll(/\s*\n\s*/g, ' | ') || `exit code ${answer.exitCode}`}`;
}

/** Where a directory is mounted, from what, whether it can be read, and whether the cluster did it. */
export function judgeMount(expected: Expected, scene: Scene): Verdict {
  const { state, machines } = scene;
  const { target, on } = expected;
  const expectation = expectationOf(expected, scene);
  const mounted = reachable(state)
    .filter(({ mounts }) => mountAt(mounts, target) !== undefined)
    .map(({ name }) => name);
  const shown =
    mounted.length === 0
      ? `${target} is mounted nowhere.`
      : `${target} is mounted on ${listed(mounted)}.`;
  if (on === 'nowhere')
    return mounted.length === 0 ? passed(expectation, shown) : failed(expectation, shown);
  const nodes = nodeNames(machines);
  const wanted =
    on === 'one-node' ? mounted.filter((name) => nodes.includes(name)) : namesOf(on, machines);
  if (on === 'one-node' && wanted.length !== 1) {
    const answering = nodes
      .map((name) => reach(state, name))
      .find((machine) => typeof machine === 'string');
    return failed(
      expectation,
      wanted.length === 0 && answering !== undefined ? `${shown} ${answering}` : shown,
    );
  }
  for (const name of wanted) {
    const machine = reach(state, name);
    if (typeof machine === 'string') return failed(expectation, machine);
    const mount = mountAt(machine.mounts, target);
    if (mount === undefined) return failed(expectation, `${target} is not mounted on ${name}.`);
    const wrong = otherwise(mount, expected, scene);
    if (wrong !== null) return failed(expectation, `On ${name} ${target} is ${wrong}.`);
    const silent = unread(mount, target, machine);
    if (silent !== null) return failed(expectation, `On ${name} ${target} ${silent}.`);
    const unmanaged = expected.managed === true ? whyUnmanaged(target, name, scene) : null;
    if (unmanaged !== null) return failed(expectation, unmanaged);
  }
  return passed(
    expectation,
    `${target} is mounted on ${listed(wanted)}${expected.managed === true ? ', by the cluster' : ''}.`,
  );
}

function expectationOf(
  { target, source, type, options, on, managed }: Expected,
  { machines }: Scene,
): string {
  const where =
    on === 'nowhere'
      ? 'nowhere'
      : on === 'one-node'
        ? 'on exactly one node'
        : `on ${listed(namesOf(on, machines))}`;
  const from = source === undefined ? '' : ` from ${source}`;
  const as = type === undefined ? '' : ` (${type})`;
  const having = options === undefined ? '' : ` with ${listed(options)}`;
  return `${target} is mounted ${where}${from}${as}${having}${managed === true ? ', by the cluster' : ''}`;
}

/** What is to be seen at a directory: the last of the mounts on it. */
const mountAt = (mounts: readonly Mount[], target: string): Mount | undefined =>
  mounts.findLast((mount) => mount.target === target);

function otherwise(mount: Mount, { source, type, options }: Expected, scene: Scene): string | null {
  const names = namesIn(scene);
  if (source !== undefined && plainSource(mount.source, names) !== plainSource(source, names)) {
    return `mounted from ${mount.source}, not from ${source}`;
  }
  // The kernel tells the version of NFS in the type.
  if (type !== undefined && mount.type !== type && !(type === 'nfs' && mount.type === 'nfs4')) {
    return `a mount of type ${mount.type}, not ${type}`;
  }
  const lacking = (options ?? []).filter((option) => !mount.options.includes(option));
  return lacking.length === 0
    ? null
    : `mounted without ${listed(lacking)} (its options: ${mount.options.join(',')})`;
}

function whyUnmanaged(target: string, node: string, scene: Scene): string | null {
  const view = clusterView(scene);
  if (typeof view === 'string') return view;
  const selector = { agent: 'ocf:heartbeat:Filesystem', with: { directory: target } };
  const found = matching(view, selector);
  const byHand = `${target} is mounted on ${node}, but no cluster resource did it: it would not follow a failover.`;
  const here = found.find(({ id }) => activeNodes(view.status, id).includes(node));
  if (here === undefined) return byHand;
  const left = instancesOf(view.status, here.id).some(({ managed }) => !managed);
  return left ? `${here.id} mounted ${target}, but is unmanaged.` : null;
}
