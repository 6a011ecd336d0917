// Fields by which a request would switch a guardrail off. Nothing on the wire does: they are taken out, so that nobody behind us
// believes them either. Must not know any guardrail.
import type { RawHeaders } from '../headers.ts';

const OPT_OUT = /^x-(?:(?:[a-z0-9-]{1,64}-)?disabled?-guardrails?|guardrails?-.*|sallyport-.*)$/;

/** The fields without those, and how many there were. The same fields where there were none. */
export function withoutOptOuts(headers: RawHeaders): { readonly headers: RawHeaders; readonly count: number } {
  let count = 0;
  const out: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if ((name[0] === 'x' || name[0] === 'X') && OPT_OUT.test(name.toLowerCase())) count++;
    else out.push(name, headers[i + 1]!);
  }
  return count === 0 ? { headers, count } : { headers: out, count };
}
