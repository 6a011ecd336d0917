// Finds values in bytes and texts: one pass for literal anchors over all of it, then the detectors on the words round each hit.
// Bytes may be JSON as it stands: escapes and disguises are undone for looking, offsets are of the bytes. It must not know places or placeholders' values.
import { isUtf8 } from 'node:buffer';
import type { Detector, Span } from './detector.ts';
import { eachDigitGroup } from './digit-groups.ts';
import { foldView } from './fold.ts';
import { beginsWithPlaceholder } from './placeholder-shape.ts';
import { DETECTORS } from './registry.ts';
import { anchorsOf, bitsOf, compileStretches, type Stretch } from './stretches.ts';
import { unescapeDeep, type View } from './unescape.ts';

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

/** Of the sets of detectors that may be asked together so many are kept ready. */
const MAX_INSPECTIONS = 256;

const BACKSLASH = 0x5c;

/** Compiles the detectors, which takes a millisecond. */
export function createScanner(detectors: readonly Detector[]): Scanner {
  if (detectors.length === 0) return { bytes: () => [], text: () => [] };
  const stretchesOf = compileStretches(detectors);
  const inspections = new Map<string, Inspection>();
  // Only those are asked that have something to ask for: most stretches wake one or two.
  const inspectionOf = ({ low, high }: Stretch): Inspection => {
    const key = `${low} ${high}`;
    let inspect = inspections.get(key);
    if (!inspect) {
      inspect = compileInspection(
        detectors.filter((_, rank) => {
          const own = bitsOf(rank);
          return (own.low & low) !== 0 || (own.high & high) !== 0;
        }),
      );
      if (inspections.size >= MAX_INSPECTIONS) inspections.clear();
      inspections.set(key, inspect);
    }
    return inspect;
  };

  function scanBytes(bytes: Buffer, from = 0): Finding[] {
    const out: Finding[] = [];
    for (const stretch of stretchesOf(bytes, from)) inspectRegion(bytes, stretch.start, stretch.end, from, inspectionOf(stretch), out);
    return out;
  }

  return scannerOfBytes(scanBytes);
}

/** A scanner of texts too, made of one of bytes. */
export function scannerOfBytes(scanBytes: Scanner['bytes']): Scanner {
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
  return scannerOf(DETECTORS.filter((detector) => kinds.includes(detector.kind)));
}

/** The scanner of these detectors; the same one for the same. */
export function scannerOf(active: readonly Detector[]): Scanner {
  const key = active.map((detector) => detector.name).join();
  let scanner = scanners.get(key);
  if (!scanner) {
    scanner = createScanner(active);
    scanners.set(key, scanner);
  }
  return scanner;
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
  const plain = escaped ? unescapeDeep(text) : undefined;
  const view = (plain ? hasOther(plain.text) : wide) ? foldView(plain ?? asItIs(text)) : plain;
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

/** Whether a character beyond ASCII is there. */
function hasOther(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return true;
  return false;
}

function asItIs(text: string): View {
  return { text, origin: Uint32Array.from({ length: text.length + 1 }, (_, i) => i) };
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

/** Gives the UTF-16 code unit at an offset of a text's UTF-8 bytes. Offsets are asked for in ascending order. */
export function unitsOf(bytes: Buffer): (offset: number) => number {
  let unit = 0;
  let byte = 0;
  return (offset) => {
    unit += bytes.toString('utf8', byte, offset).length;
    byte = offset;
    return unit;
  };
}

/** Findings in a text's UTF-8 bytes as findings in its code units. */
function inCodeUnits(bytes: Buffer, found: readonly Finding[]): Finding[] {
  const unitAt = unitsOf(bytes);
  return found.map((finding) => moved(finding, unitAt));
}

/** The findings in a text without escapes, in order, none overlapping, placeholders left out. */
type Inspection = (text: string) => Finding[];

interface Claim extends Finding {
  readonly rank: number;
}

function compileInspection(detectors: readonly Detector[]): Inspection {
  const anchors = anchorsOf(detectors);
  const rankOf = new Map(detectors.map((detector, rank) => [detector, rank] as const));
  const passes = [false, true].flatMap((anyCase) => {
    const words = anchors.filter((anchor) => anchor.anyCase === anyCase).map((anchor) => anchor.text);
    return words.length === 0 ? [] : [textPass(detectors, words, anyCase)];
  });
  const counting = detectors.filter((detector) => detector.digits !== undefined);
  return (text) => {
    const claims: Claim[] = [];
    const ask = (detector: Detector, at: number) => {
      const found = detector.find(text, at);
      if (!found) return;
      const { start, end, keepPrefix, parts } = found;
      claims.push({ start, maskStart: start + keepPrefix, parts, end, detector, rank: rankOf.get(detector)! });
    };
    for (const { anywhere, asked, anyCase } of passes) {
      anywhere.lastIndex = 0;
      for (let match = anywhere.exec(text); match; match = anywhere.exec(text)) {
        anywhere.lastIndex = match.index + 1;
        for (const detector of asked.get(anyCase ? match[0].toLowerCase() : match[0])!) ask(detector, match.index);
      }
    }
    if (counting.length > 0) {
      eachDigitGroup(text, (at, length, count) => {
        for (const detector of counting)
          if (count >= detector.digits! && (detector.firstGroups?.includes(length) ?? true)) ask(detector, at);
      });
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

/** How anchors are met in a text. */
interface TextPass {
  readonly anywhere: RegExp;
  readonly anyCase: boolean;
  /** One anchor may begin with another: `sk-ant-` is also where the finder of `sk-` looks. */
  readonly asked: ReadonlyMap<string, readonly Detector[]>;
}

function textPass(detectors: readonly Detector[], words: readonly string[], anyCase: boolean): TextPass {
  const longestFirst = [...words].sort((a, b) => b.length - a.length);
  const own = detectors.filter((detector) => (detector.anyCase ?? false) === anyCase);
  return {
    anywhere: new RegExp(longestFirst.map((word) => RegExp.escape(word)).join('|'), anyCase ? 'gi' : 'g'),
    anyCase,
    asked: new Map(words.map((word) => [word, own.filter((d) => d.anchors.some((anchor) => word.startsWith(anchor)))] as const)),
  };
}
