// Checklist I111 to I113: what HTTP/1 would read as another message never goes on, lengths must be true, and the authority that
// counts is :authority, which must be the one the connection is for.
import { describe, expect, onTestFinished, test } from 'vitest';
import { callH2 } from '../support/h2-client.ts';
import { FLAG, FRAME, h2Frame, headerBlock, headersFrame, openingBytes } from '../support/h2-frames.ts';
import { type RawH2, startRawH2 } from '../support/h2-raw.ts';
import { HOST, openH2, type ScriptedH2, startScriptedH2 } from '../support/scripted.ts';

const echo = () =>
  startScriptedH2(async (call) => {
    const body = await call.body;
    if (call.stream.destroyed) return;
    call.stream.respond({ ':status': 200 });
    call.stream.end(body);
  });

async function raw(scene: ScriptedH2): Promise<RawH2> {
  const client = await scene.connect({ alpn: ['h2'] });
  onTestFinished(() => client.destroy());
  return startRawH2(client);
}

const HEAD = [':method', 'GET', ':scheme', 'https', ':authority', HOST, ':path', '/x'];
const POST = [':method', 'POST', ':scheme', 'https', ':authority', HOST, ':path', '/x', 'content-type', 'image/png'];
const data = (text: string, end = true) => h2Frame(FRAME.data, end ? FLAG.endStream : 0, 1, Buffer.from(text));
const without = (pairs: readonly string[], name: string) => pairs.filter((_, i) => pairs[i - (i % 2)] !== name);

/** Another client, and another stream of the same one if its connection lives, are served as if nothing had been. */
async function expectUnharmed(scene: ScriptedH2): Promise<void> {
  const { session } = await openH2(scene);
  const reply = await callH2(session, { ':method': 'POST', ':scheme': 'https', ':authority': HOST, ':path': '/good' }, 'good');
  expect(reply.body.toString()).toBe('good');
  session.destroy();
}

const calls = (scene: ScriptedH2) => scene.origin.calls.filter((c) => !c.headers.includes('/good'));

describe('fields that would be another message in HTTP/1', () => {
  const bad: Readonly<Record<string, readonly string[]>> = {
    'CRLF in a value': ['x-a', 'b\r\nGET /smuggled HTTP/1.1'],
    'LF in a value': ['x-a', 'b\nx-b: c'],
    'CR in a value': ['x-a', 'b\rc'],
    'NUL in a value': ['x-a', 'b\0c'],
    'CRLF in a name': ['x-a: b\r\nx-c', 'd'],
    'a colon in a name': ['x-a:b', 'c'],
    'a space in a name': ['x a', 'c'],
    'a capital in a name': ['X-A', 'c'],
    'no name': ['', 'c'],
    connection: ['connection', 'close'],
    'connection naming a field': ['connection', 'x-a'],
    'keep-alive': ['keep-alive', 'timeout=5'],
    'proxy-connection': ['proxy-connection', 'keep-alive'],
    'transfer-encoding': ['transfer-encoding', 'chunked'],
    upgrade: ['upgrade', 'h2c'],
    'te other than trailers': ['te', 'gzip'],
  };

  test.each(Object.keys(bad))('%s', async (name) => {
    const scene = await echo();
    const h2 = await raw(scene);
    await h2.send(headersFrame(1, [...HEAD, ...bad[name]!], true));
    const outcome = await h2.outcome(1);
    // Refused, or the field is gone; in either case upstream never sees it.
    for (const call of calls(scene)) {
      expect(call.headers.join('\n')).not.toMatch(/smuggled|\r/);
      for (const [i, part] of call.headers.entries()) {
        if (i % 2 === 0) expect(part).toMatch(/^:?[a-z0-9-]+$/);
        if (i % 2 === 0) expect(part).not.toMatch(/^(connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te)$/);
        expect(part).not.toMatch(/[\r\n\0]/);
      }
    }
    expect(['reset', 'goaway', 'closed', 'replied']).toContain(outcome.how);
    await expectUnharmed(scene);
  });
});

describe('pseudo-fields', () => {
  const bad: Readonly<Record<string, readonly string[]>> = {
    'no method': without(HEAD, ':method'),
    'no scheme': without(HEAD, ':scheme'),
    'no path': without(HEAD, ':path'),
    'an empty path': [...without(HEAD, ':path'), ':path', ''],
    'two paths': [...HEAD, ':path', '/y'],
    'two authorities': [...HEAD, ':authority', 'other.example.test'],
    'one nobody knows': [...HEAD, ':smuggled', 'x'],
    'one of replies': [...HEAD, ':status', '200'],
    'one behind fields': ['x-a', 'b', ...HEAD],
    'a space in the method': [...without(HEAD, ':method'), ':method', 'GET /smuggled'],
    'CRLF in the path': [...without(HEAD, ':path'), ':path', '/x HTTP/1.1\r\nx: y'],
    'a space in the path': [...without(HEAD, ':path'), ':path', '/x HTTP/1.1'],
    'a path without slash': [...without(HEAD, ':path'), ':path', 'x'],
    'a URL for a path': [...without(HEAD, ':path'), ':path', 'http://other.example.test/x'],
    CONNECT: [':method', 'CONNECT', ':authority', 'other.example.test:443'],
    'CONNECT with a path': [...without(HEAD, ':method'), ':method', 'CONNECT'],
    'plain http': [...without(HEAD, ':scheme'), ':scheme', 'http'],
  };
  /** What a strict origin reads in one way only may go on. */
  const MAY_PASS = new Set(['a path without slash', 'plain http']);

  test.each(Object.keys(bad))('%s', async (name) => {
    const scene = await echo();
    const h2 = await raw(scene);
    await h2.send(headersFrame(1, bad[name]!, true));
    await h2.outcome(1);
    if (!MAY_PASS.has(name)) expect(calls(scene)).toEqual([]);
    await expectUnharmed(scene);
  });
});

describe('content-length must match the data', () => {
  const lies: Readonly<Record<string, readonly [length: string, frames: readonly Buffer[]]>> = {
    'more than announced': ['3', [data('four')]],
    'more, in a second frame': ['3', [data('abc', false), data('d')]],
    'less than announced': ['10', [data('four')]],
    'nothing where some was announced': ['4', [data('')]],
    'a negative one': ['-1', [data('four')]],
    'one with a plus': ['+4', [data('four')]],
    'one in hex': ['0x4', [data('four')]],
    'one that is no number': ['four', [data('four')]],
  };
  test.each(Object.keys(lies).flatMap((name) => ['image/png', 'application/json'].map((type) => [name, type] as const)))(
    '%s (%s)',
    async (name, type) => {
      const [length, frames] = lies[name]!;
      const scene = await echo();
      const h2 = await raw(scene);
      await h2.send(headersFrame(1, [...without(POST, 'content-type'), 'content-type', type, 'content-length', length], false), ...frames);
      const outcome = await h2.outcome(1);
      expect(outcome.body.toString()).not.toBe('four');
      for (const call of calls(scene)) expect(await call.over).not.toBe(0);
      await expectUnharmed(scene);
    },
  );

  test('two that differ', async () => {
    const scene = await echo();
    const h2 = await raw(scene);
    await h2.send(headersFrame(1, [...POST, 'content-length', '4', 'content-length', '5'], false), data('four'));
    expect((await h2.outcome(1)).body.toString()).not.toBe('four');
    expect(calls(scene)).toEqual([]);
    await expectUnharmed(scene);
  });

  test('the right one passes, with and without trailers', async () => {
    const scene = await echo();
    const h2 = await raw(scene);
    await h2.send(headersFrame(1, [...POST, 'content-length', '4'], false), data('four'));
    expect((await h2.outcome(1)).body.toString()).toBe('four');
    await h2.send(
      headersFrame(3, [...POST, 'content-length', '4'], false),
      h2Frame(FRAME.data, 0, 3, Buffer.from('four')),
      headersFrame(3, ['x-sum', '1'], true),
    );
    expect((await h2.outcome(3)).body.toString()).toBe('four');
  });

  test('a reply that lies is cut', async () => {
    const scene = await startScriptedH2((call) => {
      call.stream.respond({ ':status': 200, 'content-length': '10' });
      call.stream.write('four', () => call.reset('cancel'));
    });
    const { session } = await openH2(scene);
    const reply = await callH2(session, { ':method': 'GET', ':scheme': 'https', ':authority': HOST, ':path': '/x' });
    expect(reply.cut).toBeGreaterThan(0);
  });
});

describe('the preface', () => {
  const opened = async (scene: ScriptedH2, opening: Buffer) => {
    const client = await scene.connect({ alpn: ['h2'] });
    onTestFinished(() => client.destroy());
    const h2 = startRawH2(client, opening);
    await h2.send(headersFrame(1, HEAD, true));
    return h2.outcome(1);
  };
  const window = (...increments: readonly number[]) =>
    increments.map((n) => {
      const payload = Buffer.alloc(4);
      payload.writeUInt32BE(n);
      return h2Frame(FRAME.window, 0, 0, payload);
    });

  // The mirror of each of these ended the daemon: an assertion in Node for the setting, an exception nobody caught for the window.
  test.each([
    ['a setting out of its range', openingBytes([[9, 2]])],
    ['a frame size out of its range', openingBytes([[5, 1]])],
    ['a window past the most there is', Buffer.concat([openingBytes(), ...window(2 ** 31 - 1)])],
    ['a window that grows past it', Buffer.concat([openingBytes(), ...window(2 ** 30, 2 ** 31 - 1)])],
  ])('%s ends this connection and nothing else', async (_name, opening) => {
    const scene = await echo();
    expect((await opened(scene, opening)).how).toBe('goaway');
    await expectUnharmed(scene);
  });

  test.each([
    [
      'settings nobody knows, of value nought',
      openingBytes([
        [9, 0],
        [0x0a0a, 0],
      ]),
    ],
    ['the largest window there is', Buffer.concat([openingBytes(), ...window(2 ** 31 - 1 - 65_535)])],
  ])('%s: passes', async (_name, opening) => {
    const scene = await echo();
    expect((await opened(scene, opening)).how).toBe('replied');
  });
});

describe('the authority', () => {
  const others = {
    'another host': [...without(HEAD, ':authority'), ':authority', 'other.example.test'],
    'another port': [...without(HEAD, ':authority'), ':authority', `${HOST}:8443`],
    'user info': [...without(HEAD, ':authority'), ':authority', `user@${HOST}`],
    'a host field that disagrees': [...HEAD, 'host', 'other.example.test'],
    'only a host field, another one': [...without(HEAD, ':authority'), 'host', 'other.example.test'],
    'a look-alike': [...without(HEAD, ':authority'), ':authority', `${HOST}.evil.example`],
  } as const;
  test.each(Object.keys(others) as (keyof typeof others)[])('%s is refused', async (name) => {
    const scene = await echo();
    const h2 = await raw(scene);
    await h2.send(headersFrame(1, others[name], true));
    const outcome = await h2.outcome(1);
    if (outcome.how === 'replied') expect(['421', '400']).toContain(statusOf(outcome.head!));
    expect(calls(scene)).toEqual([]);
    await expectUnharmed(scene);
  });

  test.each([
    ['with its port', [...without(HEAD, ':authority'), ':authority', `${HOST}:443`]],
    ['in capitals', [...without(HEAD, ':authority'), ':authority', HOST.toUpperCase()]],
    ['and a host field that agrees', [...HEAD, 'host', HOST]],
    ['only as a host field', [...without(HEAD, ':authority'), 'host', HOST]],
  ])('the right one %s passes', async (_name, head) => {
    const scene = await echo();
    const h2 = await raw(scene);
    await h2.send(headersFrame(1, head, true));
    expect((await h2.outcome(1)).how).toBe('replied');
    expect(calls(scene)).toHaveLength(1);
  });
});

/** A status is the first thing in a header block: indexed, or a literal value. */
function statusOf(block: Buffer): string {
  const indexed = [undefined, '200', '204', '206', '304', '400', '404', '500'];
  if (block[0]! >= 0x88 && block[0]! <= 0x8e) return indexed[block[0]! - 0x87]!;
  const text = headerBlock([]).length === 0 ? block.toString('latin1', 0, 12) : '';
  return /\d{3}/.exec(text)?.[0] ?? huffmanDigits(block.subarray(2, 4));
}

/** Three digits in Huffman code: 0, 1 and 2 take five bits, the others six (RFC 7541 B). */
function huffmanDigits(bytes: Buffer): string {
  const bits = [...bytes].map((b) => b.toString(2).padStart(8, '0')).join('');
  let at = 0;
  let out = '';
  while (out.length < 3) {
    const five = Number.parseInt(bits.slice(at, at + 5), 2);
    if (five <= 2) {
      out += five;
      at += 5;
    } else {
      out += Number.parseInt(bits.slice(at, at + 6), 2) - 0b011001 + 3;
      at += 6;
    }
  }
  return out;
}
