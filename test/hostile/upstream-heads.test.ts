// Checklist B21, B24, B25: a reply head that could be read in two ways, or is none, becomes a 502 and not a byte of it reaches a client.
import { describe, expect, test } from 'vitest';
import { DOORS, hostileStage } from '../support/hostile-stage.ts';
import type { OriginConnection } from '../support/origin.ts';

type Script = (c: OriginConnection) => Promise<unknown>;
let script: Script = async () => undefined;

const OK = 'HTTP/1.1 200 OK\r\n';
const EVIL = 'EVIL\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL';
const withFields = (fields: string): string => `${OK}X-Evil: EVIL\r\n${fields}\r\n\r\n4\r\nEVIL\r\n0\r\n\r\n`;

const LENGTHS = [
  'Content-Length: 4\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 4',
  'Content-Length: 0\r\nTransfer-Encoding: chunked',
  'Content-Length: 4\r\nContent-Length: 5',
  'Content-Length: 5\r\nContent-Length: 4',
  'Content-Length: 0\r\nContent-Length: 4',
  'Content-Length: 4, 5',
  'Content-Length: 4,',
  'Content-Length: +4',
  'Content-Length: -1',
  'Content-Length: 0x4',
  'Content-Length: 4 4',
  'Content-Length: four',
  'Content-Length:',
  'Content-Length: 18446744073709551620',
  'Content-Length : 4',
  'Content_Length: 5\r\nContent-Length: 4',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, gzip',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: chunked;q=1',
  'Transfer-Encoding: \vchunked',
  'Transfer-Encoding: chunked\xa0',
  'Transfer-Encoding:',
  'Transfer-Encoding : chunked',
  ' Transfer-Encoding: chunked',
  'Transfer_Encoding: chunked',
  'X: y\r\n Transfer-Encoding: chunked',
];

const HEADS: readonly (readonly [string, string])[] = [
  ...LENGTHS.map((fields): [string, string] => [JSON.stringify(fields), withFields(fields)]),
  ['chunked in HTTP/1.0', `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nEVIL\r\n0\r\n\r\n`],
  ['a NUL in a value', `${OK}X: EV\0IL\r\nContent-Length: 0\r\n\r\n`],
  ['a bare CR in a value', `${OK}X: a\rSet-Cookie: EVIL\r\nContent-Length: 0\r\n\r\n`],
  ['a bare LF in a value', `${OK}X: a\nSet-Cookie: EVIL\r\nContent-Length: 0\r\n\r\n`],
  ['a control byte in a value', `${OK}X: \x1b[2JEVIL\r\nContent-Length: 0\r\n\r\n`],
  ['a DEL in a value', `${OK}X: EVIL\x7f\r\nContent-Length: 0\r\n\r\n`],
  ['a NUL in a name', `${OK}X\0EVIL: a\r\nContent-Length: 0\r\n\r\n`],
  ['a fold', `${OK}X: a\r\n EVIL\r\nContent-Length: 0\r\n\r\n`],
  ['a fold on the first field', `${OK} X: EVIL\r\nContent-Length: 0\r\n\r\n`],
  ['a line without colon', `${OK}EVIL\r\nContent-Length: 0\r\n\r\n`],
  ['an empty name', `${OK}: EVIL\r\nContent-Length: 0\r\n\r\n`],
  ['a name with a space', `${OK}X EVIL: a\r\nContent-Length: 0\r\n\r\n`],
  ['a name ended by a space', `${OK}X : EVIL\r\nContent-Length: 0\r\n\r\n`],
  ['lines ended by LF', `HTTP/1.1 200 OK\nX: EVIL\nContent-Length: 4\n\nEVIL`],
  ['lines ended by CR', `HTTP/1.1 200 OK\rX: EVIL\r\r`],
  ['a NUL in the reason', `HTTP/1.1 200 O\0K EVIL\r\nContent-Length: 0\r\n\r\n`],
  ['a CR in the reason', `HTTP/1.1 200 OK\rX: EVIL\r\nContent-Length: 0\r\n\r\n`],
  ['no head: HTTP/0.9', '<html>EVIL</html>'],
  ['no head: HTTP/0.9 with lines', 'EVIL\r\nEVIL\r\n\r\n'],
  ['no head: SSH', 'SSH-2.0-EVIL\r\n'],
  ['no head: SMTP', '220 EVIL ESMTP\r\n'],
  ['no head: JSON', '{"EVIL":1}'],
  ['no head: an event stream', 'data: EVIL\n\n'],
  ['no head: zeros', '\0\0\0\0EVIL'],
  ['no head: a TLS alert', '\x15\x03\x03\0\x02\x02\x28EVIL'],
  ['no head: HTTP/2 SETTINGS', '\0\0\0\x04\0\0\0\0\0EVIL'],
  ['ICY', `ICY 200 OK\r\n\r\nEVIL`],
  ['HTTP/2.0', `HTTP/2.0 200 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['HTTP/1.2', `HTTP/1.2 200 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['HTTP/1.10', `HTTP/1.10 200 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['http/1.1', `http/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['a space before the version', ` HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['an empty line first', `\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['two spaces before the status', `HTTP/1.1  200 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['no status', `HTTP/1.1 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['status 20', `HTTP/1.1 20 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['status 2000', `HTTP/1.1 2000 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['status 099', `HTTP/1.1 099 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['status +20', `HTTP/1.1 +20 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['status 0x1', `HTTP/1.1 0x1 OK\r\nContent-Length: 4\r\n\r\nEVIL`],
  ['a head of 1 MB', `${OK}X: ${'EVIL'.repeat(1 << 18)}\r\n\r\n`],
  ['20000 fields', `${OK}${'X: EVIL\r\n'.repeat(20_000)}\r\n`],
  ['an unasked 101', `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: EVIL\r\n\r\n${EVIL}`],
  ['an unasked 101 to WebSocket', `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${EVIL}`],
  ['a bare 101', `HTTP/1.1 101 X\r\n\r\n${EVIL}`],
  ['an interim reply with a body', `HTTP/1.1 103 Early Hints\r\nContent-Length: 4\r\n\r\nEVIL${OK}Content-Length: 4\r\n\r\nEVIL`],
  ['100 interim replies', `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)}${OK}Content-Length: 4\r\n\r\nEVIL`],
  ['an interim reply with a fold', `HTTP/1.1 103 Early Hints\r\nX: a\r\n EVIL\r\n\r\n${OK}Content-Length: 0\r\n\r\n`],
];

describe.each(DOORS)('by the door «%s»', (door) => {
  const stage = hostileStage({
    early: (target) =>
      target === '/hasty' ? `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: EVIL\r\n\r\n${EVIL}` : undefined,
    answer: async (c, q) => {
      if (q.target !== '/case') return false;
      await script(c);
      return true;
    },
  });

  // Upstream leaves the connection open: the 502 may not wait for it to close.
  test.each(HEADS)('502: %s', async (_name, bytes) => {
    script = (c) => c.write(Buffer.from(bytes, 'latin1'));
    const seen = await stage.send(door, 'GET {T}/case HTTP/1.1\r\nHost: {H}\r\n\r\n');
    expect(seen.replies.map((r) => r.status)).toEqual([502]);
    expect(seen.replies[0]!.head.toString('latin1') + seen.replies[0]!.body.toString('latin1') + seen.rest).not.toContain('EVIL');
    await stage.others(door);
  });

  test.each(HEADS.filter(([, bytes]) => bytes.length < 200))('502 in answer to a POST: %s', async (_name, bytes) => {
    script = (c) => c.write(Buffer.from(bytes, 'latin1'));
    const seen = await stage.send(
      door,
      'POST {T}/case HTTP/1.1\r\nHost: {H}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
    );
    expect(seen.replies.map((r) => r.status)).toEqual([502]);
    expect(seen.replies[0]!.body.toString('latin1') + seen.rest).not.toContain('EVIL');
    expect(seen.upstream).toHaveLength(1);
  });

  test.each(['application/json', 'image/png'])('502 for an unasked 101 while the body waits for a 100 (%s)', async (type) => {
    const head = `POST {T}/hasty HTTP/1.1\r\nHost: {H}\r\nContent-Type: ${type}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`;
    const seen = await stage.send(door, head);
    expect(seen.replies.map((r) => r.status)).toEqual([502]);
    expect(seen.replies[0]!.body.toString('latin1') + seen.rest).not.toContain('EVIL');
  });

  test.each([
    ['nothing and a FIN', async (c: OriginConnection) => c.end()],
    ['nothing and a reset', async (c: OriginConnection) => c.reset()],
    ['half a head and a FIN', async (c: OriginConnection) => c.write(`${OK}X: EVIL`).then(() => c.end())],
    ['half a head and a reset', async (c: OriginConnection) => c.write(`${OK}X: EVIL\r\n`).then(() => c.reset())],
    ['half a status line and a FIN', async (c: OriginConnection) => c.write('HTTP/1.1 2').then(() => c.end())],
  ] as const)('502: %s', async (_name, play) => {
    script = play;
    const seen = await stage.send(door, 'POST {T}/case HTTP/1.1\r\nHost: {H}\r\nContent-Length: 2\r\n\r\n{}');
    expect(seen.replies.map((r) => r.status)).toEqual([502]);
    expect(seen.replies[0]!.body.toString('latin1')).not.toContain('EVIL');
    // A POST goes out once, whatever becomes of it.
    expect(seen.upstream).toHaveLength(1);
    await stage.others(door);
  });

  test.each([
    ['an unknown status and an odd phrase', 'HTTP/1.1 799 Wh\xe4t? "so"\r\nContent-Length: 2\r\n\r\nok'],
    ['no phrase', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok'],
    ['no phrase and no blank', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok'],
    ['odd names, doubled and empty fields', `${OK}x-A: 1\r\nX-a: 2\r\nX-Empty: \r\n!#$%&'*+-.^_\`|~: \xff\r\ncontent-LENGTH: 2\r\n\r\nok`],
    [
      'chunks in odd sizes, with extensions and trailers',
      `${OK}transfer-encoding: Chunked\r\n\r\n001;a=b\r\no\r\n1\r\nk\r\n0\r\nX-T: 1\r\n\r\n`,
    ],
  ])('passes as it came: %s', async (_name, bytes) => {
    script = (c) => c.write(Buffer.from(bytes, 'latin1'));
    const seen = await stage.send(door, 'GET {T}/case HTTP/1.1\r\nHost: {H}\r\n\r\n');
    const [reply] = seen.replies;
    expect(Buffer.concat([reply!.head, reply!.wireBody]).toString('latin1')).toBe(bytes);
    expect(reply!.body.toString()).toBe('ok');
  });

  test('interim replies pass, whole and in order', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n';
    script = (c) => c.write(`${hints}${OK}Content-Length: 2\r\n\r\nok`);
    const client = await stage.open(door);
    try {
      await client.write(stage.fill(door, 'GET {T}/case HTTP/1.1\r\nHost: {H}\r\n\r\n'));
      expect((await client.reply()).body.toString()).toBe('ok');
      expect(client.reader.received().toString()).toBe(`${hints}${OK}Content-Length: 2\r\n\r\nok`);
    } finally {
      client.destroy();
    }
  });
});
