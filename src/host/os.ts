/** What installs packages on a system. */
export type Installer = 'apt' | 'dnf' | 'rpm-ostree' | 'zypper' | 'pacman';

/** The operating system of this computer, as far as fixes differ by it. */
export interface Os {
  /** Whose packages it has. rhel: Red Hat's and what is rebuilt from it; other: a Linux that halab does not know. */
  readonly family:
    | 'debian'
    | 'ubuntu'
    | 'fedora'
    | 'rhel'
    | 'suse'
    | 'arch'
    | 'macos'
    | 'windows'
    | 'other';
  /**
   * The version of the release whose packages it has: 12, 24.04; for a derivative that of what it
   * derives from. null when there is none: a rolling release, Debian testing and unstable, or a
   * derivative of a release that halab does not know.
   */
  readonly version: number | null;
  /** "Debian GNU/Linux 12 (bookworm)". */
  readonly name: string;
  /** For a derivative, the release whose packages it has: "Ubuntu 24.04"; null for the distribution itself. */
  readonly base: string | null;
  /** null where halab does not know how to install. */
  readonly installer: Installer | null;
}

/** Releases by their code names, as far back as somebody may still have them. */
const debianReleases: Readonly<Record<string, number>> = {
  bullseye: 11,
  bookworm: 12,
  trixie: 13,
  forky: 14,
};
const ubuntuReleases: Readonly<Record<string, number>> = {
  focal: 20.04,
  jammy: 22.04,
  noble: 24.04,
  oracular: 24.1,
  plucky: 25.04,
  questing: 25.1,
  resolute: 26.04,
};

/** Fedora's editions that are an image as a whole, which dnf cannot change: os-release names the edition only. */
const fedoraImages = ['silverblue', 'kinoite', 'sericea', 'onyx', 'budgie-atomic', 'iot', 'coreos'];

type Values = ReadonlyMap<string, string>;

/** The operating system from Node's `process.platform` and the text of /etc/os-release (os-release(5)). */
export function readOs(platform: string, osRelease: string): Os {
  const rest = { version: null, base: null, installer: null };
  if (platform === 'darwin') return { ...rest, family: 'macos', name: 'macOS' };
  if (platform === 'win32') return { ...rest, family: 'windows', name: 'Windows' };
  const values = parse(osRelease);
  const name = values.get('PRETTY_NAME') || values.get('NAME') || platform;
  return { ...rest, name, ...(familyOf(values) ?? { family: 'other' }) };
}

function parse(osRelease: string): Values {
  const values = new Map<string, string>();
  for (const line of osRelease.split('\n')) {
    const match = /^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(.*))$/.exec(line.trim());
    if (match !== null) values.set(match[1] ?? '', match[2] ?? match[3] ?? match[4] ?? '');
  }
  return values;
}

function familyOf(values: Values): Omit<Os, 'name'> | null {
  const id = values.get('ID') ?? '';
  const like = [id, ...(values.get('ID_LIKE') ?? '').split(' ')];
  const own = numberOf(values.get('VERSION_ID'));
  // Fedora's kin say by this of which of the two they are: "platform:f42", "platform:el10". Their
  // ID_LIKE does not: Nobara, made from Fedora, says "rhel centos fedora".
  const [, kind, platformVersion] = /^platform:(f|el)(\d+)$/.exec(
    values.get('PLATFORM_ID') ?? '',
  ) ?? [null, '', ''];

  if (like.includes('ubuntu')) return derived('ubuntu', 'Ubuntu', ubuntuReleases, id, own, values);
  if (like.includes('debian')) return derived('debian', 'Debian', debianReleases, id, own, values);
  // Amazon's Linux names Fedora and has a set of packages of its own, without QEMU.
  if (id === 'amzn') return null;
  if (kind === 'el' || (kind !== 'f' && like.includes('rhel'))) {
    return { family: 'rhel', version: own, base: null, installer: 'dnf' };
  }
  if (kind === 'f' || like.includes('fedora')) {
    const version = numberOf(platformVersion) ?? own;
    return {
      family: 'fedora',
      version,
      base: id === 'fedora' ? null : `Fedora ${version ?? ''}`.trim(),
      installer: fedoraImages.includes(values.get('VARIANT_ID') ?? '') ? 'rpm-ostree' : 'dnf',
    };
  }
  // Only openSUSE: SUSE's enterprise systems have neither Vagrant nor QEMU's emulation in their own repositories.
  if (id.startsWith('opensuse')) {
    // Tumbleweed's version is the day of its snapshot.
    const rolling = own === null || own > 1000;
    return { family: 'suse', version: rolling ? null : own, base: null, installer: 'zypper' };
  }
  if (like.includes('arch')) {
    return {
      family: 'arch',
      version: null,
      base: id === 'arch' ? null : 'Arch Linux',
      installer: 'pacman',
    };
  }
  return null;
}

/** Debian, Ubuntu, or one of the many made from them, which count versions of their own. */
function derived(
  family: 'debian' | 'ubuntu',
  called: string,
  releases: Readonly<Record<string, number>>,
  id: string,
  own: number | null,
  values: Values,
): Omit<Os, 'name'> {
  if (id === family) return { family, version: own, base: null, installer: 'apt' };
  const codename =
    values.get(`${family.toUpperCase()}_CODENAME`) || values.get('VERSION_CODENAME') || '';
  const version = releases[codename] ?? null;
  const release =
    version === null ? called : `${called} ${family === 'ubuntu' ? version.toFixed(2) : version}`;
  return { family, version, base: release, installer: 'apt' };
}

function numberOf(text: string | undefined): number | null {
  const value = Number.parseFloat(text ?? '');
  return Number.isNaN(value) ? null : value;
}
