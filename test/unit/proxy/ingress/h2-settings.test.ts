import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mirroredSettings, parsePreface, sentSettings, settingsForClient } from '../../../../src/proxy/ingress/h2-settings.ts';

const MAGIC = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const frame = (type: number, payload: Buffer, stream = 0) => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const entries = (list: [number, number][]) => {
  const out = Buffer.alloc(list.length * 6);
  list.forEach(([id, value], i) => {
    out.writeUInt16BE(id, i * 6);
    out.writeUInt32BE(value, i * 6 + 2);
  });
  return out;
};
const window = (n: number) => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(n);
  return frame(8, out);
};

describe('the HTTP/2 preface', () => {
  it('reads settings in wire order and the connection window', () => {
    const bytes = Buffer.concat([
      Buffer.from(MAGIC),
      frame(
        4,
        entries([
          [4, 2097152],
          [2, 0],
        ]),
      ),
      window(5177345),
    ]);
    expect(parsePreface(bytes)).toEqual({
      settings: [
        [4, 2097152],
        [2, 0],
      ],
      windowIncrement: 5177345,
    });
  });

  it('has no window when the next frame is another', () => {
    expect(
      parsePreface(Buffer.concat([Buffer.from(MAGIC), frame(4, entries([[2, 0]])), frame(1, Buffer.alloc(3), 1)]))!.windowIncrement,
    ).toBe(0);
  });

  it('asks for more at every cut of the first frame', () => {
    const bytes = Buffer.concat([
      Buffer.from(MAGIC),
      frame(
        4,
        entries([
          [1, 0],
          [4, 65535],
        ]),
      ),
    ]);
    fc.assert(fc.property(fc.nat(bytes.length - 1), (cut) => parsePreface(bytes.subarray(0, cut)) === undefined));
  });

  it('refuses what is no preface', () => {
    expect(() => parsePreface(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(/preface/);
    expect(() => parsePreface(Buffer.concat([Buffer.from(MAGIC), frame(1, Buffer.alloc(4), 1)]))).toThrow(/SETTINGS/);
    expect(() => parsePreface(Buffer.concat([Buffer.from(MAGIC), frame(4, Buffer.alloc(5))]))).toThrow(/SETTINGS/);
    expect(() => parsePreface(Buffer.concat([Buffer.from(MAGIC), Buffer.from('ffffff0400', 'hex'), Buffer.alloc(8)]))).toThrow(/too long/);
  });

  it('does not promise upstream more than can be held for a client that reads nothing', () => {
    const large = mirroredSettings([
      [1, 2 ** 32 - 1],
      [4, 2 ** 31 - 1],
    ]);
    expect(large).toEqual({ headerTableSize: 1024 * 1024, initialWindowSize: 12 * 1024 * 1024 });
  });

  it('mirrors known ids by name, unknown ones as custom, and drops reserved ones that would end the process', () => {
    const mirrored = mirroredSettings([
      [1, 4096],
      [2, 0],
      [3, 100],
      [4, 1],
      [5, 16384],
      [6, 8192],
      [8, 1],
      [7, 1],
      [0, 1],
      [9, 1],
      [0x0a0a, 7],
    ]);
    expect(mirrored).toEqual({
      headerTableSize: 4096,
      enablePush: false,
      maxConcurrentStreams: 100,
      initialWindowSize: 1,
      maxFrameSize: 16384,
      maxHeaderListSize: 8192,
      enableConnectProtocol: true,
      customSettings: { 9: 1, 2570: 7 },
    });
    expect(mirroredSettings([])).toEqual({});
  });

  // Value 2 of id 9 is an assertion in Node: one SETTINGS frame of one client ended the process. Value 0 of an id it does not know makes
  // node:http2 throw, and the client lost its connection without a word.
  it('leaves out values that end the process or throw', () => {
    const refused: [number, number][] = [
      [9, 0],
      [9, 2],
      [9, 2 ** 32 - 1],
      [0x0a0a, 0],
      [5, 16_383],
      [5, 2 ** 24],
    ];
    for (const entry of refused) expect(mirroredSettings([entry])).toEqual({});
    expect(sentSettings(refused)).toEqual([]);
    expect(mirroredSettings([[5, 2 ** 24 - 1]])).toEqual({ maxFrameSize: 2 ** 24 - 1 });
  });

  it('knows what is sent: sorted by id, within our bounds, without what would end the process', () => {
    expect(
      sentSettings([
        [4, 2 ** 31 - 1],
        [2, 0],
        [7, 1],
        [0x0a0a, 7],
        [9, 1],
      ]),
    ).toEqual([
      [2, 0],
      [4, 12 * 1024 * 1024],
      [9, 1],
      [2570, 7],
    ]);
    expect(sentSettings([])).toEqual([]);
  });

  it('tells the client what upstream said, within bounds', () => {
    expect(settingsForClient({ enableConnectProtocol: true, maxConcurrentStreams: 4294967295, initialWindowSize: 16777216 })).toMatchObject(
      {
        enableConnectProtocol: true,
        maxConcurrentStreams: 250,
        initialWindowSize: 1 << 20,
      },
    );
    expect(settingsForClient({})).toMatchObject({ enableConnectProtocol: false, initialWindowSize: 65535 });
  });
});
