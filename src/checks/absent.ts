import { isAgent } from './agents.ts';
import { clusterView, failed, listed, passed, type Scene } from './select.ts';
import { describeSelector, matching, type Selector } from './selector.ts';
import type { Verdict } from './verdict.ts';

/** The cluster has no such resource, neither in its configuration nor left running. */
export function judgeAbsent(selector: Selector, scene: Scene): Verdict {
  const expectation = `The cluster has no resource like ${describeSelector(selector)}`;
  const view = clusterView(scene);
  if (typeof view === 'string') return failed(expectation, view);
  const found = matching(view, selector).map(({ id }) => id);
  if (found.length > 0)
    return failed(expectation, `${listed(found)} is still in the configuration.`);
  const orphan = view.status.resources.find(
    ({ agent, orphaned }) => orphaned && isAgent(agent, selector.agent),
  );
  if (orphan !== undefined) {
    return failed(
      expectation,
      `${orphan.id} is out of the configuration, but an orphan of it is left on ${listed(orphan.nodes)}.`,
    );
  }
  return passed(expectation, 'It has none.');
}
