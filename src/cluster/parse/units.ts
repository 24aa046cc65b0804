import type { Unit } from '../state.ts';

/**
 * Reads the units that systemd has in memory (`systemctl list-units --all --plain --no-legend`)
 * and, for all that were asked about, a line "UNIT WORD" with the word of systemctl(1)
 * is-enabled, or no word when there is no unit file. A unit that systemd does not have in memory
 * is inactive.
 */
export function parseUnits(loadedText: string, enabledText: string): Record<string, Unit> {
  const loaded = new Map(
    loadedText.split('\n').flatMap((line) => {
      // Failed units may carry a mark at the line's start.
      const [name = '', load, active, sub] = line.replace(/^[^\w@-]+/, '').split(/\s+/);
      if (load === undefined || active === undefined || sub === undefined) return [];
      return [[name, { load, active, sub }] as const];
    }),
  );
  const asked = enabledText.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    asked.map((line) => {
      const [name = '', enabled = ''] = line.split(' ');
      const state = loaded.get(name) ?? {
        load: loadStateOf(enabled),
        active: 'inactive',
        sub: 'dead',
      };
      return [name, { ...state, enabled }];
    }),
  );
}

function loadStateOf(enabled: string): string {
  if (enabled === '') return 'not-found';
  return enabled.startsWith('masked') ? 'masked' : 'loaded';
}
