// Requests that their client signed (SigV4): whether the vault has the key to sign one anew, known before anything is edited, and the new
// signature once nothing more is. It must not read a body, nor know the form of a signature.
import { Fault } from '../fault.ts';
import { allValues, type RawHeaders, type RequestHead } from '../headers.ts';
import { coversField } from '../rules/attestation.ts';
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
 * Refuses a request whose client signed it, and which cannot be signed anew, where what is signed is not as it came: a field that does not go
 * beyond this hop, or a key that was put in. Fault rule-denied.
 */
export function refuseBroken(x: Exchange, head: RequestHead, body: OutgoingRequest['body']): void {
  const { head: came } = x.line;
  if (x.signer || x.route?.provider.attests?.(came, Buffer.alloc(0)) !== 'signed') return;
  const isOther =
    head.target !== came.target ||
    (body.kind === 'whole' && body.changed) ||
    changedFields(came, head).some((name) => coversField(came, name));
  if (isOther) throw new Fault('rule-denied', 'what leaves is not what its client signed, and it cannot be signed anew');
}

/** Names of fields, in lower case, that are not as they were. */
function changedFields(before: RequestHead, after: RequestHead): readonly string[] {
  if (before.headers === after.headers) return [];
  const names = [...before.headers, ...after.headers].flatMap((text, i) => (i % 2 === 0 ? [text.toLowerCase()] : []));
  return [...new Set(names)].filter((name) => allValues(before.headers, name).join('\n') !== allValues(after.headers, name).join('\n'));
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
  const isBroken = () => changedFields(x.line.head, head).some((name) => signature.signed.includes(name));
  if (!isOther && !isEdited && !isBroken()) return head.headers;
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
