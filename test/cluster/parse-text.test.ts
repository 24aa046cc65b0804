import { describe, expect, it } from 'vitest';
import { parseQuorum } from '../../src/cluster/parse/corosync.ts';
import { parseCorosyncConf } from '../../src/cluster/parse/corosync-conf.ts';
import { parseDrbdJson, parseDrbdText } from '../../src/cluster/parse/drbd.ts';
import { plainSeconds, seconds } from '../../src/cluster/parse/duration.ts';
import {
  parseAddresses,
  parseExports,
  parseHosts,
  parseMounts,
} from '../../src/cluster/parse/host.ts';
import { role } from '../../src/cluster/parse/role.ts';
import { score } from '../../src/cluster/parse/score.ts';
import { parseUnits } from '../../src/cluster/parse/units.ts';

describe('seconds', () => {
  it.each([
    ['10', 10],
    ['10s', 10],
    [' 1min ', 60],
    ['2h', 7200],
    ['500ms', 0.5],
    ['PT1M30S', 90],
    ['P1D', 86400],
    ['', null],
    ['P', null],
    ['soon', null],
    ['10 parsecs', null],
    ['1.5s', 1],
    ['2 minutes', 120],
    ['30 Seconds', 30],
    ['5usec', 0],
    ['1 hour', 3600],
    ['-5s', null],
  ])('%j is %j', (text, expected) => {
    expect(seconds(text)).toBe(expected);
  });
});

describe('plainSeconds', () => {
  it.each([
    ['90s', 90],
    ['PT1M30S', null],
  ])('%j is %j', (text, expected) => {
    expect(plainSeconds(text)).toBe(expected);
  });
});

describe('role', () => {
  it.each([
    ['Master', 'Promoted'],
    ['slave', 'Unpromoted'],
    ['promoted', 'Promoted'],
    ['Starting', 'Starting'],
  ])('%j is %j', (text, expected) => {
    expect(role(text)).toBe(expected);
  });
});

describe('score', () => {
  it.each([
    ['INFINITY', Number.POSITIVE_INFINITY],
    ['+INFINITY', Number.POSITIVE_INFINITY],
    ['-INFINITY', Number.NEGATIVE_INFINITY],
    ['-1000000', Number.NEGATIVE_INFINITY],
    ['-50', -50],
    ['much', 7],
    [undefined, 7],
  ])('%j is %j', (text, expected) => {
    expect(score(text, 7)).toBe(expected);
  });
});

describe('a machine’s own files', () => {
  it('reads addresses of both families', () => {
    const link = {
      ifname: 'eth1',
      addr_info: [
        { family: 'inet', local: '192.168.56.100', prefixlen: 24, scope: 'global' },
        { family: 'inet6', local: 'fe80::1', prefixlen: 64 },
      ],
    };
    expect(parseAddresses(JSON.stringify([{ ifname: 'lo' }, link]))).toEqual([
      { device: 'eth1', ip: '192.168.56.100', prefix: 24, family: 'inet' },
      { device: 'eth1', ip: 'fe80::1', prefix: 64, family: 'inet6' },
    ]);
    expect(() => parseAddresses('Object "addr" is unknown')).toThrow('ip -j addr');
    expect(() => parseAddresses('{}')).toThrow('ip -j addr');
  });

  it('reads /etc/hosts, without comments and half lines', () => {
    expect(
      parseHosts(
        '127.0.0.1\tlocalhost # here\n#10.0.0.1 x\n\n192.168.56.11 node1 node1.halab.test\n10.0.0.1\n',
      ),
    ).toEqual([
      { ip: '127.0.0.1', names: ['localhost'] },
      { ip: '192.168.56.11', names: ['node1', 'node1.halab.test'] },
    ]);
  });

  it('reads mounts and exports, with spaces in paths', () => {
    expect(parseMounts('/dev/drbd0 /srv/my\\040data ext4 rw,noatime 0 0\n')).toEqual([
      { source: '/dev/drbd0', target: '/srv/my data', type: 'ext4', options: ['rw', 'noatime'] },
    ]);
    expect(() => parseMounts('nonsense\n')).toThrow('/proc/self/mounts');
    expect(parseExports('/srv/nfs\t192.168.56.0/24(rw,fsid=1)\n/srv/nfs\t*(ro)\n')).toEqual([
      { path: '/srv/nfs', client: '192.168.56.0/24', options: ['rw', 'fsid=1'] },
      { path: '/srv/nfs', client: '*', options: ['ro'] },
    ]);
    expect(() => parseExports('nonsense\n')).toThrow('etab');
  });
});

describe('parseUnits', () => {
  it('puts together what systemd has in memory and what the unit files say', () => {
    const loaded =
      'apache2.service loaded active running The Apache HTTP Server\n● cups.service loaded failed failed CUPS Scheduler\nsbd.service not-found inactive dead sbd.service\n';
    const enabled =
      'apache2.service enabled\ncups.service disabled\nsbd.service \ncorosync.service disabled\ndrbd.service masked\nnone.service \n';
    expect(parseUnits(loaded, enabled)).toEqual({
      'apache2.service': { load: 'loaded', active: 'active', sub: 'running', enabled: 'enabled' },
      'cups.service': { load: 'loaded', active: 'failed', sub: 'failed', enabled: 'disabled' },
      'sbd.service': { load: 'not-found', active: 'inactive', sub: 'dead', enabled: '' },
      'corosync.service': { load: 'loaded', active: 'inactive', sub: 'dead', enabled: 'disabled' },
      'drbd.service': { load: 'masked', active: 'inactive', sub: 'dead', enabled: 'masked' },
      'none.service': { load: 'not-found', active: 'inactive', sub: 'dead', enabled: '' },
    });
  });
});

describe('parseQuorum', () => {
  // As in corosync-qdevice(8) and the sources of corosync-quorumtool.
  const withDevice = `Quorum information
------------------
Nodes:            2
Node ID:          1
Ring ID:          1.9
Quorate:          No

Votequorum information
----------------------
Expected votes:   3
Highest expected: 3
Total votes:      1
Quorum:           2 Activity blocked
Flags:            Qdevice

Membership information
----------------------
    Nodeid      Votes    Qdevice Name
         1          1    A,V,NMW node1 (local)
         2          1    A,V,NMW node2
         0          1            Qdevice
`;
  it('reads a cluster with a quorum device, which is no member', () => {
    expect(parseQuorum(withDevice)).toEqual({
      nodeId: 1,
      quorate: false,
      expectedVotes: 3,
      totalVotes: 1,
      flags: ['Qdevice'],
      members: [
        { nodeId: 1, votes: 1, name: 'node1' },
        { nodeId: 2, votes: 1, name: 'node2' },
      ],
    });
  });

  it('refuses an error message', () => {
    expect(() => parseQuorum('Cannot initialize CFG service')).toThrow(
      'no "Node ID" in "Cannot initialize',
    );
  });
});

describe('parseCorosyncConf', () => {
  const conf = `# the lab
totem {
    version: 2
    cluster_name: halab
    interface {
        linknumber: 0
    }
}
nodelist {
    node {
        ring1_addr: 10.1.1.1
        ring0_addr: 192.168.56.11
        name: node1
        nodeid: 1
    }
    node {
        ring0_addr: node2
        nodeid: 2
    }
}
quorum {
    provider: corosync_votequorum
    two_node: 1
}
`;
  it('reads nodes with their addresses in link order', () => {
    const { clusterName, twoNode, nodes, flaw, sha256 } = parseCorosyncConf(conf);
    expect({ clusterName, twoNode }).toEqual({ clusterName: 'halab', twoNode: true });
    expect(nodes).toEqual([
      { name: 'node1', nodeId: 1, addresses: ['192.168.56.11', '10.1.1.1'] },
      { name: 'node2', nodeId: 2, addresses: ['node2'] },
    ]);
    expect(flaw).toContain("all nodes must have a 'name' attribute");
    expect(sha256).not.toBe(parseCorosyncConf(`${conf} `).sha256);
  });

  it.each([
    ['totem {\n version: 2\n', 'corosync.conf:2: Missing closing brace'],
    ['}\n', 'corosync.conf:1: Unexpected closing brace'],
    [
      'totem {\n version 2\n}\n',
      'corosync.conf:2: Line is not opening or closing section or key value',
    ],
    ['quorum { two_node: 1 }\n', "corosync.conf:1: Extra characters after opening bracket '{'"],
    [
      'quorum {\n two_node: 1 }\n',
      'Value of key "quorum.two_node" is expected to be integer in range (0..255), but "1 }"',
    ],
    ['quorum {\n two_node: yes\n}\n', 'in range (0..255), but "yes" was given'],
    ['quorum {\n} # the end\n', "Extra characters before or after closing bracket '}'"],
    ['{\n}\n', "Missing section name before opening bracket '{'"],
    ['\uFEFFtotem {\n version: 2\n}\n', 'Can\'t store key "<BOM>totem.version"'],
    ['\uFEFF# the lab\n', '(the line holds a byte order mark'],
    ['totem {\n\u00A0 version: 2\n}\n', 'Can\'t store key "totem.<NBSP> version"'],
    ['totem\u00A0{\n version: 2\n}\n', 'Can\'t store key "totem<NBSP>.version"'],
    ['totem {\n version: 2\u00A0\n}\n', '(the line holds a no-break space'],
    ['totem {\n\u00A0\n}\n', 'corosync.conf:2: Line is not opening'],
    ['totem {\n\u200B version: 2\n}\n', 'a character of no width'],
    ['totem {\n crypto_cipher: aes\n}\n', 'Invalid cipher type.'],
  ])('refuses %j', (text, message) => {
    expect(() => parseCorosyncConf(text)).toThrow(message);
  });

  it('refuses a line that is longer than Corosync reads', () => {
    expect(() => parseCorosyncConf(`totem {\n cluster_name: ${'x'.repeat(600)}\n}\n`)).toThrow(
      'corosync.conf:2: Line too long',
    );
  });

  it('takes one section in two parts for one, the last value of a key, and lines of Windows', () => {
    const { twoNode, nodes, flaw } = parseCorosyncConf(
      `${conf.replace('ring1_addr: 10.1.1.1', '')}quorum {\r\n  two_node: 0\r\n  provider:corosync_votequorum\r\n}\r\n`,
    );
    expect({ twoNode, flaw, count: nodes.length }).toEqual({
      twoNode: false,
      flaw: null,
      count: 2,
    });
  });

  it.each<[string, (text: string) => string, string | null]>([
    ['as it is', (text) => text, null],
    [
      'both nodes with nodeid 1',
      (text) => text.replace('nodeid: 2', 'nodeid: 1'),
      'is refused by Corosync: "Nodeid 1 appears twice in corosync.conf" (node1 and node2 have it',
    ],
    [
      'nodeid 1 and nodeid 01',
      (text) => text.replace('nodeid: 2', 'nodeid: 01'),
      '"Nodeid 1 appears twice in corosync.conf"',
    ],
    [
      'a node without nodeid',
      (text) => text.replace('nodeid: 2', ''),
      `"Knet requires an explicit nodeid to be specified for address 'node2'" (the node node2 needs a line such as nodeid: 2)`,
    ],
    ['nodeid 0', (text) => text.replace('nodeid: 1', 'nodeid: 0'), "for address '192.168.56.11'"],
    [
      'no nodeid, over udpu',
      (text) => text.replaceAll(/nodeid: \d/g, '').replace('version', 'transport: udpu\n version'),
      null,
    ],
    [
      'no version',
      (text) => text.replace('version: 2', ''),
      '"This totem parser can only parse version 2 configurations"',
    ],
    ['version 1', (text) => text.replace('version: 2', 'version: 1'), 'version 2 configurations'],
    [
      'an unknown transport',
      (text) => text.replace('version', 'transport: upd\n version'),
      '"Invalid transport type. Should be udpu, udp or knet" (it is upd there)',
    ],
    [
      'no provider',
      (text) => text.replace('provider: corosync_votequorum', ''),
      'names no quorum provider',
    ],
    ['a misspelt provider key', (text) => text.replace('provider', 'provder'), 'names no quorum'],
    [
      'no quorum section',
      (text) => text.replace(/quorum \{[^}]*\}/, ''),
      'names no quorum provider',
    ],
    [
      'a misspelt provider',
      (text) => text.replace('votequorum', 'vote_quorum'),
      'is refused by Corosync: "Invalid quorum provider" (it is corosync_vote_quorum there',
    ],
    [
      'a provider with a no-break space behind it',
      (text) => text.replace('votequorum', 'votequorum\u00A0'),
      'it is corosync_votequorum<NBSP> there',
    ],
    [
      'another provider',
      (text) => text.replace('votequorum', 'ykd'),
      'which knows nothing of two_node',
    ],
    [
      'two_node and a quorum device',
      (text) => text.replace('two_node: 1', 'two_node: 1\n device {\n model: net\n }'),
      '"two_node and quorum device cannot be configured at the same time!"',
    ],
    [
      'two_node and auto_tie_breaker',
      (text) => text.replace('two_node: 1', 'two_node: 1\n auto_tie_breaker: 1'),
      'Corosync disables two_node then',
    ],
    [
      'no nodes',
      (text) => text.replace(/nodelist[\s\S]*\}\nquorum/, 'quorum'),
      'No interfaces defined',
    ],
  ])('knows what Corosync makes of a file with %s', (_, edit, flaw) => {
    const good = conf.replace('        ring1_addr: 10.1.1.1\n', '');
    const found = parseCorosyncConf(edit(good)).flaw;
    if (flaw === null) expect(found).toBeNull();
    else expect(found).toContain(flaw);
  });

  it('sums as sha256sum does', () => {
    // printf '' | sha256sum
    expect(parseCorosyncConf('').sha256).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });
});

describe('DRBD', () => {
  const proc = `version: 8.4.11 (api:1/proto:86-101)
srcversion: 637677C4EAFCF5D1D5446B0
 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----
    ns:0 nr:0 dw:0 dr:0 al:8 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0
11: cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown   r-----
`;

  it('reads several volumes', () => {
    const text = `r0 role:Primary suspended:no
  volume:0 minor:0 disk:UpToDate blocked:no
  volume:1 minor:1 disk:Inconsistent blocked:no
  peer connection:Connected role:Secondary congested:no
    volume:0 replication:Established peer-disk:UpToDate resync-suspended:no
    volume:1 replication:SyncTarget peer-disk:UpToDate done:19.40

`;
    expect(parseDrbdText(text, proc)).toEqual([
      {
        name: 'r0',
        generation: '8.4',
        role: 'Primary',
        volumes: [
          { number: 0, disk: 'UpToDate' },
          { number: 1, disk: 'Inconsistent' },
        ],
        peers: [
          {
            name: 'peer',
            connection: 'Connected',
            role: 'Secondary',
            volumes: [
              { number: 0, disk: 'UpToDate', replication: 'Established' },
              { number: 1, disk: 'UpToDate', replication: 'SyncTarget' },
            ],
          },
        ],
      },
    ]);
  });

  it('takes a line that drbdsetup wrapped at 80 columns for one', () => {
    const name = 'a-resource-with-a-name-that-leaves-no-room-for-its-role-in-a-line-of-80-columns';
    const text = `${name}
    role:Secondary suspended:no
  volume:0 minor:0 disk:Inconsistent
      blocked:no
  peer connection:Connected
      role:Primary congested:no
    volume:0 replication:SyncTarget peer-disk:UpToDate done:19.40
        resync-suspended:no
    volume:1 replication:PausedSyncT peer-disk:UpToDate done:0.00
        resync-suspended:user,dependency

`;
    const [found, ...others] = parseDrbdText(text, proc);
    expect(others).toEqual([]);
    expect(found).toEqual({
      name,
      generation: '8.4',
      role: 'Secondary',
      volumes: [{ number: 0, disk: 'Inconsistent' }],
      peers: [
        {
          name: 'peer',
          connection: 'Connected',
          role: 'Primary',
          volumes: [
            { number: 0, disk: 'UpToDate', replication: 'SyncTarget' },
            { number: 1, disk: 'UpToDate', replication: 'PausedSyncT' },
          ],
        },
      ],
    });
  });

  it('finds a peer that was given up in /proc/drbd', () => {
    const text = 'r1 role:Primary suspended:no\n  volume:0 minor:11 disk:UpToDate blocked:no\n\n';
    expect(parseDrbdText(text, proc)[0]?.peers).toEqual([
      {
        name: 'peer',
        connection: 'StandAlone',
        role: 'Unknown',
        volumes: [{ number: 0, disk: 'DUnknown', replication: 'Off' }],
      },
    ]);
    expect(parseDrbdText(text, '')[0]?.peers).toEqual([]);
  });

  it('finds none in the text of a machine without DRBD, and refuses an error', () => {
    expect(parseDrbdText('# No currently configured DRBD found.\n', proc)).toEqual([]);
    expect(() => parseDrbdText('drbdsetup: command failed\n', proc)).toThrow('drbdsetup status');
  });

  it('reads the JSON of DRBD 9', () => {
    const json = JSON.stringify([
      {
        name: 'r0',
        'node-id': 0,
        role: 'Primary',
        devices: [{ volume: 0, minor: 0, 'disk-state': 'UpToDate' }],
        connections: [
          {
            'peer-node-id': 1,
            name: 'node2',
            'connection-state': 'Connected',
            'peer-role': 'Secondary',
            peer_devices: [
              { volume: 0, 'replication-state': 'Established', 'peer-disk-state': 'UpToDate' },
            ],
          },
          {
            'peer-node-id': 2,
            name: 'storage',
            'connection-state': 'Connecting',
            'peer-role': 'Unknown',
          },
        ],
      },
    ]);
    expect(parseDrbdJson(json)).toEqual([
      {
        name: 'r0',
        generation: '9',
        role: 'Primary',
        volumes: [{ number: 0, disk: 'UpToDate' }],
        peers: [
          {
            name: 'node2',
            connection: 'Connected',
            role: 'Secondary',
            volumes: [{ number: 0, disk: 'UpToDate', replication: 'Established' }],
          },
          { name: 'storage', connection: 'Connecting', role: 'Unknown', volumes: [] },
        ],
      },
    ]);
    expect(() => parseDrbdJson('status: unrecognized option')).toThrow('drbdsetup status --json');
  });
});
