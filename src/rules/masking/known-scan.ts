// A scanner that finds known values besides what detectors find. Where both find the same, the detector names it: its placeholder says
// more. It must not know which values there are, nor what happens to a finding.
import type { Detector } from './detector.ts';
import type { KnownSet } from './known-values.ts';
import { liesWithin, mergeFindings } from './merge-findings.ts';
import { type Finding, type Scanner, scannerOfBytes } from './scan.ts';

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
    const spans = known.find(bytes, from);
    const typed = scanner.bytes(bytes, from);
    if (spans.length === 0) return typed;
    const own = spans.map(({ start, end }) => ({ start, maskStart: start, end, parts: undefined, detector: KNOWN_VALUE }));
    return mergeFindings(typed, own, (one, other) => !holds(one.detector) || (liesWithin(one, other) && !liesWithin(other, one)));
  };
  return scannerOfBytes(scanBytes);
}
