const names: Readonly<Record<string, string>> = {
  master: 'Promoted',
  promoted: 'Promoted',
  slave: 'Unpromoted',
  unpromoted: 'Unpromoted',
  started: 'Started',
  stopped: 'Stopped',
};

/** A role by today's name, in whatever letters: Pacemaker before 2.1.0 said Master and Slave (lib/common/roles.c, pcmk_parse_role). */
export const role = (text: string): string => names[text.toLowerCase()] ?? text;
