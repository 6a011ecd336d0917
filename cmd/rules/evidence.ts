// Why a value was found, in one sentence, from what its detector says about itself and what stands there.
// Must not know any single detector.
import type { Detector } from '../../src/rules/masking/detector.ts';
import { KIND_ROWS } from '../../src/rules/masking/kinds.ts';
import { KNOWN_VALUE } from '../../src/rules/masking/known-scan.ts';
import type { Finding } from '../../src/rules/masking/scan.ts';

/** How far from a value a word that speaks for it is looked for. */
const NEAR = 48;

/** One sentence without a full stop, to stand behind the detector's name. */
export function evidence({ start, end, detector }: Finding, text: string): string {
  if (!Object.hasOwn(KIND_ROWS, detector.kind)) return `the pattern of the rule «${detector.name}» matches it`;
  if (detector === KNOWN_VALUE) return 'it is known: it stands in a file of known_values or in what inject puts in';
  const within = anchorIn(text.slice(start, end), detector);
  if (within !== undefined) return `«${within}» stands in it, and all of it has the right shape`;
  const beside = anchorIn(text.slice(Math.max(0, start - NEAR), start), detector) ?? anchorIn(text.slice(end, end + NEAR), detector);
  if (beside !== undefined) return `«${beside}» stands beside it, and what is there has the right shape`;
  const digits = text.slice(start, end).match(/\d/g)?.length ?? 0;
  if (digits > 0) return `its ${digits} digits pass the checks for ${KIND_ROWS[detector.kind].type}`;
  return 'with escapes and disguises taken off it has the right shape';
}

/** The longest anchor of the detector that the text holds. */
function anchorIn(text: string, { anchors, anyCase }: Detector): string | undefined {
  const own = anyCase ? text.toLowerCase() : text;
  return anchors.filter((anchor) => own.includes(anchor)).sort((a, b) => b.length - a.length)[0];
}
