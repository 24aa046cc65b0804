import { expect, test } from 'vitest';
import { readOs } from '../../src/host/os.ts';

test.each([
  [
    'linux',
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian',
    { family: 'debian', version: 12, name: 'Debian GNU/Linux 12 (bookworm)' },
  ],
  [
    'linux',
    'PRETTY_NAME="Debian GNU/Linux forky/sid"\nID=debian',
    { family: 'debian', version: null },
  ],
  ['linux', "ID=ubuntu\nID_LIKE=debian\nVERSION_ID='24.04'", { family: 'ubuntu', version: 24.04 }],
  [
    'linux',
    'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"',
    { family: 'ubuntu', version: null },
  ],
  [
    'linux',
    'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.5"',
    { family: 'fedora', version: null },
  ],
  ['linux', 'ID=arch\nNAME="Arch Linux"', { family: 'other', name: 'Arch Linux' }],
  ['linux', '', { family: 'other', name: 'linux' }],
  ['darwin', '', { family: 'macos' }],
  ['win32', '', { family: 'windows' }],
])('%s with %j', (platform, text, expected) => {
  expect(readOs(platform, text)).toMatchObject(expected);
});
