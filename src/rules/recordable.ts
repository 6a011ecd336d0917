// What may be kept of a client's own words, such as a path: the store and the reports hold metadata, never a value or the
// placeholder of a key. Must not know where the text goes.
import { KINDS } from './masking/kinds.ts';
import { findSecrets } from './masking/scan.ts';
import { percentDecoded } from './percent-decode.ts';
import type { InjectRule } from './policy.ts';

/** The text with every value of any kind replaced by its kind in brackets, and with `[key]` for what stands for a key of `rules`. */
export function recordable(text: string, rules: readonly InjectRule[]): string {
  let out = '';
  let from = 0;
  for (const { maskStart, end, detector } of findSecrets(text, KINDS)) {
    out += `${text.slice(from, maskStart)}[${detector.kind}]`;
    from = end;
  }
  out += text.slice(from);
  for (const { replaces } of rules) {
    if (replaces === undefined) continue;
    out = out.replaceAll(replaces, '[key]');
    // Spelled with percent signs: then nobody needs to read the rest either.
    if (out.includes('%') && percentDecoded(out).includes(replaces)) return '[key]';
  }
  return out;
}
