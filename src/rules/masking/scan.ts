// Finds values in bytes and texts: one pass for literal anchors over all of it, then the detectors on the words round each hit.
// Bytes may be JSON as it stands: escapes are undone for looking, offsets are of the bytes. It must not know places or placeholders' values.
import { isUtf8 } from 'node:buffer';
import { compileAnchors } from './anchors.ts';
import type { Detector, Span } from './detector.ts';
import { beginsWithPlaceholder } from './placeholder-shape.ts';
import { DETECTORS } from './registry.ts';
import { unescapeDeep } from './unescape.ts';

/**
 * A value found at `[start, end)`; a placeholder replaces it from `maskStart` on, behind a prefix that stays. Of a value with `parts`
 * each is replaced, and nothing else. Bytes or UTF-16 units.
 */
export interface Finding extends Span {
  readonly maskStart: number;
  readonly parts: readonly Span[] | undefined;
  readonly detector: Detector;
}

/** Scans with a fixed set of detectors. Findings are in order and do not overlap. */
export interface Scanner {
  /** Offsets in bytes. With `from`, only what begins there or later; what stands before is still seen. */
  bytes(bytes: Buffer, from?: number): Finding[];
  /** Offsets in UTF-16 code units. */
  text(text: string): Finding[];
}

/** An escape can hide a letter of an anchor: `\u0040`. */
const HIDDEN = '\\u00';
/** How far from an anchor the word it stands in is followed. Longer values are found as far as that. */
const BEFORE = 512;
const AFTER = 16_384;

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Compiles the detectors, which takes a millisecond. */
export function createScanner(detectors: readonly Detector[]): Scanner {
  if (detectors.length === 0) return { bytes: () => [], text: () => [] };
  const anchors = [...new Set(detectors.flatMap((detector) => detector.anchors))];
  const pass = compileAnchors([...anchors, HIDDEN]);
  // What is hidden may be a part of any anchor.
  const reach = [...anchors, ''].map((anchor) => {
    const own = detectors.flatMap((one) => (one.reach && (anchor === '' || one.anchors.includes(anchor)) ? [one.reach] : []));
    return { before: Math.max(0, ...own.map((r) => r.before)), after: Math.max(0, ...own.map((r) => r.after)) };
  });
  const glances = anchors.map((anchor) => {
    const own = detectors.filter((detector) => detector.anchors.includes(anchor));
    return own.every((detector) => detector.glance) ? own.map((detector) => detector.glance!) : undefined;
  });
  const inspect = compileInspection(detectors, anchors);

  function scanBytes(bytes: Buffer, from = 0): Finding[] {
    const out: Finding[] = [];
    // The region being gathered, and where the one before ended.
    let open = -1;
    let close = -1;
    let floor = 0;
    pass(bytes, Math.max(0, from - BEFORE), bytes.length, (word, at) => {
      if (word === anchors.length) {
        if (!hidesLetter(bytes, at)) return;
      } else {
        const looks = glances[word];
        const after = at + anchors[word]!.length;
        if (looks && !looks.some((look) => look(at > 0 ? bytes[at - 1]! : -1, after < bytes.length ? bytes[after]! : -1))) return;
      }
      const { before, after } = reach[word]!;
      const far = Math.min(bytes.length, at + AFTER + after);
      if (far <= close) return;
      const near = Math.max(floor, at - before);
      const left = wordStart(bytes, near, Math.max(floor, near - BEFORE, close));
      if (left > close) {
        if (open >= 0) inspectRegion(bytes, open, close, from, inspect, out);
        floor = Math.max(0, close);
        open = left;
        close = left;
      }
      open = Math.min(open, left);
      close = wordEnd(bytes, Math.max(close, Math.min(bytes.length, at + 1 + after)), far);
    });
    if (open >= 0) inspectRegion(bytes, open, close, from, inspect, out);
    return out;
  }

  return {
    bytes: scanBytes,
    text(text) {
      const bytes = Buffer.from(text);
      const found = scanBytes(bytes);
      return bytes.length === text.length ? found : inCodeUnits(bytes, found);
    },
  };
}

const scanners = new Map<string, Scanner>();

/** The findings of the kinds in a text, in UTF-16 code units. */
export function findSecrets(text: string, kinds: readonly string[]): Finding[] {
  return scannerFor(kinds).text(text);
}

/** The scanner of all detectors of these kinds; the same one for the same kinds. */
export function scannerFor(kinds: readonly string[]): Scanner {
  const active = DETECTORS.filter((detector) => kinds.includes(detector.kind));
  const key = active.map((detector) => detector.name).join();
  let scanner = scanners.get(key);
  if (!scanner) {
    scanner = createScanner(active);
    scanners.set(key, scanner);
  }
  return scanner;
}

/** Whether `\u00XX` at `at` stands for a character that values are made of. Escaped controls, quotes and brackets are ordinary. */
function hidesLetter(bytes: Buffer, at: number): boolean {
  const code = Number.parseInt(bytes.toString('latin1', at + HIDDEN.length, at + HIDDEN.length + 2), 16);
  return /[A-Za-z0-9%+\-./:=@_]/.test(String.fromCharCode(code));
}

function isDelimiter(byte: number): boolean {
  return byte <= SPACE || byte === QUOTE;
}

function wordStart(bytes: Buffer, at: number, limit: number): number {
  let i = at;
  while (i > limit && !isDelimiter(bytes[i - 1]!)) i--;
  // Not inside a UTF-8 sequence.
  while (i < at && (bytes[i]! & 0xc0) === 0x80) i++;
  return i;
}

function wordEnd(bytes: Buffer, at: number, limit: number): number {
  let i = at;
  while (i < limit && !isDelimiter(bytes[i]!)) i++;
  while (i < bytes.length && (bytes[i]! & 0xc0) === 0x80) i++;
  return i;
}

/** Looks at one stretch of bytes and adds what it finds at `from` or later. */
function inspectRegion(bytes: Buffer, open: number, close: number, from: number, inspect: Inspection, out: Finding[]): void {
  let high = 0;
  let escaped = false;
  for (let i = open; i < close; i++) {
    const byte = bytes[i]!;
    high |= byte;
    if (byte === BACKSLASH) escaped = true;
  }
  const region = bytes.subarray(open, close);
  const wide = high >= 0x80 && isUtf8(region);
  // Bytes that are no UTF-8 belong to no value.
  const text =
    high < 0x80 ? region.toString('latin1') : wide ? region.toString() : region.toString('latin1').replace(/[\x80-\xff]/g, '\uFFFD');
  const view = escaped ? unescapeDeep(text) : undefined;
  let unit = 0;
  let byte = open;
  const byteAt = (to: number): number => {
    byte += wide ? Buffer.byteLength(text.slice(unit, to)) : to - unit;
    unit = to;
    return byte;
  };
  for (const span of inspect(view ? view.text : text)) {
    const finding = moved(span, (offset) => byteAt(view ? view.origin[offset]! : offset));
    if (finding.start >= from) out.push(finding);
  }
}

/** The finding in other offsets, which are asked for in ascending order. */
export function moved({ start, maskStart, parts, end, detector }: Finding, to: (offset: number) => number): Finding {
  return {
    start: to(start),
    maskStart: to(maskStart),
    parts: parts?.map((part) => ({ start: to(part.start), end: to(part.end) })),
    end: to(end),
    detector,
  };
}

function inCodeUnits(bytes: Buffer, found: readonly Finding[]): Finding[] {
  let unit = 0;
  let byte = 0;
  const unitAt = (to: number): number => {
    unit += bytes.toString('utf8', byte, to).length;
    byte = to;
    return unit;
  };
  return found.map((finding) => moved(finding, unitAt));
}

/** The findings in a text without escapes, in order, none overlapping, placeholders left out. */
type Inspection = (text: string) => Finding[];

interface Claim extends Finding {
  readonly rank: number;
}

function compileInspection(detectors: readonly Detector[], anchors: readonly string[]): Inspection {
  const longestFirst = [...anchors].sort((a, b) => b.length - a.length);
  const anywhere = new RegExp(longestFirst.map((anchor) => RegExp.escape(anchor)).join('|'), 'g');
  // One anchor may begin with another: `sk-ant-` is also where the finder of `sk-` looks.
  const asked = new Map(
    anchors.map((anchor) => [anchor, detectors.filter((d) => d.anchors.some((own) => anchor.startsWith(own)))] as const),
  );
  return (text) => {
    const claims: Claim[] = [];
    anywhere.lastIndex = 0;
    for (let match = anywhere.exec(text); match; match = anywhere.exec(text)) {
      anywhere.lastIndex = match.index + 1;
      for (const detector of asked.get(match[0])!) {
        const found = detector.find(text, match.index);
        if (!found) continue;
        const { start, end, keepPrefix, parts } = found;
        claims.push({ start, maskStart: start + keepPrefix, parts, end, detector, rank: detectors.indexOf(detector) });
      }
    }
    if (claims.length > 1) claims.sort((a, b) => a.start - b.start || b.end - a.end || a.rank - b.rank);
    let end = 0;
    return claims.filter((claim) => {
      if (claim.start < end || beginsWithPlaceholder(text.slice(claim.maskStart, claim.end))) return false;
      end = claim.end;
      return true;
    });
  };
}
