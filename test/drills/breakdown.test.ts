import { describe, expect, it } from 'vitest';
import { breakdown, inWords, parseLog } from '../../src/drills/breakdown.ts';

// Lines as the machines of the box wrote them; the times are the test's own.
const ring = 'node2 corosync[512]:   [TOTEM ] A new membership (1.d) was formed. Members left: 1';
const joined =
  'node2 corosync[512]:   [TOTEM ] A new membership (1.11) was formed. Members joined: 1';
const monitorFailed =
  'node1 pacemaker-controld[536]:  error: Result of monitor operation for web-files on node1: Timed out after 40s (Resource agent did not complete within 40s)';
const monitorFine =
  'node1 pacemaker-controld[536]:  notice: Result of monitor operation for nfsd on node1: OK';
const monitorPromoted =
  'node1 pacemaker-controld[272]:  notice: Result of monitor operation for disk on node1: Promoted';
const probe =
  'node1 pacemaker-controld[536]:  notice: Result of probe operation for share on node1: Not running';
const started =
  'node2 pacemaker-controld[536]:  notice: Result of start operation for vip on node2: OK';
const promoted =
  'node2 pacemaker-controld[536]:  notice: Result of promote operation for disk on node2: OK';
const fenced =
  "node2 pacemaker-fenced[532]:  notice: Operation 'reboot' targeting node1 by node2 for pacemaker-controld.536@node2: OK (complete)";

const outage = { from: 100, until: 130 };

describe('breakdown', () => {
  it('divides an outage at what the nodes noticed and did', () => {
    const lines = [
      { at: 111, text: ring },
      { at: 120, text: fenced },
      { at: 124.5, text: promoted },
      { at: 129, text: started },
    ];
    const parts = breakdown(outage, lines);
    expect(parts).toEqual({ detection: 11, fencing: 9, promotion: 4.5, start: 5.5 });
    expect(inWords(parts as NonNullable<typeof parts>)).toBe(
      'detection 11.0 s, fencing 9.0 s, promotion 4.5 s, start 5.5 s',
    );
  });

  it('gives all after the detection to the start when nothing was fenced or promoted', () => {
    const lines = [
      { at: 108, text: monitorFailed },
      { at: 129, text: started },
    ];
    expect(breakdown(outage, lines)).toEqual({
      detection: 8,
      fencing: null,
      promotion: null,
      start: 22,
    });
  });

  it('knows no detection where somebody asked for the move', () => {
    const lines = [
      { at: 105, text: monitorPromoted },
      { at: 124, text: promoted },
    ];
    expect(breakdown(outage, lines)).toEqual({
      detection: null,
      fencing: null,
      promotion: 24,
      start: 6,
    });
  });

  it.each([
    ['a monitor that found all well', monitorFine],
    ['a monitor that found the promoted clone promoted', monitorPromoted],
    ['a probe', probe],
    ['a node that joins', joined],
    ['a start', started],
  ])('takes %s for no detection', (_, text) => {
    expect(breakdown(outage, [{ at: 110, text }])).toBeNull();
  });

  it('leaves out what came before or after', () => {
    const lines = [
      { at: 90, text: ring },
      { at: 131, text: monitorFailed },
    ];
    expect(breakdown(outage, lines)).toBeNull();
  });
});

describe('parseLog', () => {
  it("brings the machine's times to this computer's clock", () => {
    const text = `1795425514.250000 ${ring}\n1795425520.000000 ${started}\nnow 1795425530.0\n`;
    expect(parseLog(text, 1000)).toEqual([
      { at: 984.25, text: ring },
      { at: 990, text: started },
    ]);
  });

  it('has nothing without the clock to compare with', () => {
    expect(parseLog(`1795425514.250000 ${ring}\n`, 1000)).toEqual([]);
  });
});
