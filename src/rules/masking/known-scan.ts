// A scanner that finds known values besides what detectors find. Where both find the same, the detector names it: its placeholder says
// more. It must not know which values there are, nor what happens to a finding.
import type { Detector } from './detector.ts';
import type { KnownSet } from './known-values.ts';
import { type Finding, inCodeUnits, type Scanner } from './scan.ts';

/** What names a value that is known and looks like nothing. */
export const KNOWN_VALUE: Detector = {
  name: 'known-value',
  kind: 'secrets',
  word: 'SECRET',
  anchors: [],
  find: () => undefined,
  examples: { yes: [], no: [] },
};

/** The scanner with the set. `holds`: whether a finding of this detector is kept from leaving; one that is not gives way to a known value. */
export function withKnownValues(scanner: Scanner, known: KnownSet, holds: (detector: Detector) => boolean): Scanner {
  const scanBytes = (bytes: Buffer, from = 0): Finding[] => {
    const typed = scanner.bytes(bytes, from);
    const spans = known.find(bytes, from);
    return spans.length === 0
      ? typed
      : merged(
          typed,
          spans.map(({ start, end }) => finding(start, end)),
          holds,
        );
  };
  return {
    bytes: scanBytes,
    text(text) {
      const bytes = Buffer.from(text);
      const found = scanBytes(bytes);
      return bytes.length === text.length ? found : inCodeUnits(bytes, found);
    },
  };
}

function finding(start: number, end: number): Finding {
  return { start, maskStart: start, end, parts: undefined, detector: KNOWN_VALUE };
}

/** Both in order and apart. What of a known value no detector holds stays a finding of its own. */
function merged(typed: readonly Finding[], known: readonly Finding[], holds: (detector: Detector) => boolean): Finding[] {
  const out: Finding[] = [];
  const kept = typed.filter((own) => {
    const within = known.find(({ start, end }) => start < own.end && own.start < end);
    if (within === undefined) return true;
    return holds(own.detector) && !(within.start <= own.start && own.end <= within.end && within.end - within.start > own.end - own.start);
  });
  let next = 0;
  let covered = 0;
  for (const { start, end } of known) {
    let from = Math.max(start, covered);
    for (; next < kept.length && kept[next]!.start < end; next++) {
      const own = kept[next]!;
      if (own.start > from) out.push(finding(from, own.start));
      out.push(own);
      covered = own.end;
      from = Math.max(from, covered);
    }
    if (from < end) out.push(finding(from, end));
  }
  out.push(...kept.slice(next));
  return out;
}
