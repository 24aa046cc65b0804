/** Commands of halab's that are about one lab: typed without its name, they would be about the lab "default". */
const aboutOneLab = [
  'up',
  'down',
  'destroy(?! --all)',
  'status',
  'lessons',
  'learn',
  'check',
  'hint',
  'solution',
  'shell',
  'drill',
  'fault',
  'reset',
  'checkpoint',
  'report',
].join('|');

/** "halab up", "halab --yes reset"; and "halab" alone where a command is told ("Start: halab"). */
const command = new RegExp(
  `\\bhalab(?= (?:--yes )?(?:${aboutOneLab})\\b)|(?<=: )halab(?=[.,;]?(?:$|\\n))(?!\\s*--lab)`,
  'g',
);

/** The text with the lab's name in every command of halab's that would else be about the lab "default". */
export const labInCommands = (text: string, lab: string): string =>
  lab === 'default' ? text : text.replace(command, `halab --lab ${lab}`);

let lab = 'default';

/** Says once, at the start, which lab this run of halab is about. One that cannot be a name is refused later on. */
export function nameLab(name: string): void {
  if (/^[a-z][a-z0-9-]*$/.test(name)) lab = name;
}

/** The text as a person is to read it: its commands can be typed as they stand. */
export const typeable = (text: string): string => labInCommands(text, lab);
