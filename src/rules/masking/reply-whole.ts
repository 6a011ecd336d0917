// Restores JSON documents whole, one after the other, where it matters which tool's call a string belongs to: the name may stand behind
// the arguments. A document too large to be held passes with its placeholders, and so does all behind it. It must not know the rules.
import type { Dialect } from '../provider.ts';
import { createEventRestorer } from './reply-event.ts';
import type { ReturnSource } from './return-rules.ts';
import { latin1, type StreamTransform } from './stream-transform.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NOTHING = Buffer.alloc(0);

/** A restorer for one reply. `answersJson`: the request asked the model for JSON. */
export function createWholeRestorer(dialect: Dialect, source: ReturnSource, maxBytes: number, answersJson: boolean): StreamTransform {
  const events = createEventRestorer(dialect, source, () => answersJson);
  const same = (offset: number) => offset;
  let waiting: Buffer[] = [];
  let size = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let tooLarge = false;

  function restored(bytes: Buffer): Buffer {
    const out = events.event({ raw: bytes, again: bytes, data: bytes, rawOffset: same, plain: latin1 }, true);
    return out ? Buffer.concat(out) : bytes;
  }

  function take(piece: Buffer): Buffer {
    const bytes = waiting.length === 0 ? piece : Buffer.concat([...waiting, piece]);
    waiting = [];
    size = 0;
    return bytes;
  }

  return {
    push(chunk) {
      if (tooLarge) return chunk;
      const out: Buffer[] = [];
      let from = 0;
      for (let i = 0; i < chunk.length; i++) {
        const byte = chunk[i]!;
        if (inString) {
          if (escaped) escaped = false;
          else if (byte === BACKSLASH) escaped = true;
          else if (byte === QUOTE) inString = false;
        } else if (byte === QUOTE) inString = true;
        else if (byte === 0x7b || byte === 0x5b) depth++;
        else if ((byte === 0x7d || byte === 0x5d) && --depth <= 0) {
          depth = 0;
          const document = take(chunk.subarray(from, i + 1));
          from = i + 1;
          tooLarge = document.length > maxBytes;
          out.push(tooLarge ? document : restored(document));
          if (tooLarge) break;
        }
      }
      const rest = chunk.subarray(from);
      size += rest.length;
      if (tooLarge || size > maxBytes) {
        tooLarge = true;
        out.push(take(rest));
      } else if (rest.length > 0) waiting.push(rest);
      return out.length === 1 ? out[0]! : Buffer.concat(out);
    },
    end() {
      const bytes = take(NOTHING);
      return bytes.length === 0 ? bytes : restored(bytes);
    },
    get restored() {
      return events.restored;
    },
  };
}
