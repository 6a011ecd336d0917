// What a request target may be inside an intercepted tunnel: a path, `*`, or the same origin spelled out.
// It must not know any other form of proxy request.
import { type Authority, authorityText } from '../../authority.ts';
import { Fault } from '../../fault.ts';
import { firstValue, type RequestHead } from '../../headers.ts';
import type { ParsedRequest } from '../wire/head.ts';

/** The head as an origin would read it (RFC 9112 3.2). Fault bad-request for CONNECT, misdirected for another origin. */
export function insideTarget(parsed: ParsedRequest, authority: Authority): RequestHead {
  const host = firstValue(parsed.headers, 'host') ?? '';
  const head = (target: string, named: string): RequestHead => ({
    method: parsed.method,
    target,
    headers: parsed.headers,
    authority: named,
  });
  if (parsed.form === 'origin' || parsed.form === 'asterisk') return head(parsed.target, host);
  if (parsed.form === 'authority') throw new Fault('bad-request', 'CONNECT inside a tunnel');
  const asked = parsed.authority!;
  if (parsed.scheme !== 'https' || asked.host !== authority.host || asked.port !== authority.port)
    throw new Fault('misdirected', 'another origin inside the tunnel');
  // The absolute form wins over Host (RFC 9112 3.2.2); both must name this connection's host in the end.
  return head(parsed.path, host === '' ? authorityText(asked) : host);
}
