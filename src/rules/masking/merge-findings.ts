// Two lists of findings as one: those of the first stay whole but where they yield, and those of the second keep what is left of them.
// Linear. It must not know what makes a finding yield.
import type { Finding } from './scan.ts';

/**
 * Both lists are in order and apart, and so is the result. `yields`: a finding of the first gives way to one of the second that it
 * overlaps. No byte of either is left out.
 */
export function mergeFindings(
  first: readonly Finding[],
  second: readonly Finding[],
  yields: (one: Finding, to: Finding) => boolean,
): Finding[] {
  let from = 0;
  const kept = first.filter((one) => {
    while (from < second.length && second[from]!.end <= one.start) from++;
    for (let i = from; i < second.length && second[i]!.start < one.end; i++) if (yields(one, second[i]!)) return false;
    return true;
  });
  const out: Finding[] = [];
  let next = 0;
  let covered = 0;
  for (const own of second) {
    let start = Math.max(own.start, covered);
    for (; next < kept.length && kept[next]!.start < own.end; next++) {
      const one = kept[next]!;
      if (one.start > start) out.push(part(own, start, one.start));
      out.push(one);
      covered = one.end;
      start = Math.max(start, covered);
    }
    if (start < own.end) out.push(part(own, start, own.end));
  }
  out.push(...kept.slice(next));
  return out;
}

/** Whether all of the one lies within the other. */
export function liesWithin(one: Finding, other: Finding): boolean {
  return other.start <= one.start && one.end <= other.end;
}

function part({ detector }: Finding, start: number, end: number): Finding {
  return { start, maskStart: start, end, parts: undefined, detector };
}
