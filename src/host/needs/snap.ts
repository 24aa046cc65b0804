import type { Check } from '../scene.ts';

/**
 * A snap, such as Visual Studio Code's, sets XDG_DATA_HOME for all that its terminals start: labs
 * made there are not seen from another terminal, and go with the snap.
 */
export const snap: Check = ({ options }) => {
  if (!/\/snap\//.test(options.dataDir)) return null;
  return {
    id: 'data-folder',
    title: 'Data folder',
    status: 'warning',
    found: `the labs of this terminal are in ${options.dataDir}, a snap's own folder`,
    needed: 'one folder for all terminals, or a lab made in another terminal seems to be gone',
    fix: {
      explain: 'Name the usual folder, in ~/.profile for good.',
      packages: [],
      commands: ['export HALAB_HOME="$HOME/.local/share/halab"'],
    },
  };
};
