/** A role by today's name: Pacemaker before 2.1.0 said Master and Slave. */
export function role(text: string): string {
  if (text === 'Master') return 'Promoted';
  return text === 'Slave' ? 'Unpromoted' : text;
}
