import { createHash } from 'node:crypto';
import type { CorosyncConf } from '../state.ts';

/**
 * Reads /etc/corosync/corosync.conf as Corosync 3.1 does (exec/coroparse.c): by bytes, line by line, every section of
 * a name into one, the last value of a key counting.
 * @throws Error with Corosync's own words where it cannot parse the file.
 */
export function parseCorosyncConf(text: string): CorosyncConf {
  const { values, nodes } = parseLines(text);
  const ordered = nodes.map((node) => ({
    node,
    links: [...node.keys()].flatMap((key) => /^ring(\d+)_addr$/.exec(key)?.[1] ?? []).map(Number),
  }));
  return {
    clusterName: shown(values.get('totem.cluster_name') ?? ''),
    twoNode: Number(values.get('quorum.two_node') ?? 0) !== 0,
    nodes: ordered.map(({ node, links }) => {
      const addresses = links
        .sort((a, b) => a - b)
        .map((link) => shown(node.get(`ring${link}_addr`) ?? ''));
      return {
        // Without a name, a node goes by its address (corosync.conf(5), nodelist).
        name: shown(node.get('name') ?? node.get('ring0_addr') ?? addresses[0] ?? ''),
        nodeId: Number(node.get('nodeid') ?? 0),
        addresses,
      };
    }),
    flaw: refusal(values, nodes) ?? withoutVotes(values),
    sha256: createHash('sha256').update(text).digest('hex'),
  };
}

type Values = ReadonlyMap<string, string>;

interface Parsed {
  /** By the key with its sections: "quorum.two_node". */
  readonly values: Values;
  readonly nodes: readonly Values[];
}

/** Bytes that are blank to coroparse.c: 0xA0 is Latin-1's no-break space, and only the second half of UTF-8's. */
const blank = ' \t\u00A0';

const trimmed = (text: string, besides = ''): string =>
  text.replace(new RegExp(`^[${blank}]+`), '').replace(new RegExp(`[${blank}${besides}]+$`), '');

/** Bytes as text, with what nobody sees made visible. */
function shown(bytes: string): string {
  return Buffer.from(bytes, 'latin1')
    .toString('utf8')
    .replaceAll(/[\u00A0\uFFFD]/g, '<NBSP>')
    .replaceAll('\uFEFF', '<BOM>')
    .replaceAll(/[\u200B-\u200F\u2060]/g, '<INVISIBLE>');
}

function parseLines(text: string): Parsed {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const values = new Map<string, string>();
  const nodes: Map<string, string>[] = [];
  const open: string[] = [];
  let nodeAt = 0;
  const lines = bytes.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [index, raw] of lines.entries()) {
    const wrong = (why: string): Error => {
      const unseen = /<(NBSP|BOM|INVISIBLE)>/.exec(shown(raw))?.[1];
      const what = { NBSP: 'a no-break space', BOM: 'a byte order mark' }[unseen ?? ''];
      const besides =
        unseen === undefined
          ? ''
          : ` (the line holds ${what ?? 'a character of no width'}, which nobody sees: type the line anew)`;
      return parserError(index + 1, `${why}${besides}`);
    };
    if (raw.length > 510) throw wrong('Line too long');
    const line = raw.replace(/\r$/, '').replace(new RegExp(`[${blank}]+$`), '');
    if (new RegExp(`^[${blank}]*(#|$)`).test(line)) continue;
    const path = open.join('.');
    const brace = line.indexOf('{');
    const colon = line.indexOf(':');
    if (brace !== -1) {
      const name = trimmed(line.slice(0, brace), ':{');
      if (name === '') throw wrong("Missing section name before opening bracket '{'");
      if (trimmed(line.slice(brace + 1)) !== '')
        throw wrong("Extra characters after opening bracket '{'");
      open.push(name);
      if (open.join('.') === 'nodelist') nodeAt = 0;
    } else if (colon !== -1) {
      const key = trimmed(line.slice(0, colon), ':{');
      const value = trimmed(line.slice(colon + 1));
      const whole = [...open, key].join('.');
      if (whole.length < 3 || !/^[\w./:-]*$/.test(whole))
        throw wrong(
          `Can't store key "${shown(whole)}" into icmap, returned error is CS_ERR_INVALID_PARAM`,
        );
      const problem = wrongValue(whole, value);
      if (problem !== null) throw wrong(problem);
      if (path === 'nodelist.node') {
        nodes[nodeAt] ??= new Map();
        nodes[nodeAt]?.set(key, value);
      } else values.set(whole, value);
    } else if (line.includes('}')) {
      if (trimmed(line) !== '}')
        throw wrong("Extra characters before or after closing bracket '}'");
      if (open.length === 0) throw wrong('Unexpected closing brace');
      if (path === 'nodelist.node') nodeAt += 1;
      open.pop();
    } else throw wrong('Line is not opening or closing section or key value');
  }
  if (open.length > 0) throw parserError(lines.length, 'Missing closing brace');
  return { values, nodes: nodes.filter((node) => node !== undefined) };
}

const parserError = (line: number, why: string): Error =>
  new Error(`parser error: /etc/corosync/corosync.conf:${line}: ${why}`);

/** Keys whose value must be a number, by what holds it, and the largest that this takes (exec/coroparse.c, main_config_parser_cb). */
const numbers: readonly [keys: RegExp, most: number][] = [
  [
    /^quorum\.(two_node|expected_votes_tracking|allow_downscale|wait_for_all|auto_tie_breaker|last_man_standing)$/,
    2 ** 8 - 1,
  ],
  [/^quorum\.(expected_votes|votes|last_man_standing_window|leaving_timeout)$/, 2 ** 32 - 1],
  [/^quorum\.device\.(timeout|sync_timeout|votes)$/, 2 ** 32 - 1],
  [/^quorum\.device\.master_wins$/, 2 ** 8 - 1],
  [/^nodelist\.node\.(nodeid|quorum_votes)$/, 2 ** 32 - 1],
  [
    /^totem\.(version|nodeid|threads|token|token_coefficient|token_retransmit|token_warning|hold|token_retransmits_before_loss_const|join|send_join|consensus|merge|downcheck|fail_recv_const|seqno_unchanged_const|heartbeat_failures_allowed|max_network_delay|window_size|max_messages|miss_count_const|knet_pmtud_interval|knet_mtu|knet_compression_threshold|netmtu)$/,
    2 ** 32 - 1,
  ],
  [/^totem\.interface\.(linknumber|ttl|knet_link_priority)$/, 2 ** 8 - 1],
  [/^totem\.interface\.mcastport$/, 2 ** 16 - 1],
  [
    /^totem\.interface\.(knet_ping_interval|knet_ping_timeout|knet_ping_precision|knet_pong_count)$/,
    2 ** 32 - 1,
  ],
];

/** Keys that take some words only, with Corosync's sentence for all others. */
const words: Readonly<Record<string, readonly [allowed: string, sentence: string]>> = {
  'totem.ip_version': ['ipv4 ipv6 ipv6-4 ipv4-6', 'Invalid ip_version type'],
  'totem.crypto_cipher': [
    'none aes256 aes192 aes128',
    'Invalid cipher type. Should be none, aes256, aes192 or aes128',
  ],
  'totem.crypto_hash': [
    'none md5 sha1 sha256 sha384 sha512',
    'Invalid hash type. Should be none, md5, sha1, sha256, sha384 or sha512',
  ],
};

function wrongValue(key: string, value: string): string | null {
  const most = numbers.find(([keys]) => keys.test(key))?.[1];
  // As strtoll(3) reads it, to the end.
  const isNumber =
    /^\s*[+-]?\d+$/.test(value) && Number(value) >= 0 && Number(value) <= (most ?? 0);
  if (most !== undefined && !isNumber)
    return `Value of key "${key}" is expected to be integer in range (0..${most}), but "${shown(value)}" was given`;
  const [allowed, sentence] = words[key] ?? [];
  if (allowed === undefined || sentence === undefined) return null;
  return allowed.split(' ').includes(value) ? null : sentence;
}

/**
 * Why Corosync does not start with what it could parse, to go on after the file's name: in its own words, with what they mean.
 * Of exec/totemconfig.c (totem_config_read, totem_config_validate), exec/vsf_quorum.c and exec/votequorum.c what a file
 * alone decides; null when nothing.
 */
function refusal(values: Values, nodes: readonly Values[]): string | null {
  const said = (sentence: string, meaning = ''): string =>
    `is refused by Corosync: "${sentence}"${meaning === '' ? '' : ` (${meaning})`}`;
  const transport = values.get('totem.transport') ?? 'knet';
  if (!['udpu', 'udp', 'knet'].includes(transport))
    return said(
      'Invalid transport type. Should be udpu, udp or knet',
      `it is ${shown(transport)} there`,
    );
  const name = (node: Values): string =>
    shown(node.get('name') ?? node.get('ring0_addr') ?? 'a node without a name');
  const nodeId = (node: Values): number => Number(node.get('nodeid') ?? 0);
  const linksOf = (node: Values): string[] =>
    [...node.keys()].filter((key) => /^ring\d+_addr$/.test(key));
  if (!nodes.some((node) => linksOf(node).length > 0))
    return said('parse error in config: No interfaces defined', 'no node has a ring0_addr');
  const unnumbered = nodes.find((node) => nodeId(node) === 0 && linksOf(node).length > 0);
  if (transport === 'knet' && unnumbered !== undefined) {
    const address = unnumbered.get(linksOf(unnumbered)[0] ?? '') ?? '';
    return said(
      `Knet requires an explicit nodeid to be specified for address '${shown(address)}'`,
      `the node ${name(unnumbered)} needs a line such as nodeid: ${nodes.indexOf(unnumbered) + 1}`,
    );
  }
  if (Number(values.get('totem.version') ?? 0) !== 2)
    return said(
      'This totem parser can only parse version 2 configurations',
      'the totem section needs the line version: 2',
    );
  const links = new Set(nodes.flatMap(linksOf));
  if (links.size > 1 && nodes.some((node) => !node.has('name')))
    return said("for a multi-link configuration, all nodes must have a 'name' attribute");
  if (nodes.some((node) => linksOf(node).length !== links.size))
    return said('Not all nodes have the same number of links');
  const twin = nodes.find(
    (node, at) =>
      nodeId(node) !== 0 && nodes.slice(0, at).some((other) => nodeId(other) === nodeId(node)),
  );
  if (twin !== undefined) {
    const both = nodes.filter((node) => nodeId(node) === nodeId(twin)).map(name);
    return said(
      `Nodeid ${nodeId(twin)} appears twice in corosync.conf`,
      `${both.join(' and ')} have it: each node needs a number of its own`,
    );
  }
  const mode = values.get('totem.link_mode') ?? 'passive';
  if (!['active', 'passive', 'rr'].includes(mode))
    return said(
      `The Knet link mode "${shown(mode)}" specified is invalid.  It must be active, passive or rr`,
    );
  const provider = values.get('quorum.provider');
  if (provider !== undefined && !['corosync_votequorum', 'corosync_ykd'].includes(provider))
    return said(
      'Invalid quorum provider',
      `it is ${shown(provider)} there; corosync_votequorum is the one that counts votes`,
    );
  if (Number(values.get('quorum.two_node') ?? 0) !== 0 && values.get('quorum.device.model'))
    return said('two_node and quorum device cannot be configured at the same time!');
  return null;
}

/** Why Corosync starts with the file and yet counts no votes as it should (exec/vsf_quorum.c, Pacemaker's lib/cluster/corosync.c). */
function withoutVotes(values: Values): string | null {
  const provider = values.get('quorum.provider');
  if (provider === undefined)
    return 'names no quorum provider: Corosync counts no votes then, and Pacemaker does not start ("Corosync quorum is not configured"). The quorum section needs the line provider: corosync_votequorum';
  if (provider !== 'corosync_votequorum')
    return `names the quorum provider ${shown(provider)}, which knows nothing of two_node: corosync_votequorum is the one that counts votes`;
  const isSet = (key: string): boolean => Number(values.get(`quorum.${key}`) ?? 0) !== 0;
  if (isSet('two_node') && isSet('auto_tie_breaker'))
    return 'sets two_node and auto_tie_breaker, and Corosync disables two_node then: keep one of them';
  return null;
}
