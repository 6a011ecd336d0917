// Reliability checklist G92 and design rule 1: an untouched WebSocket passes byte for byte, an edited one stays readable for its peer.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { asFault } from '../../../../src/fault.ts';
import type { DeflateParameters } from '../../../../src/proxy/wire/deflate.ts';
import { createMessageRelay, type MessageRelayOptions } from '../../../../src/proxy/wire/message-relay.ts';
import { Deflater, type Frame, FrameParser, frameBytes, Inflater, OPCODE } from '../../../support/websocket-frames.ts';

const KEY = Buffer.from([9, 8, 7, 6]);
const AGREED: DeflateParameters = {
  clientNoContextTakeover: false,
  serverNoContextTakeover: false,
  clientWindowBits: 15,
  serverWindowBits: 15,
};

function open(options: Partial<MessageRelayOptions> = {}) {
  const seen: [string, boolean][] = [];
  const answer = options.onMessage ?? (() => undefined);
  const relay = createMessageRelay({
    from: 'client',
    deflate: undefined,
    maxMessageBytes: 1e6,
    ...options,
    onMessage: (payload, isText) => {
      seen.push([payload.toString(), isText]);
      return answer(payload, isText);
    },
  });
  return { relay, seen };
}

const text = (payload: string, more: Partial<Frame> = {}) =>
  frameBytes({ opcode: OPCODE.text, payload: Buffer.from(payload), ...more }, KEY);
const frames = (out: Buffer[]) => new FrameParser().feed(Buffer.concat(out));

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'passed';
  } catch (thrown) {
    return asFault(thrown).code;
  }
}

describe('untouched messages', () => {
  it('pass with their own bytes, mask key and fragments', () => {
    const { relay, seen } = open();
    const bytes = Buffer.concat([
      text('one'),
      text('tw', { fin: false }),
      frameBytes({ opcode: 0, fin: false }, KEY),
      frameBytes({ opcode: 0, payload: Buffer.from('o') }, KEY),
      frameBytes({ opcode: OPCODE.binary, payload: Buffer.from([0xff, 0]) }, Buffer.from([0, 0, 0, 0])),
      text(''),
    ]);
    expect(Buffer.concat(relay.push(bytes)).equals(bytes)).toBe(true);
    expect(seen.map(([, isText]) => isText)).toEqual([true, true, false, true]);
    expect(seen.map(([t]) => t).slice(0, 2)).toEqual(['one', 'two']);
  });
  it('are held until they are whole, while control frames go at once', () => {
    const { relay, seen } = open({ from: 'upstream' });
    const first = frameBytes({ opcode: OPCODE.text, fin: false, payload: Buffer.from('a') });
    const ping = frameBytes({ opcode: OPCODE.ping, payload: Buffer.from('p') });
    const last = frameBytes({ opcode: 0, payload: Buffer.from('b') });
    expect(relay.push(first)).toEqual([]);
    expect(relay.push(ping)).toEqual([ping]);
    expect(relay.push(last.subarray(0, 2))).toEqual([]);
    expect(Buffer.concat(relay.push(last.subarray(2))).equals(Buffer.concat([first, last]))).toBe(true);
    expect(seen).toEqual([['ab', true]]);
  });
  it('are not kept alive by views of what was read', () => {
    const { relay, seen } = open({ from: 'upstream' });
    const read = Buffer.concat([frameBytes({ opcode: OPCODE.text, fin: false, payload: Buffer.from('first ') }), Buffer.alloc(0)]);
    const whole = Buffer.from(read);
    relay.push(read);
    read.fill(0x7f);
    const last = frameBytes({ opcode: 0, payload: Buffer.from('last') });
    expect(Buffer.concat(relay.push(last)).equals(Buffer.concat([whole, last]))).toBe(true);
    expect(seen).toEqual([['first last', true]]);
  });
  it('keep large fragments without a copy', () => {
    const { relay } = open({ from: 'upstream' });
    const large = frameBytes({ opcode: OPCODE.binary, fin: false, payload: Buffer.alloc(20_000) });
    relay.push(large);
    const out = relay.push(frameBytes({ opcode: 0 }));
    expect(out[0]!.buffer).toBe(large.buffer);
  });
});

describe('replaced messages', () => {
  it('leave as one frame with a fresh key from the client, without one from upstream', () => {
    const edit = (payload: Buffer) => Buffer.from(payload.toString().replace('secret', 'xxxxxx'));
    const client = open({ onMessage: edit });
    const out = client.relay.push(
      Buffer.concat([text('my sec', { fin: false }), frameBytes({ opcode: 0, payload: Buffer.from('ret') }, KEY)]),
    );
    expect(frames(out)).toMatchObject([{ fin: true, rsv1: false, opcode: OPCODE.text, masked: true, payload: Buffer.from('my xxxxxx') }]);
    expect(Buffer.concat(out).includes(KEY)).toBe(false);
    const upstream = open({ from: 'upstream', onMessage: edit });
    expect(frames(upstream.relay.push(frameBytes({ opcode: OPCODE.binary, payload: Buffer.from('secret') })))).toMatchObject([
      { opcode: OPCODE.binary, masked: false, payload: Buffer.from('xxxxxx') },
    ]);
  });
  it('may become several or none', () => {
    const several = open({ onMessage: () => [Buffer.from('a'), Buffer.from('b')] });
    expect(frames(several.relay.push(text('x'))).map((f) => f.payload.toString())).toEqual(['a', 'b']);
    const none = open({ onMessage: () => [] });
    expect(none.relay.push(text('x'))).toEqual([]);
  });
});

describe('the end', () => {
  it('is a Close frame; what comes behind it is dropped', () => {
    const { relay, seen } = open();
    const close = frameBytes({ opcode: OPCODE.close, payload: Buffer.from([3, 0xe8]) }, KEY);
    expect(relay.closed).toBe(false);
    expect(relay.push(Buffer.concat([close, text('late')]))).toEqual([close]);
    expect(relay.closed).toBe(true);
    expect(relay.push(text('later'))).toEqual([]);
    expect(seen).toEqual([]);
  });
});

describe('refused', () => {
  const fragment = (payload: Buffer, more: Partial<Frame> = {}) => frameBytes({ opcode: 0, fin: false, payload, ...more }, KEY);
  it.each<[string, Buffer[]]>([
    ['a continuation of nothing', [fragment(Buffer.alloc(1))]],
    ['a message inside another', [text('a', { fin: false }), text('b')]],
    ['text that is not UTF-8', [frameBytes({ opcode: OPCODE.text, payload: Buffer.from([0xc3]) }, KEY)]],
    ['a compressed message nobody agreed to', [text('a', { rsv1: true })]],
    ['a frame without mask', [frameBytes({ opcode: OPCODE.text })]],
  ])('%s', (_name, pieces) => {
    const { relay, seen } = open();
    expect(codeOf(() => pieces.forEach((piece) => void relay.push(piece)))).toBe('bad-request');
    expect(seen).toEqual([]);
    const upstream = open({ from: 'upstream' });
    expect(codeOf(() => upstream.relay.push(Buffer.from([0x80, 0])))).toBe('upstream-protocol');
  });
  it('text of which only the join of two fragments is UTF-8 passes', () => {
    const { relay, seen } = open();
    const e = Buffer.from('é');
    relay.push(frameBytes({ opcode: OPCODE.text, fin: false, payload: e.subarray(0, 1) }, KEY));
    relay.push(frameBytes({ opcode: 0, payload: e.subarray(1) }, KEY));
    expect(seen).toEqual([['é', true]]);
  });
  it('messages above the limit, in one frame, in many, or unpacked', async () => {
    expect(codeOf(() => open({ maxMessageBytes: 10 }).relay.push(text('12345678901')))).toBe('body-too-large');
    expect(codeOf(() => open({ maxMessageBytes: 10 }).relay.push(text('1234567890')))).toBe('passed');
    const { relay } = open({ maxMessageBytes: 10 });
    relay.push(text('123456', { fin: false }));
    expect(codeOf(() => relay.push(fragment(Buffer.from('12345'))))).toBe('body-too-large');
    const bomb = await new Deflater(true).pack(Buffer.alloc(2000));
    const packed = open({ maxMessageBytes: 1000, deflate: AGREED });
    expect(codeOf(() => packed.relay.push(frameBytes({ opcode: OPCODE.binary, rsv1: true, payload: bomb }, KEY)))).toBe('body-too-large');
  });
  it('endless empty fragments', () => {
    const { relay } = open();
    relay.push(text('', { fin: false }));
    const many = Buffer.concat(Array<Buffer>(70_000).fill(fragment(Buffer.alloc(0))));
    expect(codeOf(() => relay.push(many))).toBe('bad-request');
  });
});

describe('compressed messages', () => {
  const wire = (payload: Buffer) => frameBytes({ opcode: OPCODE.text, rsv1: true, payload }, KEY);
  it('pass with their own bytes until one is edited, and again when a window has passed', async () => {
    const sender = new Deflater(true);
    const receiver = new Inflater(true);
    const { relay, seen } = open({
      deflate: AGREED,
      onMessage: (p) => (p.includes('secret') ? Buffer.from(p.toString().replace('secret', 'masked')) : undefined),
    });
    const verbatim: boolean[] = [];
    const filler = (n: number) => randomBytes(n).toString('hex');
    const messages = [
      'a secretive word',
      'a common word',
      filler(2500),
      filler(6000),
      'more',
      filler(8000),
      'common word',
      'secret',
      'common word',
    ];
    for (const message of ['a common word', 'a common word again', ...messages]) {
      const sent = wire(await sender.pack(Buffer.from(message)));
      const out = relay.push(sent);
      verbatim.push(Buffer.concat(out).equals(sent));
      const [frame] = frames(out);
      expect(frame).toMatchObject({ fin: true, rsv1: true, opcode: OPCODE.text, masked: true });
      expect((await receiver.unpack(frame!.payload)).toString()).toBe(message.replace('secret', 'masked'));
    }
    expect(verbatim).toEqual([true, true, false, false, false, false, false, false, true, false, false]);
    expect(seen[2]).toEqual(['a secretive word', true]);
  });
  it('stay verbatim around an edit where no window is kept', async () => {
    const { relay } = open({
      deflate: { ...AGREED, clientNoContextTakeover: true },
      onMessage: (p) => (p.includes('x') ? Buffer.from('y') : undefined),
    });
    const verbatim: boolean[] = [];
    for (const message of ['a', 'x', 'b', 'b']) {
      const sent = wire(await new Deflater(false).pack(Buffer.from(message)));
      verbatim.push(Buffer.concat(relay.push(sent)).equals(sent));
    }
    expect(verbatim).toEqual([true, false, true, true]);
  });
  it('keep the choice of each message, compressed or not', async () => {
    const sender = new Deflater(true);
    const { relay } = open({ deflate: AGREED, onMessage: () => Buffer.from('edited') });
    const out = [...relay.push(text('plain')), ...relay.push(wire(await sender.pack(Buffer.from('packed'))))];
    expect(frames(out).map((f) => f.rsv1)).toEqual([false, true]);
    expect(frames(out)[0]!.payload.toString()).toBe('edited');
  });
  it('are not disturbed by an edit of one that was not compressed', async () => {
    const sender = new Deflater(true);
    const { relay } = open({ deflate: AGREED, onMessage: (p) => (p.equals(Buffer.from('plain')) ? Buffer.from('edited') : undefined) });
    relay.push(text('plain'));
    const sent = wire(await sender.pack(Buffer.from('packed')));
    expect(Buffer.concat(relay.push(sent)).equals(sent)).toBe(true);
  });
  it('remade from a final block', () => {
    const { relay, seen } = open({ deflate: { ...AGREED, clientNoContextTakeover: true } });
    const sent = wire(Buffer.from('f348cdc9c9070000', 'hex'));
    const out = relay.push(sent);
    expect(seen).toEqual([['Hello', true]]);
    expect(Buffer.concat(out).equals(sent)).toBe(false);
  });
});
