// Phase 6 for the head: values in fields, trailers and the query are masked; the client's own login and what frames the message are not
// looked at. It must not know bodies.
import { Fault } from '../../fault.ts';
import type { RawHeaders, RequestHead } from '../../headers.ts';
import { coversField } from '../../rules/attestation.ts';
import type { Masker, ValueScan } from '../../rules/masking/mask.ts';
import type { Route } from '../../rules/provider.ts';
import type { Exchange } from '../exchange.ts';
import { note } from './masker.ts';
import { mayEdit } from './vouched.ts';

/** Fields that are the client's own login, belong to the connection or say how a body is read: never masked. */
const NEVER_MASKED =
  /^(:.*|host|authorization|proxy-.*|cookie|x-api-key|api-key|x-goog-api-key|user-agent|content-(type|length|encoding|language|range|md5|digest|transfer-encoding)|accept.*|connection|sec-.*|upgrade|traceparent|tracestate)$/;
const PRESIGNED = /^x-amz-(algorithm|credential|date|expires|security-token|signature|signedheaders)$/i;
const NOTHING = Buffer.alloc(0);
/** No value is shorter: `a@b.co`. */
const SHORTEST = 6;

/** The head with values masked; the same one where there are none. Fault rule-denied. */
export function maskHead(x: Exchange, route: Route, masker: Masker): RequestHead {
  const { head } = x.line;
  const headers = maskFields(x, route, masker, head.headers);
  let target = head.target;
  const q = target.indexOf('?');
  if (q >= 0) {
    const own = new Set(route.provider.auth.map((slot) => slot.query));
    // In a presigned target the login stands there (SigV4).
    const isLogin = (name: string) => own.has(name) || (PRESIGNED.test(name) && route.provider.attests?.(head, NOTHING) === 'signed');
    const parts = target
      .slice(q + 1)
      .split('&')
      .map((part) => (isLogin(part.split('=', 1)[0]!) ? part : masked(x, masker.query(part), part, () => mayEdit(x, route))));
    target = `${target.slice(0, q + 1)}${parts.join('&')}`;
  }
  return headers === head.headers && target === head.target ? head : { ...head, headers, target };
}

/** Fields of the head or trailers; the same array when nothing is masked. */
export function maskFields(x: Exchange, route: Route, masker: Masker, fields: RawHeaders): RawHeaders {
  const { head } = x.line;
  let out: string[] | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1]!;
    if (value.length < SHORTEST) continue;
    const name = fields[i]!.toLowerCase();
    if (NEVER_MASKED.test(name) || route.provider.auth.some((slot) => slot.header === name)) continue;
    const text = masked(x, masker.value(value), value, () => !coversField(head, name) || mayEdit(x, route));
    if (text === value) continue;
    out ??= fields.slice();
    out[i + 1] = text;
  }
  return out ?? fields;
}

function masked(x: Exchange, scan: ValueScan, text: string, isFree: () => boolean): string {
  note(x, scan);
  if (scan.blocked !== undefined) throw new Fault('rule-denied', `the head holds ${scan.blocked}`);
  if (scan.text === text || !isFree()) return text;
  x.notes.verdict = 'edit';
  return scan.text;
}
