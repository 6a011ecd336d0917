// Edits a stream of AWS event messages: Bedrock's, where each holds one event as JSON, or as JSON in base64. What changes gets
// its lengths and checksums anew; every other message leaves as the bytes it came as. What is no such stream passes untouched.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
import { crc32 } from './crc32.ts';
import type { EventEditor } from './frame.ts';
import { latin1, type StreamTransform } from './stream-transform.ts';

/** Two lengths and their checksum; then come headers, payload and the checksum of it all. */
const PRELUDE = 12;
const CHECKSUM = 4;
const EMPTY = Buffer.alloc(0);
/** InvokeModelWithResponseStream wraps an event: base64 beside padding that hides its length. */
const WRAPPED = /^\{"bytes":"([A-Za-z0-9+/=]*)"/;
const BEFORE_BASE64 = '{"bytes":"'.length;

/** An editor for one stream. From a message larger than `maxMessageBytes` on, or one that is none, everything passes, unless `onBroken` throws. */
export function createFramesEditor(events: EventEditor, maxMessageBytes: number, onBroken: () => void = () => {}): StreamTransform {
  let waiting: Buffer = EMPTY;
  let broken = false;
  // How an event that was held back becomes a message again.
  let pack: (bytes: Buffer) => Buffer = sealed;

  function edited(message: Buffer): Buffer[] {
    const from = PRELUDE + message.readUInt32BE(4);
    const to = message.length - CHECKSUM;
    const payload = message.subarray(from, to);
    const base64 = WRAPPED.exec(payload.toString('latin1'))?.[1];
    if (base64 === undefined) {
      pack = sealed;
      const out = events.event({ raw: message, again: message, data: payload, rawOffset: (offset) => from + offset, plain: latin1 });
      return out ? out.map(pack) : [message];
    }
    const at = from + BEFORE_BASE64;
    pack = (bytes) =>
      sealed(Buffer.concat([message.subarray(0, at), Buffer.from(bytes.toString('base64')), message.subarray(at + base64.length)]));
    const event = Buffer.from(base64, 'base64');
    const out = events.event({ raw: event, again: event, data: event, rawOffset: (offset) => offset, plain: latin1 });
    return out ? out.map((bytes) => (bytes === event ? message : pack(bytes))) : [message];
  }

  return {
    push(chunk) {
      if (broken) return chunk;
      const bytes = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      const out: Buffer[] = [];
      let at = 0;
      for (;;) {
        const length = lengthAt(bytes, at, maxMessageBytes);
        if (length === undefined) {
          broken = true;
          onBroken();
          out.push(...events.flush().map(pack), bytes.subarray(at));
          at = bytes.length;
          break;
        }
        if (bytes.length - at < length) break;
        out.push(...edited(bytes.subarray(at, at + length)));
        at += length;
      }
      waiting = bytes.subarray(at);
      return out.length === 1 ? out[0]! : Buffer.concat(out);
    },
    end: () => Buffer.concat([...events.flush().map(pack), waiting]),
    get restored() {
      return events.restored;
    },
  };
}

/** The length of the message at `at`, of its prelude while that is not there; undefined if none is there. */
function lengthAt(bytes: Buffer, at: number, maxMessageBytes: number): number | undefined {
  if (bytes.length - at < PRELUDE) return PRELUDE;
  const length = bytes.readUInt32BE(at);
  const headers = bytes.readUInt32BE(at + 4);
  const sound = crc32(bytes.subarray(at, at + 8)) === bytes.readUInt32BE(at + 8);
  return sound && length <= maxMessageBytes && PRELUDE + headers + CHECKSUM <= length ? length : undefined;
}

/** A message whose payload was changed, with its length and checksums put right in place. */
function sealed(message: Buffer): Buffer {
  const end = message.length - CHECKSUM;
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  message.writeUInt32BE(crc32(message.subarray(0, end)), end);
  return message;
}
