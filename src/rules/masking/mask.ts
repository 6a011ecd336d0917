// Masks what leaves: finds values in bodies, fields and queries and says which bytes a placeholder replaces. Edits are splices;
// where a dialect says a string is opaque nothing is edited. What is no valid JSON is text, and all of it is scanned.
import { Fault } from '../../fault.ts';
import type { Dialect } from '../provider.ts';
import { DEFAULT_ACTIONS, KIND_ROWS, KINDS, type Kind, type MaskAction } from './kinds.ts';
import { findEncoded } from './percent.ts';
import type { Placeholders } from './placeholders.ts';
import { type Finding, type Scanner, scannerFor } from './scan.ts';
import { createTurns, MARK_EVERY, type Mark } from './turns.ts';
import { levelsOf, unescapeLevels } from './unescape.ts';
import { JsonWalk } from './walk.ts';

/** Replaces the bytes `[start, end)`. `text` is bytes in Latin-1; for masks it is ASCII. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly kind: string;
}

/** What a body holds. */
export interface Scan {
  /** In order, not overlapping. Empty: the body leaves with its own bytes. */
  readonly edits: readonly Edit[];
  /** Values found by kind, those only warned about too. */
  readonly counts: Readonly<Record<string, number>>;
  /** A kind found whose action is `block`. */
  readonly blocked: string | undefined;
}

/** What a header field's value or a part of a query holds, and what to send instead. */
export interface ValueScan {
  readonly text: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly blocked: string | undefined;
}

/** Masks by one policy. Remembers large bodies of late. */
export interface Masker {
  /** A JSON body or WebSocket message. */
  json(bytes: Buffer, dialect: Dialect): Scan;
  /** Several JSON documents in a row. */
  lines(bytes: Buffer, dialect: Dialect): Scan;
  /** Any other text, in UTF-8 or something like it. */
  text(bytes: Buffer): Scan;
  /** A form: names and values, percent-encoded. */
  form(bytes: Buffer): Scan;
  /** A field value. */
  value(text: string): ValueScan;
  /** A query or a part of one, in Latin-1, percent-encoded. */
  query(text: string): ValueScan;
}

/** A finding or a part of one, and the value it stands for; `opaque` ones are not edited. */
interface Placed {
  readonly start: number;
  readonly end: number;
  readonly kind: Kind;
  readonly word: string;
  readonly value: string;
  readonly opaque: boolean;
  /** A finding is counted with its first part. */
  readonly isFirst: boolean;
}

const NOTHING: Scan = Object.freeze({ edits: Object.freeze([]), counts: Object.freeze({}), blocked: undefined });
const MAX_REMEMBERED_BYTES = 16 * 1024 * 1024;

/** A masker. For a kind that `actions` does not name the default holds. */
export function createMasker(options: {
  readonly placeholders: Placeholders;
  readonly actions: Readonly<Partial<Record<Kind, MaskAction>>>;
}): Masker {
  const { placeholders, actions } = options;
  const actionOf = (kind: Kind): MaskAction => actions[kind] ?? DEFAULT_ACTIONS[kind];
  const scanner = scannerFor(KINDS.filter((kind) => actionOf(kind) !== 'off'));
  const turns = createTurns<Placed>(MAX_REMEMBERED_BYTES);

  function decide(placed: readonly Placed[]): Scan {
    const edits: Edit[] = [];
    const counts: Record<string, number> = {};
    let blocked: string | undefined;
    for (const { start, end, kind, word, value, opaque, isFirst } of placed) {
      if (opaque) continue;
      if (isFirst) counts[kind] = (counts[kind] ?? 0) + 1;
      const action = actionOf(kind);
      if (action === 'block') blocked ??= kind;
      if (action === 'mask') edits.push({ start, end, text: placeholders.placeholderFor(word, value), kind });
      if (action === 'redact') edits.push({ start, end, text: `[${KIND_ROWS[kind].word}_REDACTED]`, kind });
    }
    return { edits, counts, blocked };
  }

  function text(bytes: Buffer): Scan {
    const found = scanner.bytes(bytes);
    return found.length === 0 ? NOTHING : decide(found.flatMap((finding) => place(finding, reader(bytes, 0), false)));
  }

  function form(bytes: Buffer): Scan {
    const found = findEncoded(bytes, scanner);
    return found.length === 0 ? NOTHING : decide(found.flatMap(({ finding, read }) => place(finding, read, false)));
  }

  return {
    text,
    json(bytes, dialect) {
      const beginning = turns.begin(bytes, dialect);
      const fresh = scanner.bytes(bytes, beginning.offset);
      if (fresh.length === 0 && beginning.found.length === 0) return NOTHING;
      const { walk } = beginning;
      const placed = [...beginning.found];
      const marks = [...beginning.marks];
      walkTo(walk, bytes, dialect, fresh, beginning.offset, placed, marks);
      if (!walk.complete) return text(bytes);
      turns.remember({ bytes, dialect, found: placed, marks }, beginning.continues);
      return decide(placed);
    },
    lines(bytes, dialect) {
      const walk = new JsonWalk(true);
      const placed: Placed[] = [];
      walkTo(walk, bytes, dialect, scanner.bytes(bytes), 0, placed, []);
      return walk.complete ? decide(placed) : text(bytes);
    },
    form,
    value(value) {
      const found = scanner.text(value);
      return spliced(value, decide(found.flatMap((finding) => place(finding, (start, end) => value.slice(start, end), false))));
    },
    query: (query) => spliced(query, form(Buffer.from(query, 'latin1'))),
  };
}

/** The text with the edits of a scan made, whose offsets are its code units. */
function spliced(text: string, { edits, counts, blocked }: Scan): ValueScan {
  let out = '';
  let from = 0;
  for (const edit of edits) {
    out += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return { text: out + text.slice(from), counts, blocked };
}

/** Walks the body to its end, notes where each finding stands, and leaves marks on the way. */
function walkTo(
  walk: JsonWalk,
  bytes: Buffer,
  dialect: Dialect,
  found: readonly Finding[],
  from: number,
  placed: Placed[],
  marks: Mark[],
): void {
  let next = 0;
  // What stands in no string is no place of any dialect.
  const outside = (to: number) => {
    for (; next < found.length && found[next]!.start < to; next++) placed.push(...place(found[next]!, reader(bytes, 0), false));
  };
  const visit = (start: number, end: number) => {
    outside(start);
    for (; next < found.length && found[next]!.start < end; next++) {
      const path = walk.path();
      const head = walk.head();
      const read = reader(bytes, levelsOf(path.at(-1), head));
      placed.push(...place(found[next]!, read, dialect.isOpaque(path, walk.type(), head)));
    }
    walk.wanted = found[next]?.start ?? bytes.length;
  };
  visit(from, from);
  let offset = from;
  while (offset < bytes.length && !walk.broken) {
    offset = walk.push(bytes, offset, visit, offset + MARK_EVERY);
    outside(offset);
    if (offset < bytes.length && !walk.broken) marks.push({ offset, walk: walk.clone(), found: placed.length });
  }
}

/** What is replaced of a finding, with `read` for a stretch as it stands. */
function place({ maskStart, end, parts, detector }: Finding, read: (start: number, end: number) => string, opaque: boolean): Placed[] {
  return (parts ?? [{ start: maskStart, end }]).map((part, i) => ({
    ...part,
    kind: detector.kind,
    word: detector.word,
    value: read(part.start, part.end),
    opaque,
    isFirst: i === 0,
  }));
}

/** Reads bytes with `levels` levels of escapes undone. */
function reader(bytes: Buffer, levels: number): (start: number, end: number) => string {
  return (start, end) => unescapeLevels(bytes.toString('utf8', start, end), levels);
}

/** The bytes with the edits made. Fault `internal` if edits overlap or lie outside. */
export function applyEdits(bytes: Buffer, edits: readonly Edit[]): Buffer {
  let length = bytes.length;
  let last = 0;
  for (const { start, end, text } of edits) {
    if (start < last || end < start || end > bytes.length) throw new Fault('internal', 'edits overlap');
    length += text.length - (end - start);
    last = end;
  }
  const out = Buffer.allocUnsafe(length);
  let from = 0;
  let to = 0;
  for (const { start, end, text } of edits) {
    to += bytes.copy(out, to, from, start);
    to += out.write(text, to, 'latin1');
    from = end;
  }
  bytes.copy(out, to, from);
  return out;
}

/** What a stream holds that is too large to be collected, so that it can be cut. */
export interface StreamScanner {
  /** The findings that end in these bytes, with offsets from the beginning of the stream. Each is reported once. */
  push(chunk: Buffer): readonly { readonly kind: string; readonly start: number; readonly end: number }[];
}

/** How much of what went before is looked at again: longer values are found by their beginnings. */
const OVERLAP = 8192;

/** A scanner for a stream, of some kinds or of all. */
export function createStreamScanner(kinds: readonly string[] = KINDS): StreamScanner {
  const scanner: Scanner = scannerFor(kinds);
  let tail: Buffer = Buffer.alloc(0);
  let offset = 0;
  let reported = -1;
  return {
    push(chunk) {
      const bytes = tail.length === 0 ? chunk : Buffer.concat([tail, chunk]);
      const out = [];
      for (const finding of scanner.bytes(bytes)) {
        const start = offset + finding.start;
        if (start <= reported) continue;
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
