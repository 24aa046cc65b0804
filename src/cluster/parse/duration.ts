/** Seconds in each unit that Pacemaker knows for durations (crm_mon(8), "Time Specification"). */
const unitSeconds: Readonly<Record<string, number>> = {
  us: 1e-6,
  usec: 1e-6,
  ms: 1e-3,
  msec: 1e-3,
  '': 1,
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
  h: 3600,
  hr: 3600,
};

/**
 * A duration as Pacemaker reads it, in seconds: "20", "20s", "1min", "PT1M30S".
 * null when it is no duration.
 */
export function seconds(text: string): number | null {
  const simple = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  if (simple !== null) {
    const unit = unitSeconds[(simple[2] ?? '').toLowerCase()];
    return unit === undefined ? null : Number(simple[1]) * unit;
  }
  // ISO 8601, without years and months: their length is not fixed.
  const iso = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text.trim());
  if (iso === null || text.trim().length < 3) return null;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, rest = 0] = iso
    .slice(1)
    .map((part) => Number(part ?? 0));
  return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + rest;
}
