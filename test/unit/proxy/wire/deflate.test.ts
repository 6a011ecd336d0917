// permessage-deflate as agreed and as sent: parameters, the window across messages, bombs, and messages that end where they should not.
import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { asFault } from '../../../../src/fault.ts';
import { DeflateDirection, type DeflateParameters, parseDeflate } from '../../../../src/proxy/wire/deflate.ts';
import { Deflater, Inflater } from '../../../support/websocket-frames.ts';

const PLAIN: DeflateParameters = {
  clientNoContextTakeover: false,
  serverNoContextTakeover: false,
  clientWindowBits: 15,
  serverWindowBits: 15,
};
const field = (value: string) => parseDeflate(['Sec-WebSocket-Extensions', value]);
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'passed';
  } catch (thrown) {
    return asFault(thrown).code;
  }
}

describe('parseDeflate', () => {
  it('reads what was agreed', () => {
    expect(parseDeflate(['X', 'permessage-deflate'])).toBeUndefined();
    expect(field('permessage-deflate')).toEqual(PLAIN);
    expect(field('Permessage-Deflate ; server_no_context_takeover; client_max_window_bits=10')).toEqual({
      ...PLAIN,
      serverNoContextTakeover: true,
      clientWindowBits: 10,
    });
    expect(field('permessage-deflate;client_no_context_takeover;server_max_window_bits="8"')).toEqual({
      ...PLAIN,
      clientNoContextTakeover: true,
      serverWindowBits: 8,
    });
  });
  it.each([
    '',
    'x-webkit-deflate-frame',
    'permessage-bzip2',
    'permessage-deflate, permessage-deflate',
    'permessage-deflate, x-other',
    'permessage-deflate;',
    'permessage-deflate; other',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; client_max_window_bits=16',
    'permessage-deflate; client_max_window_bits=010',
    'permessage-deflate; client_max_window_bits="10',
  ])('refuses %j', (value) => {
    expect(codeOf(() => field(value))).toBe('upstream-protocol');
  });
  it('refuses an extension split over two fields', () => {
    expect(codeOf(() => parseDeflate(['Sec-WebSocket-Extensions', 'permessage-deflate', 'sec-websocket-extensions', 'x']))).toBe(
      'upstream-protocol',
    );
  });
});

describe('inflating', () => {
  const direction = (agreed = PLAIN) => new DeflateDirection('client', agreed);
  it('reads the examples of RFC 7692 7.2.3', () => {
    const d = direction();
    expect(d.inflate(hex('f2 48 cd c9 c9 07 00'), 5).toString()).toBe('Hello');
    expect(d.inflate(hex('f2 00 11 00 00'), 5).toString()).toBe('Hello');
    expect(direction().inflate(hex('00 05 00 fa ff 48 65 6c 6c 6f 00'), 5).toString()).toBe('Hello');
    expect(direction().inflate(hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'), 5).toString()).toBe('Hello');
    expect(direction().inflate(hex('00'), 5)).toHaveLength(0);
  });
  it('reads a final block, but lets nobody else read it: receivers disagree about what follows', () => {
    for (const agreed of [PLAIN, { ...PLAIN, clientNoContextTakeover: true }]) {
      const d = direction(agreed);
      expect(d.inflate(hex('f3 48 cd c9 c9 07 00 00'), 5).toString()).toBe('Hello');
      expect(d.inStep).toBe(false);
    }
    const two = Buffer.concat([hex('f3 48 cd c9 c9 07 00'), hex('f3 48 cd c9 c9 07 00'), hex('00')]);
    expect(direction().inflate(two, 10).toString()).toBe('HelloHello');
    expect(codeOf(() => direction().inflate(two, 9))).toBe('body-too-large');
    expect(codeOf(() => direction().inflate(two, 4))).toBe('body-too-large');
    expect(codeOf(() => direction().inflate(Buffer.concat([...Array<Buffer>(9).fill(hex('03 00')), hex('00')]), 10))).toBe('bad-request');
  });
  it('reads a stored block that takes in the tail and ends with it, as every receiver does', () => {
    expect(direction().inflate(hex('00 06 00 f9 ff 41 42'), 6).equals(hex('41 42 00 00 ff ff'))).toBe(true);
  });
  it('follows a window over many messages, far beyond its size', async () => {
    const sender = new Deflater(true);
    const d = direction();
    const base = randomBytes(3000).toString('base64');
    for (let i = 0; i < 40; i++) {
      const plain = Buffer.from(`${i}${base.slice(i * 7)}${randomBytes(i * 20).toString('hex')}`);
      expect(d.inflate(await sender.pack(plain), 1e6).equals(plain)).toBe(true);
    }
    const long = Buffer.from(randomBytes(60_000).toString('hex'));
    for (const plain of [long, long.subarray(90_000), Buffer.from('short')])
      expect(d.inflate(await sender.pack(plain), 1e6).equals(plain)).toBe(true);
  });
  it('keeps no window where none was agreed', async () => {
    const sender = new Deflater(true);
    const d = direction({ ...PLAIN, clientNoContextTakeover: true });
    const plain = randomBytes(200);
    expect(d.inflate(await sender.pack(plain), 1e6).equals(plain)).toBe(true);
    const second = await sender.pack(plain);
    expect(codeOf(() => d.inflate(second, 1e6))).toBe('bad-request');
    expect(codeOf(() => new DeflateDirection('upstream', PLAIN).inflate(second, 1e6))).toBe('upstream-protocol');
  });
  it('stops a bomb at the limit', async () => {
    const bomb = await new Deflater(true).pack(Buffer.alloc(5_000_000));
    const d = direction();
    expect(codeOf(() => d.inflate(bomb, 1_000_000))).toBe('body-too-large');
    expect(d.inflate(await new Deflater(true).pack(Buffer.alloc(1000)), 1000)).toHaveLength(1000);
    expect(codeOf(() => direction().inflate(bomb, 4_999_999))).toBe('body-too-large');
    expect(direction().inflate(bomb, 5_000_000)).toHaveLength(5_000_000);
  });

  // A receiver keeps its inflater between messages. A block left open in one message would be closed by the next, so the receiver
  // would read other text than the rules were shown.
  it.each<[string, Buffer]>([
    ['nothing at all', Buffer.alloc(0)],
    ['noise', hex('ff ff ff ff')],
    ['a cut block', hex('f2 48 cd')],
    ['a block without its end', hex('f2 48 cd c9 c9')],
    ['one that reaches into what we append', hex('00 11 00 ee ff')],
    ['a final one that swallows all we append', hex('01 11 00 ee ff')],
    ['a final one that swallows half of it', hex('01 0b 00 f4 ff')],
    ['a final one that wants more', hex('01 40 00 bf ff')],
  ])('refuses %s', (_name, payload) => {
    expect(codeOf(() => direction().inflate(payload, 1e6))).toBe('bad-request');
  });
});

describe('deflating', () => {
  it('gives what a receiver with the same or any other history reads', async () => {
    const receiver = new Inflater(true);
    const d = new DeflateDirection('upstream', PLAIN);
    for (const plain of [Buffer.from('Hello'), Buffer.alloc(0), randomBytes(5000), Buffer.alloc(100_000, 'abc')]) {
      expect((await receiver.unpack(d.deflate(plain))).equals(plain)).toBe(true);
    }
    expect(d.deflate(Buffer.alloc(0)).equals(hex('00'))).toBe(true);
    expect(d.deflate(Buffer.alloc(100_000, 'abc')).length).toBeLessThan(2000);
  });
  it.each([8, 9, 10, 12, 15])('stays inside a window of %d bits', (bits) => {
    // The same 200 bytes come again at growing distances: any match beyond the window is an error for a receiver that keeps no more.
    const block = randomBytes(200);
    const plain = Buffer.concat([0, 40, 52, 300, 800, 3000, 9000, 40_000].flatMap((gap) => [block, randomBytes(gap)]));
    for (const from of ['client', 'upstream'] as const) {
      const wire = new DeflateDirection(from, { ...PLAIN, clientWindowBits: bits, serverWindowBits: bits }).deflate(plain);
      const back = zlib.inflateRawSync(Buffer.concat([wire, hex('00 00 ff ff')]), {
        windowBits: bits,
        finishFlush: zlib.constants.Z_SYNC_FLUSH,
        chunkSize: 64,
      });
      expect(back.equals(plain)).toBe(true);
    }
  });
});

describe('who can follow', () => {
  it('nobody after a change, until a whole window has passed', () => {
    const d = new DeflateDirection('client', PLAIN);
    expect(d.inStep).toBe(true);
    d.noteChanged();
    d.noteUnchanged(32_767);
    expect(d.inStep).toBe(false);
    d.noteUnchanged(1);
    expect(d.inStep).toBe(true);
  });
  it('everybody, where no window is kept', () => {
    const d = new DeflateDirection('client', { ...PLAIN, clientNoContextTakeover: true });
    d.noteChanged();
    expect(d.inStep).toBe(true);
    const other = new DeflateDirection('upstream', { ...PLAIN, clientNoContextTakeover: true });
    other.noteChanged();
    expect(other.inStep).toBe(false);
  });
});
