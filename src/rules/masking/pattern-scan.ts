// A scanner that finds users' patterns besides what detectors find. A pattern sees what stands between two quotation marks, with escapes
// undone, and never reaches over one. What lies within one of its findings is named by it. It must not know what happens to a finding.
import { isUtf8 } from 'node:buffer';
import type { PatternDetector } from './finding-rules.ts';
import { liesWithin, mergeFindings } from './merge-findings.ts';
import { type Finding, type Scanner, scannerOfBytes } from './scan.ts';
import { unescapeDeep } from './unescape.ts';

/** The scanner with the patterns. */
export function withPatterns(scanner: Scanner, patterns: readonly PatternDetector[]): Scanner {
  const scanBytes = (bytes: Buffer, from = 0): Finding[] => {
    const typed = scanner.bytes(bytes, from);
    const own = findPatterns(bytes, patterns).filter(({ start }) => start >= from);
    return own.length === 0 ? typed : mergeFindings(typed, own, liesWithin);
  };
  return scannerOfBytes(scanBytes);
}

/** In order and apart; of two patterns that overlap the one that begins first, or the one given first. */
function findPatterns(bytes: Buffer, patterns: readonly PatternDetector[]): Finding[] {
  const wide = isUtf8(bytes);
  const text = bytes.toString(wide ? 'utf8' : 'latin1');
  const found: Finding[] = [];
  for (const { from, to } of piecesOf(text)) {
    const view = unescapeDeep(text.slice(from, to));
    for (const { detector, pattern } of patterns)
      for (const { start, end } of pattern.findAll(view.text)) {
        const at = from + view.origin[start]!;
        found.push({ start: at, maskStart: at, end: from + view.origin[end]!, parts: undefined, detector });
      }
  }
  found.sort((a, b) => a.start - b.start);
  let last = 0;
  let unit = 0;
  let byte = 0;
  const byteAt = (to: number): number => {
    byte += wide ? Buffer.byteLength(text.slice(unit, to)) : to - unit;
    unit = to;
    return byte;
  };
  return found
    .filter(({ start, end }) => {
      if (start < last) return false;
      last = end;
      return true;
    })
    .map(({ start, end, detector }) => {
      const at = byteAt(start);
      return { start: at, maskStart: at, end: byteAt(end), parts: undefined, detector };
    });
}

/** What stands between quotation marks, of strings and of JSON in strings. */
function* piecesOf(text: string): Generator<{ readonly from: number; readonly to: number }> {
  for (let from = 0; from < text.length; ) {
    const quote = text.indexOf('"', from);
    let to = quote < 0 ? text.length : quote;
    const next = to + 1;
    // The backslashes of an escaped mark belong to it.
    while (to > from && text[to - 1] === '\\') to--;
    if (to > from) yield { from, to };
    from = next;
  }
}
