// The program of a lab's switch: `node switch-program.js PIDFILE SOCKET ...`. It lives as long as the lab, whatever
// becomes of the halab that started it; `kill` ends it.

import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { markOf, markWord } from '../../process.ts';
import { startSwitch } from './switch.ts';

const [pidFile = '', ...sockets] = process.argv.slice(2);
const folderNow = (): string | undefined => {
  const found = statSync(dirname(pidFile), { throwIfNoEntry: false });
  // With the device: a file system that is mounted anew counts its inodes from the start.
  return found && `${found.dev} ${found.ino}`;
};
const folder = folderNow();
// When the lab's folder was removed behind halab's back, nobody else would end this; and in a new folder of the same
// name a new switch is at work.
const running = startSwitch(sockets, () => {
  if (folderNow() !== folder) process.exit(0);
});
await running.triedAll;
// Last, since whoever waits for the file wants the machines that run to be connected.
const mark = markOf(process.pid);
if (mark === null) throw new Error('this very process cannot be found');
writeFileAtomic.sync(pidFile, `${markWord(mark)}\n`, { mode: 0o600 });
