// What a reply cost, and what of it is kept, heard as it goes by: on the way through an edit where there is one, else beside it.
// It must not change a byte, nor keep one waiting.

import type { RawHeaders } from '../../headers.ts';
import { addUsage, createUsageReader, NO_USAGE, type Usage, type UsageReader } from '../../rules/usage.ts';
import type { Exchange, RawPlan } from '../exchange.ts';
import { captureEar } from './capture.ts';
import { createDecoder, knowsEncoding } from './decode.ts';

/** Encoded bytes that may wait for their decoder; a reply that comes faster is not heard to its end. */
const MAX_WAITING = 1024 * 1024;

/** Hears one reply, decoded; undefined where there is nothing to hear. */
export function replyEar(x: Exchange, headers: RawHeaders): ((piece: Buffer) => void) | undefined {
  const reader = readerFor(x);
  const keep = captureEar(x, headers);
  if (!reader) return keep;
  return (piece) => {
    reader.push(piece);
    x.notes.usage = reader.usage;
    keep?.(piece);
  };
}

/** A plan that relays the reply with its own bytes and hears it beside that, unpacked where it is packed. */
export function heardRaw(x: Exchange, headers: RawHeaders, encoding: string | undefined): RawPlan {
  const hear = replyEar(x, headers);
  if (!hear || (encoding !== undefined && !knowsEncoding(encoding))) return { kind: 'raw' };
  return encoding === undefined || encoding === 'identity' ? { kind: 'raw', watch: hear } : unpacked(hear, encoding);
}

function unpacked(hear: (piece: Buffer) => void, encoding: string): RawPlan {
  const decoder = createDecoder(encoding);
  let work: Promise<void> = Promise.resolve();
  let waiting = 0;
  let isDeaf = false;
  const then = (step: () => Promise<Buffer> | Buffer, bytes: number): void => {
    waiting += bytes;
    isDeaf ||= waiting > MAX_WAITING;
    work = work
      .then(async () => {
        if (!isDeaf) hear(await step());
        waiting -= bytes;
      })
      // The client can make of such a reply what it will; nothing is known of it here.
      .catch(() => {
        isDeaf = true;
      });
  };
  return {
    kind: 'raw',
    watch: (piece) => then(() => decoder.push(piece), piece.length),
    settle: async () => {
      then(() => decoder.end(), 0);
      await work;
      decoder.close();
    },
  };
}

/** Hears one message of a WebSocket, which holds one event, and gives what it says: what several answers cost is added up. */
export function hearUsage(x: Exchange, message: Buffer): Usage {
  const reader = readerFor(x);
  if (!reader) return NO_USAGE;
  reader.push(message);
  x.notes.usage = addUsage(x.notes.usage, reader.usage);
  return reader.usage;
}

function readerFor({ route }: Exchange): UsageReader | undefined {
  const names = route?.endpoint?.kind === 'model' ? route.dialect.usage : undefined;
  return names && createUsageReader(names);
}
