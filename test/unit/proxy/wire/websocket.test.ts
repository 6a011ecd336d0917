// Reliability checklist G92: frames are read strictly and kept whole, and frames of our own are ones any peer accepts.
import { describe, expect, it } from 'vitest';
import { asFault } from '../../../../src/fault.ts';
import { closeFrame, type Frame, FrameParser, OPCODE, type Sender, writeFrame } from '../../../../src/proxy/wire/websocket.ts';
import { frameBytes, FrameParser as LaxParser } from '../../../support/websocket-frames.ts';

const KEY = Buffer.from([1, 2, 250, 4]);
const hello = Buffer.from('hello');

function parse(bytes: Buffer, from: Sender, mayCompress = false, room = 1e6): Frame[] {
  const frames: Frame[] = [];
  new FrameParser(from, mayCompress, () => room).push(bytes, (frame) => frames.push(frame));
  return frames;
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'passed';
  } catch (thrown) {
    return asFault(thrown).code;
  }
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('reading frames', () => {
  it.each([0, 1, 3, 4, 5, 125, 126, 127, 65_535, 65_536, 70_001])('reads %d bytes from both sides', (n) => {
    const payload = Buffer.alloc(n, 'abcdefg');
    const fromClient = frameBytes({ opcode: OPCODE.binary, payload }, KEY);
    const fromUpstream = frameBytes({ opcode: OPCODE.binary, payload });
    const [client] = parse(fromClient, 'client');
    const [upstream] = parse(fromUpstream, 'upstream');
    for (const frame of [client!, upstream!]) {
      expect(frame).toMatchObject({ fin: true, rsv1: false, opcode: OPCODE.binary });
      expect(frame.payload.equals(payload)).toBe(true);
    }
    expect(client!.raw.equals(fromClient)).toBe(true);
    expect(upstream!.raw.equals(fromUpstream)).toBe(true);
  });
  it('reads several frames in one piece, and one frame in single bytes', () => {
    const bytes = Buffer.concat([
      frameBytes({ opcode: OPCODE.text, fin: false, payload: hello }),
      frameBytes({ opcode: OPCODE.ping }),
      frameBytes({ opcode: OPCODE.continuation, payload: Buffer.alloc(300) }),
    ]);
    const whole = parse(bytes, 'upstream');
    expect(whole.map((f) => [f.opcode, f.fin, f.payload.length])).toEqual([
      [1, false, 5],
      [9, true, 0],
      [0, true, 300],
    ]);
    const single: Frame[] = [];
    const parser = new FrameParser('upstream', false, () => 1e6);
    parser.push(Buffer.alloc(0), (frame) => single.push(frame));
    for (const byte of bytes) parser.push(Buffer.from([byte]), (frame) => single.push(frame));
    expect(single).toEqual(whole);
  });
  it('takes RSV1 only on the first frame of a message, where compression was agreed', () => {
    const bytes = frameBytes({ opcode: OPCODE.text, rsv1: true });
    expect(parse(bytes, 'upstream', true)[0]!.rsv1).toBe(true);
    expect(codeOf(() => parse(bytes, 'upstream', false))).toBe('upstream-protocol');
    expect(codeOf(() => parse(frameBytes({ opcode: OPCODE.ping, rsv1: true }), 'upstream', true))).toBe('upstream-protocol');
    expect(codeOf(() => parse(frameBytes({ opcode: OPCODE.continuation, rsv1: true }), 'upstream', true))).toBe('upstream-protocol');
  });
  it.each<[string, Buffer]>([
    ['RSV2', hex('a1 80')],
    ['RSV3', hex('91 80')],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((n): [string, Buffer] => [`opcode ${n}`, Buffer.from([0x80 | n, 0x80])]),
    ['a ping in fragments', hex('09 80')],
    ['a ping of 126 bytes', hex('89 fe 00 7e')],
    ['5 in two bytes', hex('81 fe 00 05 00 00 00 00')],
    ['125 in two bytes', hex('81 fe 00 7d 00 00 00 00')],
    ['65535 in eight bytes', hex('81 ff 00 00 00 00 00 00 ff ff 00 00 00 00')],
    ['a negative length', hex('81 ff 80 00 00 00 00 00 00 00 00 00 00 00')],
  ])('refuses %s as soon as the header is there', (_name, bytes) => {
    expect(codeOf(() => parse(bytes, 'client'))).toBe('bad-request');
    const unmasked = Buffer.from(bytes);
    unmasked[1]! &= 0x7f;
    expect(codeOf(() => parse(unmasked, 'upstream'))).toBe('upstream-protocol');
  });
  it('wants a mask from the client and none from the upstream', () => {
    expect(codeOf(() => parse(frameBytes({ opcode: OPCODE.text, payload: hello }), 'client'))).toBe('bad-request');
    expect(codeOf(() => parse(frameBytes({ opcode: OPCODE.text, payload: hello }, KEY), 'upstream'))).toBe('upstream-protocol');
  });
  it('refuses a frame beyond the room before its payload comes', () => {
    expect(codeOf(() => parse(hex('82 7e 03 e9'), 'upstream', false, 1000))).toBe('body-too-large');
    expect(codeOf(() => parse(hex('82 7e 03 e8'), 'upstream', false, 1000))).toBe('passed');
    expect(codeOf(() => parse(hex('82 7f 7f ff ff ff ff ff ff ff'), 'upstream'))).toBe('body-too-large');
    expect(codeOf(() => parse(frameBytes({ opcode: OPCODE.ping, payload: hello }), 'upstream', false, 0))).toBe('passed');
  });
  const close = (code: number, reason = Buffer.alloc(0)) =>
    frameBytes({ opcode: OPCODE.close, payload: Buffer.concat([Buffer.from([code >> 8, code & 255]), reason]) });
  it.each([0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535])('refuses close code %d', (code) => {
    expect(codeOf(() => parse(close(code), 'upstream'))).toBe('upstream-protocol');
  });
  it.each([1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999])('takes close code %d', (code) => {
    expect(codeOf(() => parse(close(code, Buffer.from('bye é')), 'upstream'))).toBe('passed');
  });
  it('refuses a close of one byte and a reason that is no UTF-8, and takes an empty one', () => {
    expect(codeOf(() => parse(frameBytes({ opcode: OPCODE.close, payload: Buffer.from([3]) }), 'upstream'))).toBe('upstream-protocol');
    expect(codeOf(() => parse(close(1000, Buffer.from([0xff])), 'upstream'))).toBe('upstream-protocol');
    expect(codeOf(() => parse(frameBytes({ opcode: OPCODE.close }), 'upstream'))).toBe('passed');
  });
});

describe('writing frames', () => {
  it.each([0, 5, 125, 126, 65_535, 65_536])('writes %d bytes that another parser reads', (n) => {
    const payload = Buffer.alloc(n, 'xyz');
    for (const sender of ['client', 'upstream'] as const) {
      const bytes = writeFrame(sender, OPCODE.text, payload, true);
      const frames = new LaxParser().feed(bytes);
      expect(frames).toHaveLength(1);
      expect(frames[0]).toMatchObject({
        fin: true,
        rsv1: true,
        rsv2: false,
        rsv3: false,
        opcode: OPCODE.text,
        masked: sender === 'client',
      });
      expect(frames[0]!.payload.equals(payload)).toBe(true);
      expect(parse(bytes, sender, true)[0]!.raw.equals(bytes)).toBe(true);
    }
    expect(writeFrame('upstream', OPCODE.text, payload).equals(frameBytes({ opcode: OPCODE.text, payload }))).toBe(true);
  });
  it('takes a fresh key for each frame', () => {
    const keys = new Set(Array.from({ length: 20 }, () => writeFrame('client', OPCODE.text, hello).subarray(2, 6).toString('hex')));
    expect(keys.size).toBe(20);
  });
  it('writes a close frame', () => {
    expect(
      closeFrame('upstream', 1009, 'too big').equals(frameBytes({ opcode: 8, payload: Buffer.from('\x03\xf1too big', 'latin1') })),
    ).toBe(true);
    expect(parse(closeFrame('client', 1000), 'client')[0]!.payload.equals(Buffer.from([3, 0xe8]))).toBe(true);
  });
});
