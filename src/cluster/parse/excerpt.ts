/** The start of a text that could not be read, for an error message. */
export function excerpt(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  if (line === '') return 'it said nothing';
  return line.length > 120 ? `"${line.slice(0, 120)} ..."` : `"${line}"`;
}
