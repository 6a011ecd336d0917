// Edits a stream of server-sent events as it comes. Events that nobody edits leave as the bytes they came as, in the
// order they came; framing, ids, comments and line ends are kept. It must not know what an event says.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
import type { EventEditor, Frame } from './frame.ts';
import { isOmen } from './placeholder-shape.ts';
import { latin1, type StreamTransform } from './stream-transform.ts';

const LF = 0x0a;
const CR = 0x0d;
const DATA = Buffer.from('data');
const COLON = 0x3a;
const NEWLINE = Buffer.from('\n');
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** An editor for one stream. An event larger than `maxEventBytes` passes as it is, unless `onTooLarge` throws. */
export function createSseEditor(events: EventEditor, maxEventBytes: number, onTooLarge: () => void = () => {}): StreamTransform {
  // The event that is not complete, as far as it came in earlier pieces.
  let parts: Buffer[] = [];
  let partBytes = 0;
  let atLineStart = true;
  let afterCr = false;
  let hot = false;
  let tooLarge = false;
  let isFirst = true;

  function edited(raw: Buffer, last: boolean): Buffer[] | undefined {
    const frame = hot || events.attentive ? frameOf(raw, isFirst) : undefined;
    isFirst = false;
    hot = false;
    return frame && events.event(frame, last);
  }

  function push(chunk: Buffer): Buffer {
    const out: Buffer[] = [];
    // From `sent` on bytes of this piece have not left; at `begin` the event begins that is being read.
    let sent = 0;
    let begin = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (byte !== LF && byte !== CR) {
        atLineStart = false;
        afterCr = false;
        if ((byte | 0x20) === 0x73 && !hot && isOmen(chunk, i)) hot = true;
        continue;
      }
      if (byte === LF && afterCr) {
        afterCr = false;
        // The second half of the line end that completed an event.
        if (begin === i && parts.length === 0) begin = i + 1;
        continue;
      }
      afterCr = byte === CR;
      if (!atLineStart) {
        atLineStart = true;
        continue;
      }
      const end = i + 1;
      if (!tooLarge) {
        const piece = chunk.subarray(begin, end);
        const frames = edited(parts.length === 0 ? piece : Buffer.concat([...parts, piece]), false);
        if (frames) {
          if (begin > sent) out.push(chunk.subarray(sent, begin));
          out.push(...frames);
          sent = end;
        } else out.push(...parts);
        parts = [];
        partBytes = 0;
      }
      tooLarge = false;
      hot = false;
      begin = end;
    }
    if (begin < chunk.length && !tooLarge) {
      partBytes += chunk.length - begin;
      if (partBytes > maxEventBytes) {
        tooLarge = true;
        onTooLarge();
        out.push(...parts);
        parts = [];
        partBytes = 0;
      } else parts.push(chunk.subarray(begin));
    }
    const until = tooLarge ? chunk.length : begin;
    if (out.length === 0 && sent === 0 && until === chunk.length) return chunk;
    if (until > sent) out.push(chunk.subarray(sent, until));
    return out.length === 1 ? out[0]! : Buffer.concat(out);
  }

  return {
    push,
    end() {
      const raw = Buffer.concat(parts);
      parts = [];
      const frames = raw.length === 0 ? undefined : edited(raw, true);
      return frames ? Buffer.concat(frames) : Buffer.concat([...events.flush(), raw]);
    },
    get restored() {
      return events.restored;
    },
  };
}

/** The event's data, lines joined as a client joins them; undefined if it has none. */
function frameOf(raw: Buffer, isFirst: boolean): Frame | undefined {
  const lines: { readonly start: number; readonly end: number }[] = [];
  let from = isFirst && raw.subarray(0, 3).equals(BOM) ? 3 : 0;
  while (from < raw.length) {
    let end = from;
    while (end < raw.length && raw[end] !== LF && raw[end] !== CR) end++;
    if (raw.compare(DATA, 0, 4, from, Math.min(from + 4, end)) === 0 && (raw[from + 4] === COLON || from + 4 === end)) {
      // The space behind the colon may stay: JSON takes it.
      lines.push({ start: Math.min(from + 5, end), end });
    }
    from = end + 1;
  }
  const first = lines[0];
  if (!first) return undefined;
  const again = atCrLf(raw) ? Buffer.concat([raw, NEWLINE]) : raw;
  const plain = (value: string) => latin1(value).replace(/\r\n|\r|\n/g, '\ndata: ');
  if (lines.length === 1)
    return { raw, again, data: raw.subarray(first.start, first.end), rawOffset: (offset) => first.start + offset, plain };
  const data = Buffer.concat(
    lines.flatMap(({ start, end }, i) => (i === 0 ? [raw.subarray(start, end)] : [NEWLINE, raw.subarray(start, end)])),
  );
  const rawOffset = (offset: number) => {
    let left = offset;
    let i = 0;
    // An offset at the end of a line stays in that line.
    for (; left > lines[i]!.end - lines[i]!.start; i++) left -= lines[i]!.end - lines[i]!.start + 1;
    return lines[i]!.start + left;
  };
  return { raw, again, data, rawOffset, plain };
}

/** Whether the event was taken at the CR of a line end whose LF is still to come. */
function atCrLf(raw: Buffer): boolean {
  return raw.at(-1) === CR && raw.includes('\r\n');
}
