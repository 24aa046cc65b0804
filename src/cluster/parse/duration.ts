/** Seconds that Pacemaker gives an operation for which no timeout is set, or one that is none (PCMK_DEFAULT_ACTION_TIMEOUT_MS). */
export const usualTimeout = 20;

/** Milliseconds in each unit, by its first letters, in the order in which Pacemaker tries them. */
const units: readonly [first: RegExp, milliseconds: number][] = [
  [/^(s|$)/i, 1000],
  [/^ms/i, 1],
  [/^us/i, 0.001],
  [/^m/i, 60_000],
  [/^h/i, 3_600_000],
];

/**
 * A time as Pacemaker reads a timeout, in seconds: "20", "20s", "1min". It takes a unit by its first letters and passes over
 * decimals (3.0.0: lib/common/strings.c, crm_get_msec). null when it is none.
 */
export function plainSeconds(text: string): number | null {
  const found = /^\s*\+?(\d+)[\d.]*\s*(.*)$/s.exec(text);
  if (found === null) return null;
  const unit = units.find(([first]) => first.test(found[2] ?? ''))?.[1];
  return unit === undefined ? null : Math.floor(Number(found[1]) * unit) / 1000;
}

/**
 * A time as Pacemaker reads an interval, in seconds: as above, or in ISO 8601, "PT1M30S" (pcmk_parse_interval_spec).
 * null when it is none.
 */
export function seconds(text: string): number | null {
  if (!text.startsWith('P')) return plainSeconds(text);
  // Without years and months: their length is not fixed.
  const iso = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text.trim());
  if (iso === null || text.trim().length < 3) return null;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, rest = 0] = iso
    .slice(1)
    .map((part) => Number(part ?? 0));
  return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + rest;
}
