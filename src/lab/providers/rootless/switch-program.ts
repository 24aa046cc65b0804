// The program of a lab's switch: `node switch-program.js PIDFILE SOCKET ...`. It lives as long as the lab, whatever
// becomes of the halab that started it; `kill` ends it.

import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { startSwitch } from './switch.ts';

const [pidFile = '', ...sockets] = process.argv.slice(2);
const folder = dirname(pidFile);
// Where the lab was removed by hand, nobody else would end it.
const running = startSwitch(sockets, () => {
  if (!existsSync(folder)) process.exit(0);
});
await running.triedAll;
// Last, since whoever waits for the file wants the machines that run to be connected.
writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
