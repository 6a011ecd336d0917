// Looks for values in a stream that is too large to be collected, so that it can be cut before one has left. Holds on to a bounded piece
// of what went before. It must not know what happens then.
import type { Detector } from './detector.ts';
import type { Scanner } from './scan.ts';

/** What a stream holds that is too large to be collected, so that it can be cut. */
export interface StreamScanner {
  /** The findings that end in these bytes, with offsets from the beginning of the stream. Each is reported once. */
  push(chunk: Buffer): readonly { readonly kind: string; readonly start: number; readonly end: number }[];
}

/** How much of what went before is looked at again: longer values are found by their beginnings. */
const OVERLAP = 8192;

/** A scanner for a stream, that reports what `counts`. */
export function createStreamScanner(scanner: Scanner, counts: (detector: Detector) => boolean): StreamScanner {
  let tail: Buffer = Buffer.alloc(0);
  let offset = 0;
  let reported = -1;
  return {
    push(chunk) {
      const bytes = tail.length === 0 ? chunk : Buffer.concat([tail, chunk]);
      const out = [];
      for (const finding of scanner.bytes(bytes)) {
        const start = offset + finding.start;
        if (start <= reported || !counts(finding.detector)) continue;
        reported = start;
        out.push({ kind: finding.detector.kind, start, end: offset + finding.end });
      }
      const keep = Math.min(OVERLAP, bytes.length);
      offset += bytes.length - keep;
      // A copy: the chunk may belong to a pool.
      tail = Buffer.from(bytes.subarray(bytes.length - keep));
      return out;
    },
  };
}
