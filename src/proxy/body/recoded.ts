// An edit inside a content coding: undone before it, redone behind it, flushed piece by piece so that no event waits. Pieces that unpack to
// much are taken in small slices, so that many such replies at once stay small. It must not know what the edit does.
import type { BodyTransform } from '../exchange.ts';
import { createDecoder, createEncoder } from './decode.ts';

/** What is unpacked in one go: at most so many encoded bytes, and of what unpacks to much about so many decoded ones. */
const MOST_SLICE_BYTES = 16 * 1024;
const LEAST_SLICE_BYTES = 256;
const DECODED_BYTES = 256 * 1024;
/** Nothing is known of the first slice. */
const FIRST_SLICE_BYTES = 1024;
/** A decoder that gave nothing yet may give much next time. */
const MOST_GROWTH = 4;
const NOTHING = Buffer.alloc(0);

/** `plain` as an edit of bytes in the codings of `encoding`, which must be known. Rejects as a decoder does. */
export function recoded(plain: BodyTransform, encoding: string): BodyTransform {
  const decoder = createDecoder(encoding);
  const encoder = createEncoder(encoding);
  let sliceBytes = FIRST_SLICE_BYTES;
  return {
    push: async (piece) => {
      const out: Buffer[] = [];
      for (let at = 0; at < piece.length; ) {
        const slice = piece.subarray(at, at + sliceBytes);
        at += slice.length;
        const decoded = await decoder.push(slice);
        const fitting = decoded.length === 0 ? Infinity : Math.floor((DECODED_BYTES * slice.length) / decoded.length);
        sliceBytes = Math.max(LEAST_SLICE_BYTES, Math.min(fitting, sliceBytes * MOST_GROWTH, MOST_SLICE_BYTES));
        const edited = await plain.push(decoded);
        if (edited.length > 0) out.push(await encoder.push(edited));
      }
      return out.length === 1 ? out[0]! : Buffer.concat(out);
    },
    end: async () => {
      const rest = await decoder.end();
      const edited = Buffer.concat([await plain.push(rest), await plain.end()]);
      const out = edited.length === 0 ? edited : await encoder.push(edited);
      return Buffer.concat([out, await encoder.end()]);
    },
    lastWords: async (fault) => {
      const words = await plain.lastWords?.(fault);
      return words && words.length > 0 ? encoder.push(words) : NOTHING;
    },
    close: () => {
      decoder.close();
      encoder.close();
    },
  };
}
