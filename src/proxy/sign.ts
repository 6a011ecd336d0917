// Requests that their client signed (SigV4): whether the vault has the key to sign one anew, known before anything is edited, and the new
// signature once nothing more is. It must not read a body, nor know the form of a signature.
import { Fault } from '../fault.ts';
import type { RawHeaders, RequestHead } from '../headers.ts';
import { acting } from '../rules/inject.ts';
import type { InjectRule } from '../rules/policy.ts';
import { signatureIn, signedAnew } from '../rules/sign-anew.ts';
import { type AwsKey, parseAwsKey } from '../rules/sigv4.ts';
import type { Exchange, OutgoingRequest, Signer } from './exchange.ts';
import type { Conductor } from './house.ts';
import { injectFacts, keyFor } from './keys.ts';

/** What an exchange can be signed with. Fault key-missing where the client's placeholder stands for a key that is not to be had. */
export async function signerFor(house: Conductor, x: Exchange): Promise<Signer | undefined> {
  const { connection, policy, route } = x;
  const { head } = x.line;
  const own = policy.injectFor(connection.authority, x.profile).filter(({ sigv4 }) => sigv4);
  const signature = own.length > 0 ? signatureIn(head) : undefined;
  if (!signature || !route) return undefined;
  const rules = acting({ route, head, rules: own, facts: injectFacts(connection) });
  const rule = rules.find(({ replaces }) => replaces === signature.keyId);
  if (rule) return { signature, key: await pairFor(house, x, rule) };
  for (const one of rules) {
    // The client has a key: that the vault has none changes nothing for it.
    const key = await pairFor(house, x, one).catch(() => undefined);
    if (key?.id === signature.keyId) return { signature, key };
  }
  return undefined;
}

async function pairFor(house: Conductor, x: Exchange, rule: InjectRule): Promise<AwsKey> {
  const key = parseAwsKey(await keyFor(house, x, rule));
  if (!key) throw new Fault('key-missing', 'signature: the value is no ID:SECRET');
  return key;
}

/** Whether what the client signed may be edited: the head has not left, and will be signed anew. */
export function willSign(x: Exchange): boolean {
  return x.signer !== undefined && x.notes.marks.arm === undefined;
}

/**
 * The fields as they leave: signed anew where the key is another, or where something is not as the client sent it (`isEdited`). Fault
 * rule-denied where an edited request cannot be signed.
 */
export function signRequest(
  x: Exchange,
  { signature, key }: Signer,
  head: RequestHead,
  body: OutgoingRequest['body'],
  isEdited: boolean,
): RawHeaders {
  const isOther = key.id !== signature.keyId;
  if (!isOther && !isEdited) return head.headers;
  const bytes = body.kind === 'whole' ? body.bytes : x.line.hasBody ? undefined : Buffer.alloc(0);
  const headers = signedAnew(head, signature, key, bytes);
  if (!headers) {
    // As it is, it fails with a harmless 403.
    if (isOther) return head.headers;
    throw new Fault('rule-denied', 'an edited head over a body that streams cannot be signed anew');
  }
  if (isOther) {
    const token = key.token === undefined ? [] : [{ value: key.token, standIn: '[redacted]' }];
    x.notes.injected = [...x.notes.injected, { value: key.id, standIn: signature.keyId }, ...token];
  }
  return headers;
}
