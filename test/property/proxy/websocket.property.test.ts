// Any messages, cut into any fragments and any pieces, with or without a shared window: untouched they pass byte for byte, and whatever
// a rule replaces, a peer with its own long-lived inflater reads what the rule answered.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asFault } from '../../../src/fault.ts';
import type { DeflateParameters } from '../../../src/proxy/wire/deflate.ts';
import { createMessageRelay } from '../../../src/proxy/wire/message-relay.ts';
import { Deflater, FrameParser, frameBytes, Inflater, OPCODE } from '../../support/websocket-frames.ts';

interface Message {
  readonly payload: Buffer;
  readonly packed: boolean;
  readonly act: 'pass' | 'edit' | 'drop' | 'double';
  readonly cuts: readonly number[];
  readonly ping: boolean;
}

const words = fc.array(fc.constantFrom('alpha ', 'beta ', 'gamma ', 'delta '), { maxLength: 30 }).map((w) => Buffer.from(w.join('')));
const large = fc.tuple(fc.nat({ max: 250 }), fc.integer({ min: 1, max: 40_000 })).map(([byte, n]) => {
  const out = Buffer.alloc(n);
  for (let i = 0, x = byte + 1; i < n; i++) out[i] = x = (x * 75 + 74) % 257;
  return out;
});
const message = (acts: Message['act'][]): fc.Arbitrary<Message> =>
  fc.record({
    payload: fc.oneof(
      { weight: 4, arbitrary: words },
      { weight: 1, arbitrary: large },
      { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60 }).map((b) => Buffer.from(b)) },
    ),
    packed: fc.boolean(),
    act: fc.constantFrom(...acts),
    cuts: fc.array(fc.nat(), { maxLength: 3 }),
    ping: fc.boolean(),
  });

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const points = [...new Set(at.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...points].map((from, i) => bytes.subarray(from, points[i] ?? bytes.length));
}

const agreed = (takeover: boolean): DeflateParameters => ({
  clientNoContextTakeover: !takeover,
  serverNoContextTakeover: !takeover,
  clientWindowBits: 15,
  serverWindowBits: 15,
});

/** The messages as the sender's frames, with a ping before the last fragment where asked. */
async function sent(messages: readonly Message[], takeover: boolean, key: Buffer | undefined, pings: boolean): Promise<Buffer> {
  const deflater = new Deflater(takeover);
  const out: Buffer[] = [];
  for (const { payload, packed, cuts, ping } of messages) {
    const pieces = cut(packed ? await deflater.pack(payload) : payload, cuts);
    pieces.forEach((piece, i) => {
      if (pings && ping && i === pieces.length - 1) out.push(frameBytes({ opcode: OPCODE.ping, payload: Buffer.from('p') }, key));
      out.push(
        frameBytes(
          { opcode: i === 0 ? OPCODE.binary : OPCODE.continuation, rsv1: packed && i === 0, fin: i === pieces.length - 1, payload: piece },
          key,
        ),
      );
    });
  }
  return Buffer.concat(out);
}

const answers = ({ payload, act }: Message): Buffer[] => {
  if (act === 'drop') return [];
  return act === 'edit'
    ? [Buffer.concat([Buffer.from('edited '), payload])]
    : act === 'double'
      ? [payload, Buffer.from('more')]
      : [payload];
};

const cuts = fc.array(fc.nat(), { maxLength: 15 });
const from = fc.constantFrom<'client' | 'upstream'>('client', 'upstream');
const keyFor = (side: string) => (side === 'client' ? Buffer.from([17, 34, 0, 68]) : undefined);

describe('the message relay', () => {
  it('passes untouched messages byte for byte, whatever the cuts', async () => {
    await fc.assert(
      fc.asyncProperty(from, fc.boolean(), fc.array(message(['pass']), { maxLength: 6 }), cuts, async (side, takeover, messages, at) => {
        const seen: Buffer[] = [];
        const relay = createMessageRelay({
          from: side,
          deflate: agreed(takeover),
          maxMessageBytes: 1e6,
          onMessage: (payload) => {
            seen.push(Buffer.from(payload));
            return undefined;
          },
        });
        const bytes = await sent(messages, takeover, keyFor(side), false);
        const out = cut(bytes, at).flatMap((piece) => relay.push(piece));
        expect(Buffer.concat(out).equals(bytes)).toBe(true);
        expect(Buffer.concat(seen).equals(Buffer.concat(messages.map((m) => m.payload)))).toBe(true);
      }),
      { numRuns: 80 },
    );
  });
  it('gives a peer with its own window exactly what the rule answered', async () => {
    const acts: Message['act'][] = ['pass', 'pass', 'pass', 'edit', 'drop', 'double'];
    await fc.assert(
      fc.asyncProperty(from, fc.boolean(), fc.array(message(acts), { maxLength: 8 }), cuts, async (side, takeover, messages, at) => {
        let next = 0;
        const relay = createMessageRelay({
          from: side,
          deflate: agreed(takeover),
          maxMessageBytes: 1e6,
          onMessage: () => {
            const current = messages[next++]!;
            return current.act === 'pass' ? undefined : answers(current);
          },
        });
        const bytes = await sent(messages, takeover, keyFor(side), true);
        const frames = new FrameParser().feed(Buffer.concat(cut(bytes, at).flatMap((piece) => relay.push(piece))));
        const inflater = new Inflater(takeover);
        const read: string[] = [];
        let held: Buffer[] = [];
        let packed = false;
        for (const frame of frames) {
          expect(frame.masked).toBe(side === 'client');
          if (frame.opcode === OPCODE.ping) continue;
          if (frame.opcode !== OPCODE.continuation) packed = frame.rsv1;
          held.push(frame.payload);
          if (!frame.fin) continue;
          const whole = Buffer.concat(held);
          held = [];
          read.push((packed ? await inflater.unpack(whole) : whole).toString('latin1'));
        }
        expect(read).toEqual(messages.flatMap(answers).map((b) => b.toString('latin1')));
        const pings = messages.filter((m) => m.ping).length;
        expect(frames.filter((f) => f.opcode === OPCODE.ping)).toHaveLength(pings);
      }),
      { numRuns: 120 },
    );
  });
  it('takes any bytes or ends in a fault, and the same one for every cut', () => {
    fc.assert(
      fc.property(from, fc.uint8Array({ maxLength: 80 }), cuts, (side, raw, at) => {
        const run = (pieces: Buffer[]) => {
          const seen: string[] = [];
          const relay = createMessageRelay({
            from: side,
            deflate: agreed(true),
            maxMessageBytes: 1000,
            onMessage: (payload) => {
              seen.push(payload.toString('hex'));
              return undefined;
            },
          });
          try {
            for (const piece of pieces) relay.push(piece);
          } catch (thrown) {
            const { code } = asFault(thrown);
            expect(code).not.toBe('internal');
            return { code, seen };
          }
          return { code: 'passed', seen };
        };
        const bytes = Buffer.from(raw);
        expect(run(cut(bytes, at))).toEqual(run([bytes]));
      }),
      { numRuns: 300 },
    );
  });
});
