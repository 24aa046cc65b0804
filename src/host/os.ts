/** The operating system of this computer, as far as fixes differ by it. */
export interface Os {
  /** other: a Linux whose package manager halab does not know. */
  readonly family: 'debian' | 'ubuntu' | 'fedora' | 'macos' | 'windows' | 'other';
  /** Its version: 12, 24.04; null when it names none (Debian testing and unstable). */
  readonly version: number | null;
  /** "Debian GNU/Linux 12 (bookworm)". */
  readonly name: string;
}

/** The operating system from Node's `process.platform` and the text of /etc/os-release (os-release(5)). */
export function readOs(platform: string, osRelease: string): Os {
  if (platform === 'darwin') return { family: 'macos', version: null, name: 'macOS' };
  if (platform === 'win32') return { family: 'windows', version: null, name: 'Windows' };
  const values = new Map<string, string>();
  for (const line of osRelease.split('\n')) {
    const match = /^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(.*))$/.exec(line.trim());
    if (match !== null) values.set(match[1] ?? '', match[2] ?? match[3] ?? match[4] ?? '');
  }
  const like = [values.get('ID') ?? '', ...(values.get('ID_LIKE') ?? '').split(' ')];
  const version = Number.parseFloat(values.get('VERSION_ID') ?? '');
  const family =
    (['ubuntu', 'debian', 'fedora'] as const).find((known) => like.includes(known)) ?? 'other';
  return {
    family,
    // A derivative counts its own versions, which say nothing about what it derives from.
    version: Number.isNaN(version) || values.get('ID') !== family ? null : version,
    name: values.get('PRETTY_NAME') ?? values.get('NAME') ?? platform,
  };
}
