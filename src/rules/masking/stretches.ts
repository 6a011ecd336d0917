// Which stretches of a body are worth a look: the words round each literal anchor and round each run of digits. Two cheap passes over
// all bytes, so that most of a body is never made a text. It must not decide whether a value is there.
import type { AnchorWord } from './anchor-table.ts';
import { compileAnchors } from './anchors.ts';
import type { Detector } from './detector.ts';
import { findDigitRuns } from './digit-runs.ts';
import { disguises } from './fold.ts';

/** Bytes `[start, end)` to look at, beginning and ending at whole characters, and who may find something there. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** A bit for each detector, by rank: the first thirty, and the others. */
  readonly low: number;
  readonly high: number;
}

/** Bits in a word that stays a small integer. Detectors beyond the second word share its last bit. */
const BITS = 30;

/** The bits of the detector of this rank. */
export function bitsOf(rank: number): { readonly low: number; readonly high: number } {
  return rank < BITS ? { low: 1 << rank, high: 0 } : { low: 0, high: 1 << Math.min(rank - BITS, BITS - 1) };
}

/** Escapes and bytes that can hide a part of an anchor, in Latin-1: `\u0040`, full-width forms, characters of no width, odd hyphens. */
const DISGUISES = [
  ...['\\u00', '\\u20', '\\uff', '\\uFF', '\\ufe', '\\uFE'],
  ...[
    '\xef\xbc\xa0',
    '\xef\xbc\x8d',
    '\xef\xbb\xbf',
    '\xe2\x80\x8b',
    '\xe2\x80\x8c',
    '\xe2\x80\x8d',
    '\xe2\x81\xa0',
    '\xe2\x80\x90',
    '\xe2\x80\x91',
  ],
  '\xc2',
];
const SOFT_HYPHEN = 0xad;
/** How far from an anchor the word it stands in is followed. Longer values are found as far as that. */
const BEFORE = 512;
const AFTER = 16_384;
/** The same for a run of digits. */
const NEAR = 64;

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Gives the stretches of `bytes`, in order and apart, in which something that begins at `from` or later may stand. */
export type Stretches = (bytes: Buffer, from: number) => readonly Stretch[];

/** Compiles the passes for these detectors. */
export function compileStretches(detectors: readonly Detector[]): Stretches {
  const anchors = anchorsOf(detectors);
  const pass = compileAnchors([...anchors, ...DISGUISES.map((text) => ({ text }))]);
  const ofAnchor = anchors.map((anchor) => detectors.filter((detector) => has(detector, anchor)));
  // What is disguised may be a part of any anchor.
  const reach = [...ofAnchor.map(reachOf), ...DISGUISES.map(() => reachOf(detectors))];
  const rankOf = new Map(detectors.map((detector, rank) => [detector, rank] as const));
  const bitOf = (detector: Detector) => bitsOf(rankOf.get(detector)!);
  const all = union(detectors.map(bitOf));
  const bold = ofAnchor.map((own) => union(own.filter((detector) => !detector.glance).map(bitOf)));
  const shy = ofAnchor.map((own) =>
    own.filter((detector) => detector.glance).map((detector) => ({ look: detector.glance!, ...bitOf(detector) })),
  );
  const lengths = anchors.map((anchor) => anchor.text.length);
  const counting = detectors.filter((detector) => detector.digits !== undefined);
  const digitBits = counting.map(bitOf);
  const leastDigits = Math.min(...counting.map((detector) => detector.digits!));
  const digitReach = reachOf(counting);

  function roundAnchors(bytes: Buffer, from: number): Stretch[] {
    const out: Stretch[] = [];
    let reached = -1;
    pass(bytes, from, bytes.length, (word, at) => {
      let { low, high } = all;
      if (word >= anchors.length) {
        if (!isDisguise(bytes, at, DISGUISES[word - anchors.length]!)) return;
      } else {
        low = bold[word]!.low;
        high = bold[word]!.high;
        const after = at + lengths[word]!;
        const looks = shy[word]!;
        for (let i = 0; i < looks.length; i++) {
          if (!looks[i]!.look(bytes, at, after)) continue;
          low |= looks[i]!.low;
          high |= looks[i]!.high;
        }
        // Most anchors of most texts end here.
        if ((low | high) === 0) return;
      }
      const { before, after } = reach[word]!;
      const far = Math.min(bytes.length, at + AFTER + after);
      if (far <= reached) {
        wake(out, low, high);
        return;
      }
      const near = Math.max(0, at - before);
      const start = wordStart(bytes, near, Math.max(0, near - BEFORE, reached));
      reached = wordEnd(bytes, Math.max(reached, Math.min(bytes.length, at + 1 + after)), far);
      add(out, start, reached, low, high);
    });
    return out;
  }

  function roundDigits(bytes: Buffer, from: number): Stretch[] {
    const out: Stretch[] = [];
    findDigitRuns(bytes, from, bytes.length, leastDigits, (at, until, count) => {
      let low = 0;
      let high = 0;
      for (let i = 0; i < counting.length; i++) {
        const { digits, digitGlance } = counting[i]!;
        if (count < digits! || digitGlance?.(bytes, at, until, count) === false) continue;
        low |= digitBits[i]!.low;
        high |= digitBits[i]!.high;
      }
      if ((low | high) === 0) return;
      const near = Math.max(0, at - digitReach.before);
      const far = Math.min(bytes.length, until + digitReach.after);
      add(out, wordStart(bytes, near, Math.max(0, near - NEAR)), wordEnd(bytes, far, Math.min(bytes.length, far + NEAR)), low, high);
    });
    return out;
  }

  return (bytes, from) => {
    const begin = Math.max(0, from - BEFORE);
    const stretches = roundAnchors(bytes, begin);
    return counting.length === 0 ? stretches : merged(stretches, roundDigits(bytes, begin));
  };
}

/** Adds a stretch behind or upon the last ones: those it touches become a part of it. */
function add(out: Stretch[], start: number, end: number, low: number, high: number): void {
  let whole: Stretch = { start, end, low, high };
  for (let last = out.at(-1); last && last.end >= whole.start; last = out.at(-1)) {
    out.pop();
    whole = {
      start: Math.min(whole.start, last.start),
      end: Math.max(whole.end, last.end),
      low: whole.low | last.low,
      high: whole.high | last.high,
    };
  }
  out.push(whole);
}

/** Wakes more detectors for the last stretch, which has grown as far as it may. */
function wake(out: Stretch[], low: number, high: number): void {
  const last = out.at(-1)!;
  if ((last.low & low) === low && (last.high & high) === high) return;
  out[out.length - 1] = { ...last, low: last.low | low, high: last.high | high };
}

function union(sets: readonly { readonly low: number; readonly high: number }[]): { readonly low: number; readonly high: number } {
  return sets.reduce((a, b) => ({ low: a.low | b.low, high: a.high | b.high }), { low: 0, high: 0 });
}

/** Two lists in order as one. */
function merged(left: readonly Stretch[], right: readonly Stretch[]): Stretch[] {
  const out: Stretch[] = [];
  for (let l = 0, r = 0; l < left.length || r < right.length; ) {
    const next = r >= right.length || (l < left.length && left[l]!.start <= right[r]!.start) ? left[l++]! : right[r++]!;
    add(out, next.start, next.end, next.low, next.high);
  }
  return out;
}

/** The anchors of these detectors, each once for each way its case counts and for each that asks for something beside it. */
export function anchorsOf(detectors: readonly Detector[]): AnchorWord[] {
  const known = new Map<string, AnchorWord>();
  for (const detector of detectors) {
    for (const text of detector.anchors) {
      const anchor = anchorOf(detector, text);
      known.set(`${anchor.anyCase} ${anchor.beside === undefined ? '' : detector.name} ${text}`, anchor);
    }
  }
  return [...known.values()];
}

function anchorOf({ anyCase = false, beside }: Detector, text: string): AnchorWord {
  return { text, anyCase, beside: text.length === 1 ? beside : undefined };
}

function has(detector: Detector, anchor: AnchorWord): boolean {
  const own = anchorOf(detector, anchor.text);
  return detector.anchors.includes(anchor.text) && own.anyCase === anchor.anyCase && own.beside === anchor.beside;
}

function reachOf(detectors: readonly Detector[]): { readonly before: number; readonly after: number } {
  const own = detectors.map((detector) => detector.reach ?? { before: 0, after: 0 });
  return { before: Math.max(0, ...own.map((r) => r.before)), after: Math.max(0, ...own.map((r) => r.after)) };
}

/** Whether what stands at `at` disguises a character that values are made of. Escaped controls, quotes and brackets are ordinary, and so are emoji. */
function isDisguise(bytes: Buffer, at: number, how: string): boolean {
  if (how.charCodeAt(0) === BACKSLASH) {
    const code = Number.parseInt(bytes.toString('latin1', at + 2, at + 6), 16);
    return code < 0x80 ? /[A-Za-z0-9%+\-./:=@_]/.test(String.fromCharCode(code)) : disguises(code);
  }
  const end = at + Math.max(2, how.length);
  return (how.length > 1 || bytes[at + 1] === SOFT_HYPHEN) && isPlain(bytes[at - 1]) && isPlain(bytes[end]);
}

function isPlain(byte: number | undefined): boolean {
  return byte !== undefined && byte > SPACE && byte < 0x80;
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
  // Where a value ends is seen by the quote behind it.
  return bytes[i] === QUOTE ? i + 1 : i;
}
