import { describe, expect, it } from 'vitest';
import { judge } from '../../src/checks/index.ts';
import { wrongTurns } from '../../src/checks/wrong-turns.ts';
import { collect, type RawObservation } from '../../src/cluster/collect.ts';
import { readSections } from '../../src/cluster/probe.ts';
import { readObservation } from '../../src/cluster/read.ts';
import { dcIn, isSettled, settlingReason } from '../../src/cluster/settling.ts';
import type { Shell } from '../../src/lab/machine.ts';
import { checksOfCourse } from '../fixtures/course.ts';
import { machines, recordedNames, recordedRaw, recordedState } from '../fixtures/load.ts';

/** What crmadmin prints for a controller. */
const controller = (name: string, state: string): string =>
  `<pacemaker-result api-version="2.38" request="crmadmin --output-as=xml --status ${name} --timeout=2s"><crmd node_name="${name}" state="${state}" result="ok"/><status code="0" message="OK"/></pacemaker-result>`;

/** Sections that a node leaves out that only follows the DC. */
const ofTheDc = ['crm_mon', 'dc', 'cib'];

/** A recorded answer as the probe gives it on a node that follows. */
function asFollower(raw: RawObservation, name: string, state = 'S_NOT_DC'): RawObservation {
  const answer = raw.answers[name];
  if (!answer?.reached) throw new Error(`${name} was not reached`);
  const sections = [...readSections(answer.output, raw.token)].flatMap(([section, content]) => {
    if (section === 'crm_mon')
      return [['controller', { text: controller(name, state), exitCode: 0 }] as const];
    return ofTheDc.includes(section) ? [] : [[section, content] as const];
  });
  const output = sections
    .map(
      ([section, { text, exitCode }]) => `${text}\n@@halab-${raw.token} ${section} ${exitCode}\n`,
    )
    .join('');
  return { ...raw, answers: { ...raw.answers, [name]: { ...answer, output } } };
}

/** Recorded states of a cluster at rest with two online nodes. */
const whole = recordedNames().filter((name) => {
  const state = recordedState(name);
  const dc = dcIn(state);
  const seen = dc === null ? undefined : state.machines[dc];
  return (
    isSettled(state) &&
    seen?.reachable === true &&
    seen.pacemaker?.nodes.filter(({ online }) => online).length === 2
  );
});

/** Who was the DC in a recorded state, and which node was not. */
function rolesIn(name: string): { dc: string; follower: string } {
  const dc = dcIn(recordedState(name));
  if (dc === null) throw new Error(`${name} has no DC`);
  return { dc, follower: dc === 'node1' ? 'node2' : 'node1' };
}

describe('a node that follows the DC and is not asked for its view', () => {
  it.each(whole)('has that of the DC, and everything is judged as before, as in %s', (name) => {
    const asked = recordedState(name);
    const roles = rolesIn(name);
    const { follower } = roles;
    const unasked = readObservation(asFollower(recordedRaw(name), follower));
    const [seen, dc] = [unasked.machines[follower], unasked.machines[roles.dc]];
    if (!seen?.reachable || !dc?.reachable) throw new Error('both answer');
    expect(seen.pacemaker).toEqual(dc.pacemaker);
    expect(seen.cib).toEqual(dc.cib);
    expect(seen.problems).toEqual([]);
    expect(settlingReason(unasked)).toBe(settlingReason(asked));
    expect(dcIn(unasked)).toBe(dcIn(asked));
    expect(wrongTurns({ state: unasked, machines })).toEqual(
      wrongTurns({ state: asked, machines }),
    );
    for (const check of checksOfCourse) {
      expect(judge(check, unasked, machines)).toEqual(judge(check, asked, machines));
    }
  });

  it('is tried on many states', () => expect(whole.length).toBeGreaterThan(20));

  it.each<[string, (raw: RawObservation, dc: string) => RawObservation]>([
    [
      'cannot be reached',
      (raw, dc) => ({
        ...raw,
        answers: { ...raw.answers, [dc]: { reached: false, reason: 'it does not answer' } },
      }),
    ],
    ['is no DC any more', (raw, dc) => asFollower(raw, dc)],
    [
      'has it offline',
      (raw, dc) => {
        const answer = raw.answers[dc];
        if (!answer?.reached) throw new Error('it answers');
        const output = answer.output.replaceAll(
          /(<node name="[^>]*) online="true"/g,
          '$1 online="false"',
        );
        expect(output).not.toBe(answer.output);
        return { ...raw, answers: { ...raw.answers, [dc]: { ...answer, output } } };
      },
    ],
  ])('lacks a view when the node that was the DC %s, and no rest is seen', (_, change) => {
    const { dc, follower } = rolesIn('vip-started');
    const state = readObservation(asFollower(change(recordedRaw('vip-started'), dc), follower));
    expect(state.machines[follower]).toMatchObject({ pacemaker: null, cib: null });
    expect(settlingReason(state)).toContain('does not answer yet');
    // The next look asks every node.
    expect(dcIn(state)).toBeNull();
  });

  it('is asked when its controller says anything else', () => {
    const { dc, follower } = rolesIn('vip-started');
    const state = readObservation(asFollower(recordedRaw('vip-started'), follower, 'S_PENDING'));
    expect(state.machines[follower]).toMatchObject({ pacemaker: null });
    expect(state.machines[dc]).toMatchObject({ pacemaker: { dc } });
  });
});

describe('who is asked whether it follows', () => {
  const scripts = async (dc: string | null): Promise<Record<string, string>> => {
    const asked: Record<string, string> = {};
    const shell: Shell = {
      async runAsRoot(machine, script) {
        asked[machine] = script;
        return { reached: false, exitCode: null, stdout: '', stderr: '', milliseconds: 1 };
      },
    };
    await collect(shell, machines, { dc });
    return asked;
  };
  const follows = (script = ''): boolean => /^observe .* 'follower' /m.test(script);

  it('is every machine but the DC', async () => {
    const asked = await scripts('node2');
    expect([follows(asked.node1), follows(asked.node2)]).toEqual([true, false]);
  });

  it('is none while no DC is known', async () => {
    expect(Object.values(await scripts(null)).some(follows)).toBe(false);
  });
});
