// Checklist A19, G95: sound requests with bytes changed at random (the same ones every time). Whatever becomes of them, upstream only ever
// sees requests that a strict reader takes, and other clients notice nothing.
import { describe, expect, test } from 'vitest';
import { DOORS, hostileStage } from '../support/hostile-stage.ts';

const stage = hostileStage();

const SEEDS = [
  'GET {T}/a?b=c HTTP/1.1\r\nHost: {H}\r\nAccept: */*\r\nX-Y: z\r\n\r\n',
  'POST {T}/b HTTP/1.1\r\nHost: {H}\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"text":"hi"}',
  'POST {T}/c HTTP/1.1\r\nHost: {H}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nyou\r\n0\r\nX-T: 1\r\n\r\n',
  'POST {T}/d HTTP/1.1\r\nHost: {H}\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n0\r\n\r\n',
  'PUT {T}/e HTTP/1.0\r\nHost: {H}\r\nContent-Length: 2\r\n\r\nokGET {T}/f HTTP/1.1\r\nHost: {H}\r\n\r\n',
];
const INSERTS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '0',
  '5',
  'ffffffff',
  '\r\n\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: evil.example\r\n',
  ' chunked',
  '\x0b',
  '\x80',
  '\xff',
];

/** A generator of numbers below `n`, the same sequence for the same seed (Numerical Recipes' constants). */
function dice(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

function mutated(text: string, roll: (n: number) => number): string {
  let out = text;
  for (let times = 1 + roll(3); times > 0; times--) {
    const at = roll(out.length);
    const length = 1 + roll(4);
    const what = roll(5);
    if (what === 0) out = out.slice(0, at) + out.slice(at + length);
    else if (what === 1) out = out.slice(0, at) + out.slice(at, at + length * 8).repeat(2) + out.slice(at + length * 8);
    else if (what === 2) out = out.slice(0, at) + String.fromCharCode(roll(256)) + out.slice(at + 1);
    else out = out.slice(0, at) + INSERTS[roll(INSERTS.length)]! + out.slice(at);
  }
  return out;
}

const ROUNDS = 40;

describe.each(DOORS)('by the door «%s»', (door) => {
  test.each(SEEDS.map((text, i) => [i, text] as const))('mutations of request %s', async (i, text) => {
    const roll = dice(7_919 * (i + 1));
    const origin = door === 'tunnel' ? stage.secure : stage.clear;
    let answered = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const from = origin.connections.length;
      const sent = mutated(stage.fill(door, text), roll);
      const client = await stage.open(door);
      await client.write(Buffer.from(sent, 'latin1'));
      client.end();
      const got = (await client.reader.rest()).toString('latin1');
      client.destroy();
      if (got !== '') answered++;
      // Every answer is a whole reply of ours or of the origin.
      expect(got === '' || /^HTTP\/1\.[01] \d{3} /.test(got), JSON.stringify(sent)).toBe(true);
      const opened = origin.connections.slice(from);
      await Promise.all(opened.map((c) => c.reader.ended));
      for (const c of opened) {
        const seen = c.reader.received().toString('latin1');
        const [head = ''] = seen.split('\r\n\r\n');
        expect(/[^\r]\n|\r[^\n]|\0/.test(head), JSON.stringify({ sent, seen })).toBe(false);
        expect(/^content-length:/im.test(head) && /^transfer-encoding:/im.test(head), sent).toBe(false);
      }
    }
    expect(answered).toBeGreaterThan(ROUNDS / 2);
    // The strict reader of the origin found nothing to complain of but ends in mid-request.
    const complaints = origin.failures.map(String).filter((f) => !/ended inside a head/.test(f));
    expect(complaints).toEqual([]);
    await stage.others(door);
  });
});
