import { describe, expect, it } from 'vitest';
import { parseCib } from '../../src/cluster/parse/cib.ts';
import { parseControllerState, parseCrmMon } from '../../src/cluster/parse/pacemaker.ts';
import { parseXml } from '../../src/cluster/parse/xml.ts';

describe('parseXml', () => {
  it('skips what a tool says before the document and decodes entities', () => {
    const root = parseXml(
      'warning: old\n<a b="x &lt; &quot;y&quot;&#10;z"><c/>text<d e="1"/></a>\n',
    );
    expect(root.attributes.b).toBe('x < "y"\nz');
    expect(root.children.map(({ name }) => name)).toEqual(['c', 'd']);
  });

  it.each([
    ['', 'said nothing'],
    ['Segmentation fault', 'no XML: "Segmentation fault"'],
    ['<a><b></a>', 'broken XML'],
  ])('refuses %j', (text, message) => {
    expect(() => parseXml(text)).toThrow(message);
  });
});

const crmMon = (inner: string, status = '<status code="0" message="OK"/>'): string =>
  `<pacemaker-result api-version="2.38" request="crm_mon --output-as=xml">${inner}${status}</pacemaker-result>`;

describe('parseCrmMon', () => {
  it('throws what the tool says when its status is not 0', () => {
    expect(() => parseCrmMon(crmMon('', '<status code="102" message="Not connected"/>'))).toThrow(
      'crm_mon: Not connected',
    );
    expect(() => parseCrmMon('<pacemaker-result/>')).toThrow('has no status');
  });

  it('knows no DC while none is elected', () => {
    const { dc, quorate } = parseCrmMon(crmMon('<summary><current_dc present="false"/></summary>'));
    expect({ dc, quorate }).toEqual({ dc: null, quorate: false });
  });

  it('reads instances in groups, clones and bundles, with roles by today’s names', () => {
    const resource = (id: string, more: string): string =>
      `<resource id="${id}" resource_agent="ocf:pacemaker:Dummy" active="true" surprise="1" ${more}><node name="node1" id="1"/></resource>`;
    const { resources } = parseCrmMon(
      crmMon(`<resources>
        ${resource('alone', 'role="Started" target_role="Master" pending="Monitoring" managed="false" blocked="true"')}
        <clone id="outer"><group id="inner">${resource('member', 'role="Slave"')}${resource('last', 'role="Master"')}</group></clone>
        <bundle id="box"><replica id="0">${resource('box-podman-0', 'role="Started" orphaned="true"')}</replica></bundle>
        <unheard-of/>
      </resources>`),
    );
    expect(
      resources.map(({ id, role, parents }) => [id, role, parents.map((parent) => parent.id)]),
    ).toEqual([
      ['alone', 'Started', []],
      ['member', 'Unpromoted', ['inner', 'outer']],
      ['last', 'Promoted', ['inner', 'outer']],
      ['box-podman-0', 'Started', ['box']],
    ]);
    expect(resources[0]).toMatchObject({
      targetRole: 'Promoted',
      pending: 'Monitoring',
      managed: false,
      blocked: true,
      nodes: ['node1'],
    });
    expect(resources[1]?.parents.map(({ kind }) => kind)).toEqual(['group', 'clone']);
    expect(resources[3]).toMatchObject({ orphaned: true, managed: true, targetRole: null });
  });

  it('reads bans, failures and fail counts', () => {
    const status = parseCrmMon(
      crmMon(`<bans><ban id="cli-ban-vip-on-node1" resource="vip" node="node1" weight="-1000000" promoted-only="false"/></bans>
        <failures><failure op_key="my_vip_monitor_10000" node="node2" exitstatus="not running" exitreason="gone" last-rc-change="2026-11-22 23:55:01Z" task="monitor"/></failures>
        <node_history>
          <node name="node1"><resource_history id="vip" fail-count="INFINITY"/><resource_history id="web"/></node>
          <node name="node2"><resource_history id="vip" fail-count="2"/></node>
        </node_history>`),
    );
    expect(status.bans).toEqual([
      {
        id: 'cli-ban-vip-on-node1',
        resource: 'vip',
        node: 'node1',
        weight: Number.NEGATIVE_INFINITY,
        promotedOnly: false,
      },
    ]);
    expect(status.failures).toEqual([
      {
        resource: 'my_vip',
        operation: 'monitor',
        node: 'node2',
        exitStatus: 'not running',
        exitReason: 'gone',
        when: '2026-11-22 23:55:01Z',
      },
    ]);
    expect(status.failCounts).toEqual([
      { resource: 'vip', node: 'node1', count: Number.POSITIVE_INFINITY },
      { resource: 'vip', node: 'node2', count: 2 },
    ]);
  });
});

describe('parseControllerState', () => {
  it('reads the state, and refuses a failure', () => {
    const answer = (inner: string, code: string): string =>
      `<pacemaker-result>${inner}<status code="${code}" message="Timer expired"/></pacemaker-result>`;
    expect(
      parseControllerState(answer('<crmd node_name="node2" state="S_IDLE" result="ok"/>', '0')),
    ).toBe('S_IDLE');
    expect(() => parseControllerState(answer('', '124'))).toThrow('crmadmin: Timer expired');
  });
});

const cib = (configuration: string, status = ''): string =>
  `<cib admin_epoch="0" epoch="12" num_updates="3"><configuration>${configuration}</configuration><status>${status}</status></cib>`;
const crmConfig = (pairs: string): string =>
  cib(
    `<crm_config><cluster_property_set id="cib-bootstrap-options">${pairs}</cluster_property_set></crm_config>`,
  );

describe('parseCib', () => {
  it('refuses other documents', () => {
    expect(() => parseCib('<html/>')).toThrow('is not a CIB');
    expect(() => parseCib('cibadmin: Could not connect: Connection refused')).toThrow(
      'Could not connect',
    );
  });

  it('reads the version and the properties, whatever their names', () => {
    const { version, properties } = parseCib(
      crmConfig(
        `<nvpair id="a" name="stonith-enabled" value="true"/><nvpair id="b" name="fencing-enabled" value="false"/>`,
      ),
    );
    expect(version).toBe('0.12.3');
    expect(properties).toEqual({ 'stonith-enabled': 'true', 'fencing-enabled': 'false' });
  });

  it('prefers the bootstrap set, then the higher score, and leaves out what a rule guards', () => {
    const set = (id: string, score: string, value: string, rule = ''): string =>
      `<cluster_property_set id="${id}" score="${score}">${rule}<nvpair id="${id}-x" name="x" value="${value}"/><nvpair id="${id}-y" name="${id}" value="1"/></cluster_property_set>`;
    const low = set('low', '1', 'low');
    const high = set('high', 'INFINITY', 'high');
    const guarded = set('guarded', 'INFINITY', 'guarded', '<rule id="r"/>');
    expect(parseCib(cib(`<crm_config>${guarded}${low}${high}</crm_config>`)).properties).toEqual({
      x: 'high',
      high: '1',
      low: '1',
    });
    const bootstrap = set('cib-bootstrap-options', '0', 'bootstrap');
    expect(parseCib(cib(`<crm_config>${low}${bootstrap}</crm_config>`)).properties.x).toBe(
      'bootstrap',
    );
  });

  it('of two sets of equal score the one that is listed last counts', () => {
    const meta = (id: string, value: string, more = ''): string =>
      `<meta_attributes id="${id}"${more}><nvpair id="${id}-x" name="resource-stickiness" value="${value}"/></meta_attributes>`;
    const defaults = (sets: string): Record<string, string> =>
      parseCib(cib(`<rsc_defaults>${sets}</rsc_defaults>`)).resourceDefaults;
    expect(defaults(meta('a', '100') + meta('b', '0'))).toEqual({ 'resource-stickiness': '0' });
    expect(defaults(meta('a', '100', ' score="1"') + meta('b', '0'))).toEqual({
      'resource-stickiness': '100',
    });
    expect(defaults(meta('a', '1') + meta('b', '2') + meta('c', '3', ' score="-1"'))).toEqual({
      'resource-stickiness': '2',
    });
    const [vip] = parseCib(
      cib(
        `<resources><primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2">${meta('a', '100')}${meta('b', '0')}</primitive></resources>`,
      ),
    ).resources;
    expect(vip?.meta).toEqual({ 'resource-stickiness': '0' });
    expect(defaults(meta('a', '100') + meta('b', '#default'))).toEqual({
      'resource-stickiness': '100',
    });
    expect(defaults(meta('a', '#default') + meta('b', '100'))).toEqual({});
  });

  it("an operation's own attribute wins over a set within it, and enabled is read nowhere else", () => {
    const within = (name: string, value: string): string =>
      `<meta_attributes id="m-${name}"><nvpair id="v-${name}" name="${name}" value="${value}"/></meta_attributes>`;
    const [vip] = parseCib(
      cib(`<resources><primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2"><operations>
        <op id="1" name="start" interval="0" timeout="10s">${within('timeout', '90s')}</op>
        <op id="2" name="monitor" interval="10s">${within('enabled', 'false')}</op>
        <op id="3" name="monitor" interval="20s" enabled="off" on-fail="block">${within('on-fail', 'ignore')}</op>
        <op id="4" name="stop" interval="0" timeout="PT1M">${within('interval', '5s')}</op>
      </operations></primitive></resources>`),
    ).resources;
    expect(vip?.operations).toEqual([
      { name: 'start', interval: 0, timeout: 10, onFail: null, role: null, enabled: true },
      { name: 'monitor', interval: 10, timeout: null, onFail: null, role: null, enabled: true },
      { name: 'monitor', interval: 20, timeout: null, onFail: 'block', role: null, enabled: false },
      // A timeout that Pacemaker cannot read is the usual one.
      { name: 'stop', interval: 0, timeout: 20, onFail: null, role: null, enabled: true },
    ]);
  });

  it("a primitive's operation stands for its template's of the same name and role, whatever the interval", () => {
    const monitors = (template: string, own: string): unknown =>
      parseCib(
        cib(`<resources>
          <template id="t" class="ocf" provider="linbit" type="drbd"><operations>${template}</operations></template>
          <primitive id="p" template="t"><operations>${own}</operations></primitive>
        </resources>`),
      ).resources[0]?.operations.map(({ interval, role }) => [interval, role]);
    const op = (id: string, interval: string, role = ''): string =>
      `<op id="${id}" name="monitor" interval="${interval}"${role === '' ? '' : ` role="${role}"`}/>`;
    expect(monitors(op('a', '5s'), op('b', '60s'))).toEqual([[60, null]]);
    expect(monitors(op('a', '5s', 'Promoted'), op('b', '60s'))).toEqual([
      [60, null],
      [5, 'Promoted'],
    ]);
    expect(monitors(op('a', '5s', 'Slave'), op('b', '60s', 'Started'))).toEqual([[60, 'Started']]);
    expect(monitors(op('a', '5s'), '')).toEqual([[5, null]]);
  });

  it('knows who is made from a template or has a tag, and what is inherited from a group', () => {
    const { resources, tags } = parseCib(
      cib(`<resources>
        <template id="t" class="ocf" provider="heartbeat" type="IPaddr2">
          <instance_attributes id="ti" score="5"><nvpair id="t1" name="nic" value="eth1"/></instance_attributes>
        </template>
        <group id="g">
          <instance_attributes id="gi"><nvpair id="g1" name="cidr_netmask" value="24"/><nvpair id="g2" name="nic" value="eth2"/></instance_attributes>
          <primitive id="a" template="t"><instance_attributes id="ai"><nvpair id="a1" name="nic" value="eth0"/></instance_attributes></primitive>
        </group>
      </resources><tags><tag id="all"><obj_ref id="a"/><obj_ref id="b"/></tag></tags>`),
    );
    // The template's set has the higher score.
    expect(resources[1]).toMatchObject({
      template: 't',
      parameters: { nic: 'eth1', cidr_netmask: '24' },
    });
    expect(tags).toEqual({ all: ['a', 'b'] });
  });

  it('reads primitives, alone and in cloned groups', () => {
    const { resources } = parseCib(
      cib(`<resources>
        <primitive id="fence" class="stonith" type="fence_sbd"/>
        <clone id="c"><meta_attributes id="m"><nvpair id="m1" name="promotable" value="true"/></meta_attributes>
          <group id="g"><primitive id="p" class="ocf" provider="heartbeat" type="IPaddr2">
            <instance_attributes id="i"><nvpair id="i1" name="ip" value="192.168.56.100"/></instance_attributes>
            <meta_attributes id="n"><nvpair id="n1" name="target-role" value="Stopped"/></meta_attributes>
            <operations>
              <op id="o1" name="monitor" interval="1min" timeout="20" on-fail="restart" role="Master"/>
              <op id="o2" name="start" interval="0s" enabled="false"><meta_attributes id="q"><nvpair id="q1" name="timeout" value="90s"/></meta_attributes></op>
            </operations>
          </primitive></group></clone>
      </resources>`),
    );
    expect(resources.map(({ id, kind, agent, parent }) => [id, kind, agent, parent])).toEqual([
      ['fence', 'primitive', 'stonith:fence_sbd', null],
      ['c', 'clone', '', null],
      ['g', 'group', '', 'c'],
      ['p', 'primitive', 'ocf:heartbeat:IPaddr2', 'g'],
    ]);
    expect(resources[1]?.meta).toEqual({ promotable: 'true' });
    expect(resources[3]).toMatchObject({
      parameters: { ip: '192.168.56.100' },
      meta: { 'target-role': 'Stopped' },
    });
    expect(resources[3]?.operations).toEqual([
      {
        name: 'monitor',
        interval: 60,
        timeout: 20,
        onFail: 'restart',
        role: 'Promoted',
        enabled: true,
      },
      { name: 'start', interval: 0, timeout: 90, onFail: null, role: null, enabled: false },
    ]);
  });

  it('fills in templates and references', () => {
    const { resources } = parseCib(
      cib(`<resources>
        <template id="t" class="ocf" provider="heartbeat" type="IPaddr2">
          <instance_attributes id="ti"><nvpair id="t1" name="nic" value="eth1"/><nvpair id="t2" name="ip" value="1.1.1.1"/></instance_attributes>
          <operations><op id="to" name="monitor" interval="10s" timeout="20s"/></operations>
        </template>
        <group id="g"><primitive id="a" template="t">
          <instance_attributes id="ai"><nvpair id="a1" name="ip" value="192.168.56.100"/></instance_attributes>
          <operations><op id="ao" name="monitor" interval="10s" timeout="40s"/></operations>
        </primitive></group>
        <primitive id="b" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes id-ref="ai"/><operations><op id-ref="to"/></operations></primitive>
      </resources>`),
    );
    const [, a, b] = resources;
    expect(a).toMatchObject({
      id: 'a',
      agent: 'ocf:heartbeat:IPaddr2',
      parameters: { ip: '192.168.56.100', nic: 'eth1' },
      parent: 'g',
    });
    expect(a?.operations.map(({ timeout }) => timeout)).toEqual([40]);
    expect(b).toMatchObject({
      id: 'b',
      parameters: { ip: '192.168.56.100' },
      operations: [{ interval: 10 }],
    });
  });

  it('reads constraints with sets and rules, and node attributes of both lifetimes', () => {
    const { constraints, nodeAttributes } = parseCib(
      cib(
        `<nodes><node id="1" uname="node1"><instance_attributes id="n"><nvpair id="n1" name="standby" value="off"/><nvpair id="n2" name="rack" value="a"/></instance_attributes></node></nodes>
         <constraints>
           <rsc_location id="l" rsc="vip"><rule id="r" score="100"/></rsc_location>
           <rsc_order id="o" kind="Mandatory"><resource_set id="s" sequential="true"><resource_ref id="x"/><resource_ref id="y"/></resource_set></rsc_order>
           <rsc_colocation id="c" rsc="web" with-rsc="vip" score="INFINITY"/>
         </constraints>`,
        `<node_state id="1" uname="node1"><transient_attributes id="1"><instance_attributes id="t"><nvpair id="t1" name="standby" value="on"/></instance_attributes></transient_attributes></node_state>`,
      ),
    );
    expect(constraints.map(({ id, kind, hasRules }) => [id, kind, hasRules])).toEqual([
      ['l', 'location', true],
      ['o', 'order', false],
      ['c', 'colocation', false],
    ]);
    expect(constraints[1]?.sets).toEqual([
      { attributes: { id: 's', sequential: 'true' }, resources: ['x', 'y'] },
    ]);
    expect(constraints[2]?.attributes['with-rsc']).toBe('vip');
    expect(nodeAttributes).toEqual({ node1: { standby: 'on', rack: 'a' } });
  });
});
