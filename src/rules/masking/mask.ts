// Masks what leaves: finds values in bodies, fields and queries and says which bytes a placeholder replaces. Edits are splices;
// where a dialect says a string is opaque nothing is edited. What is no valid JSON is text, and all of it is scanned.
import { Fault } from '../../fault.ts';
import type { Dialect } from '../provider.ts';
import type { Detector } from './detector.ts';
import { type Decision, type FindingRules, NO_RULES } from './finding-rules.ts';
import { KIND_ROWS, type Kind, type MaskAction } from './kinds.ts';
import { KNOWN_VALUE, withKnownValues } from './known-scan.ts';
import type { KnownSet } from './known-values.ts';
import { withPatterns } from './pattern-scan.ts';
import { findEncoded } from './percent.ts';
import type { Placeholders } from './placeholders.ts';
import { DETECTORS } from './registry.ts';
import { createScanner, type Finding, type Scanner, scannerOf } from './scan.ts';
import { createSegments, SEGMENT_BYTES, type Segments } from './segments.ts';
import { createStreamScanner, type StreamScanner } from './stream-scan.ts';
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
  /** A kind found whose action is `block`, and the rule that says so if one does. */
  readonly blocked: string | undefined;
  /** Values found by the user's rule that decided on them; left out where none did. */
  readonly byRule?: Readonly<Record<string, number>>;
}

/** What a header field's value or a part of a query holds, and what to send instead. */
export interface ValueScan {
  readonly text: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly blocked: string | undefined;
  readonly byRule?: Readonly<Record<string, number>>;
}

/** Masks by one policy. Remembers the segments of bodies of late. */
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
  /** What is found in a text and what happens to each, for whoever explains it. Offsets in UTF-16 code units. */
  findings(text: string): readonly (Finding & Decision)[];
  /** Whether anything is kept from leaving. */
  readonly holds: boolean;
  /** Finds what must not leave in a stream that is too large to be collected. */
  stream(): StreamScanner;
}

/** A finding or a part of one, and the value it stands for; `opaque` ones are not edited. */
interface Placed {
  readonly start: number;
  readonly end: number;
  readonly detector: Detector;
  readonly value: string;
  readonly opaque: boolean;
  /** It stands in no string of a document, so what replaces it is one. */
  readonly bare: boolean;
  /** A finding is counted with its first part. */
  readonly isFirst: boolean;
}

const HOLDING: ReadonlySet<MaskAction> = new Set<MaskAction>(['mask', 'redact', 'block']);
const NOTHING: Scan = Object.freeze({ edits: Object.freeze([]), counts: Object.freeze({}), blocked: undefined });
/** Some clients begin with it; it belongs to no document. */
const BOM = Buffer.from('\uFEFF');
const MAX_REMEMBERED_BYTES = 16 * 1024 * 1024;

/** A masker. For a kind that `actions` does not name the default holds. */
export function createMasker(options: {
  readonly placeholders: Placeholders;
  readonly actions: Readonly<Partial<Record<Kind, MaskAction>>>;
  /** Values that are found wherever they stand, as secrets; asked anew for each body. */
  readonly known?: (() => KnownSet | undefined) | undefined;
  /** The user's own, which decide before `actions`. */
  readonly rules?: FindingRules;
  /** What clients hold in place of keys: no secret, though it has the form of one, and the key is put in where it stands. */
  readonly standIns?: readonly string[];
  /** For tests; all there are otherwise. */
  readonly detectors?: readonly Detector[];
}): Masker {
  const { placeholders, actions, rules = NO_RULES, standIns = [] } = options;
  const decisionOn = (detector: Detector) => rules.decide(detector, actions);
  const decided = (finding: Finding) => ({ ...finding, ...decisionOn(finding.detector) });
  const holds = (detector: Detector) => HOLDING.has(decisionOn(detector).action);
  const active = DETECTORS.filter((detector) => decisionOn(detector).action !== 'off');
  const plain = options.detectors ? createScanner(options.detectors) : scannerOf(active);
  const typed = rules.patterns.length > 0 ? withPatterns(plain, rules.patterns) : plain;
  let known: KnownSet | undefined;
  let scanner = typed;
  let segments = createSegments<Placed>(MAX_REMEMBERED_BYTES);

  /** What was looked at before a value was known must be looked at again. */
  function current(): Scanner {
    const now = decisionOn(KNOWN_VALUE).action === 'off' ? undefined : options.known?.();
    if (now !== known) {
      known = now;
      scanner = now ? withKnownValues(typed, now, holds) : typed;
      segments = createSegments(MAX_REMEMBERED_BYTES);
    }
    return scanner;
  }

  function decide(placed: readonly Placed[]): Scan {
    if (placed.length === 0) return NOTHING;
    const edits: Edit[] = [];
    const counts: Record<string, number> = {};
    let byRule: Record<string, number> | undefined;
    let blocked: string | undefined;
    for (const { start, end, detector, value, opaque, bare, isFirst } of placed) {
      const { action, rule } = decisionOn(detector);
      if (opaque || action === 'off' || standIns.some((own) => own.endsWith(value))) continue;
      const { kind, word } = detector;
      if (isFirst) counts[kind] = (counts[kind] ?? 0) + 1;
      if (isFirst && rule !== undefined) byRule = { ...byRule, [rule]: (byRule?.[rule] ?? 0) + 1 };
      if (action === 'block') blocked ??= rule === undefined ? kind : `${kind} (rule ${rule})`;
      if (action !== 'mask' && action !== 'redact') continue;
      const stand = action === 'mask' ? placeholders.placeholderFor(word, value) : `[${tagWord(detector)}_REDACTED]`;
      edits.push({ start, end, text: bare ? `"${stand}"` : stand, kind });
    }
    return { edits, counts, blocked, ...(byRule && { byRule }) };
  }

  function text(bytes: Buffer): Scan {
    const found = current().bytes(bytes);
    return decide(found.flatMap((finding) => place(finding, reader(bytes, 0), false)));
  }

  function form(bytes: Buffer): Scan {
    const found = findEncoded(bytes, current());
    return decide(found.flatMap(({ finding, read }) => place(finding, read, false)));
  }

  return {
    text,
    json(bytes, dialect) {
      const placed = findInDocument(bytes, dialect, current(), segments);
      return placed ? decide(placed) : text(bytes);
    },
    lines(bytes, dialect) {
      const walk = new JsonWalk(true);
      const placed = placeAll(walk, bytes, dialect, current().bytes(bytes));
      return walk.complete ? decide(placed) : text(bytes);
    },
    form,
    value(value) {
      const found = current().text(value);
      return spliced(value, decide(found.flatMap((finding) => place(finding, (start, end) => value.slice(start, end), false))));
    },
    findings: (own) => current().text(own).map(decided),
    holds: rules.rules.some(({ action }) => HOLDING.has(action)) || active.some(holds),
    stream: () => createStreamScanner(current(), holds),
    query: (query) => spliced(query, form(Buffer.from(query, 'latin1'))),
  };
}

/** A kind of the user's own has the word of its rule. */
function tagWord({ kind, word }: Detector): string {
  return Object.hasOwn(KIND_ROWS, kind) ? KIND_ROWS[kind].word : word;
}

/** The text with the edits of a scan made, whose offsets are its code units. */
function spliced(text: string, { edits, ...found }: Scan): ValueScan {
  let out = '';
  let from = 0;
  for (const edit of edits) {
    out += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return { ...found, text: out + text.slice(from) };
}

/** What is found in a document, segment by segment: those met before are not looked at again. Undefined where it is no JSON. */
function findInDocument(bytes: Buffer, dialect: Dialect, scanner: Scanner, segments: Segments<Placed>): Placed[] | undefined {
  const out: Placed[] = [];
  let walk = new JsonWalk();
  let place = walk.place();
  let at = bytes.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
  let isOwn = true;
  while (at < bytes.length) {
    let segment = segments.find(dialect, place, bytes, at);
    if (segment) {
      walk = segment.after;
      isOwn = false;
    } else {
      if (!isOwn) walk = walk.clone();
      const before = walk.clone();
      walk.wanted = Number.POSITIVE_INFINITY;
      const end = walk.push(bytes, at, () => {}, at + SEGMENT_BYTES);
      if (walk.broken) return undefined;
      const own = bytes.subarray(at, end);
      const found = scanner.bytes(own);
      segment = segments.add(dialect, place, own, found.length === 0 ? [] : placeAll(before, own, dialect, found), walk.clone());
      isOwn = true;
    }
    for (const one of segment.found) out.push({ ...one, start: one.start + at, end: one.end + at });
    place = segment.placeAfter;
    at += segment.bytes.length;
  }
  return walk.complete ? out : undefined;
}

/** Walks on to the end of the bytes and notes where each finding stands. */
function placeAll(walk: JsonWalk, bytes: Buffer, dialect: Dialect, found: readonly Finding[]): Placed[] {
  const out: Placed[] = [];
  let next = 0;
  // What stands in no string is no place of any dialect.
  const outside = (to: number) => {
    for (; next < found.length && found[next]!.start < to; next++) {
      const { start, end, detector } = found[next]!;
      if (detector !== KNOWN_VALUE || bytes.subarray(start, end).every(isOfNumber)) out.push(...placeBare(found[next]!, bytes));
    }
  };
  const visit = (start: number, end: number) => {
    outside(start);
    for (; next < found.length && found[next]!.start < end; next++) {
      // A known value may hold quotes: what looks like it across strings is the document.
      if (found[next]!.end > end) continue;
      const path = walk.path();
      const head = walk.head();
      const read = reader(bytes, levelsOf(path.at(-1), head));
      out.push(...place(found[next]!, read, dialect.isOpaque(path, walk.type(), head)));
    }
    walk.wanted = found[next]?.start ?? bytes.length;
  };
  walk.wanted = found[0]?.start ?? bytes.length;
  walk.push(bytes, 0, visit);
  outside(bytes.length);
  return out;
}

/** A finding outside all strings of a document is a number: all of it is replaced. */
function placeBare(finding: Finding, bytes: Buffer): Placed[] {
  let { maskStart, end } = finding;
  while (isOfNumber(bytes[maskStart - 1])) maskStart--;
  while (isOfNumber(bytes[end])) end++;
  return place({ ...finding, maskStart, end, parts: undefined }, reader(bytes, 0), false).map((one) => ({ ...one, bare: true }));
}

function isOfNumber(byte: number | undefined): boolean {
  return byte !== undefined && /[-+.\dEe]/.test(String.fromCharCode(byte));
}

/** What is replaced of a finding, with `read` for a stretch as it stands. */
function place({ maskStart, end, parts, detector }: Finding, read: (start: number, end: number) => string, opaque: boolean): Placed[] {
  return (parts ?? [{ start: maskStart, end }]).map((part, i) => ({
    ...part,
    detector,
    value: read(part.start, part.end),
    opaque,
    bare: false,
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
