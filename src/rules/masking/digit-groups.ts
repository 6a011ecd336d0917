// Groups of digits in a text without escapes, and how many digits stand together from each on, with blanks, hyphens and the like between
// them. Each character is looked at once, however many groups there are. It must not know what the numbers mean.
import { DIGIT, runEnd } from './characters.ts';
import { isSeparator, MAX_GAP } from './digit-runs.ts';

/** Called with where a group begins, how many digits it has, and how many stand together from it on; 0: more groups than in any number. */
export type DigitGroupVisit = (at: number, length: number, count: number) => void;

/** How many characters are looked at to count the digits that stand together. */
const RUN = 48;
/** An account number in groups of four has nine. */
const MAX_GROUPS = 10;

interface Group {
  readonly start: number;
  readonly end: number;
  /** Whether only separators, and few of them, stand between the group before and this one. */
  readonly joins: boolean;
}

/** Visits each group, in order. */
export function eachDigitGroup(text: string, visit: DigitGroupVisit): void {
  const groups = groupsIn(text);
  // The digits of the groups from the one at hand up to, not with, `next`.
  let count = 0;
  let next = 0;
  for (let i = 0; i < groups.length; i++) {
    const { start, end } = groups[i]!;
    const limit = start + RUN;
    for (; next < groups.length && (next === i || (groups[next]!.joins && groups[next]!.start < limit)); next++)
      count += groups[next]!.end - groups[next]!.start;
    visit(start, end - start, next - i > MAX_GROUPS ? 0 : count - Math.max(0, groups[next - 1]!.end - limit));
    count -= end - start;
  }
}

function groupsIn(text: string): Group[] {
  const out: Group[] = [];
  let gap = MAX_GAP + 1;
  for (let i = 0; i < text.length; ) {
    const end = runEnd(text, i, DIGIT);
    if (end > i) {
      out.push({ start: i, end, joins: gap <= MAX_GAP });
      gap = 0;
      i = end;
    } else gap = isSeparator(text.charCodeAt(i++)) ? gap + 1 : MAX_GAP + 1;
  }
  return out;
}
