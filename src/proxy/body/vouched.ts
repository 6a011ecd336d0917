// Whether something may be edited that the client vouched for: an attestation or a signature over its bytes.
// It must not know what the edit is.
import { Fault } from '../../fault.ts';
import { attestsBilling } from '../../rules/attestation.ts';
import type { Route } from '../../rules/provider.ts';
import type { Exchange } from '../exchange.ts';
import { willSign } from '../sign.ts';

const NOTHING = Buffer.alloc(0);

/** Whether a body or a head may be edited although the client vouched for its bytes. Fault rule-denied where policy says so. */
export function mayEdit(x: Exchange, route: Route, plain?: Buffer): boolean {
  const vouched = vouchedFor(x, route, plain ?? NOTHING);
  if (vouched === undefined) return true;
  const action = x.policy.onAttestedBody;
  if (action === 'observe') return false;
  // An edit would break a signature, and sending the values as they are would break the promise.
  if (action === 'block' || vouched === 'signed')
    throw new Fault('rule-denied', `the ${vouched} ${plain ? 'body' : 'head'} holds values that must be masked`);
  return true;
}

/** The same question without a refusal. */
export function allowsEdit(x: Exchange, route: Route, plain: Buffer): boolean {
  const vouched = vouchedFor(x, route, plain);
  return vouched === undefined || (vouched === 'attested' && x.policy.onAttestedBody === 'mask');
}

/** What an edit would break. A signature that is made anew is not broken, and what the body holds besides is asked for by itself. */
function vouchedFor(x: Exchange, route: Route, plain: Buffer): 'attested' | 'signed' | undefined {
  const vouched = route.provider.attests?.(x.line.head, plain);
  return vouched === 'signed' && willSign(x) ? attestsBilling(x.line.head, plain) : vouched;
}
