/**
 * The environment of every program whose output halab reads: a German virsh says "laufend" for
 * "running". Programs that talk to the user themselves (sudo, the ssh of `halab shell`) keep the
 * user's language.
 *
 * UTF-8 all the same: in plain C, Ruby takes file names for ASCII, and `vagrant up` fails in a home
 * with other letters. Linux has C.UTF-8 from glibc 2.35 on and, on most distributions, long before; where
 * it has not, setlocale(3) fails and the program stays in plain C. macOS has no C.UTF-8.
 */
export const readLocale: Readonly<Record<string, string | undefined>> = {
  LC_ALL: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8',
  // gettext follows it even in C.UTF-8; only plain C stops it. undefined: not in the environment at all.
  LANGUAGE: undefined,
};
