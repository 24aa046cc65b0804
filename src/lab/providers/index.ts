import type { Runner } from '../../run.ts';
import { logged } from '../command-log.ts';
import type { Lab, ProviderName } from '../lab.ts';
import type { Provider } from './provider.ts';
import { rootlessProvider } from './rootless/provider.ts';
import { vagrantOnlyProvider } from './vagrant-only.ts';

const providers = {
  rootless: rootlessProvider,
  libvirt: vagrantOnlyProvider,
  virtualbox: vagrantOnlyProvider,
} as const satisfies Record<ProviderName, (lab: Lab, run: Runner) => Provider>;

/** The provider of a lab; what it runs is noted in the lab's log of commands. */
export const providerOf = (lab: Lab, run: Runner): Provider =>
  providers[lab.record.provider](lab, logged(lab, run));
