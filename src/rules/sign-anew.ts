// Phase 7 (arm), last: a request that its client signed (SigV4) is signed once more, with the client's own key after its bytes were edited or
// with the key that the client's placeholder stands for. Fields keep their position and case. It must not know where keys are kept.
import { allValues, firstValue, listTokens, type RawHeaders, type RequestHead, withoutFields, withValue } from '../headers.ts';
import { type AwsKey, canonicalRequest, hashOf, parseSigV4, payloadField, type SigV4, signatureOf, stringToSign } from './sigv4.ts';

const TOKEN = 'x-amz-security-token';
const HASH = 'x-amz-content-sha256';

/** The signature of a head, where the field that holds it gets to the server. */
export function signatureIn(head: RequestHead): SigV4 | undefined {
  return listTokens(head.headers, 'connection').includes('authorization') ? undefined : parseSigV4(head);
}

/**
 * The fields with the signature that `key` makes of them. `body`: the bytes that leave, or undefined where they are not known here and are
 * what the client sent. Undefined where the head does not say what those add up to. A field that was taken out is not signed any more.
 */
export function signedAnew(head: RequestHead, signature: SigV4, key: AwsKey, body: Uint8Array | undefined): RawHeaders | undefined {
  const theirs = payloadField(head.headers);
  const payload = body === undefined || theirs === 'UNSIGNED-PAYLOAD' ? theirs : hashOf(body);
  if (payload === undefined) return undefined;
  const own = key.id === signature.keyId ? head.headers : withToken(head.headers, key.token);
  const sized = body === undefined ? own : withValue(own, 'content-length', String(body.length));
  const headers = withValue(sized, HASH, payload);
  const signed = namesIn(headers, signature.signed);
  const canonical = canonicalRequest({ ...head, headers }, signed, payload);
  const value = firstValue(headers, 'authorization')!
    .replace(/(?<=Credential=)[^/]+/, () => key.id)
    .replace(/(?<=SignedHeaders=)[^,\s]+/, () => signed.join(';'))
    .replace(/(?<=Signature=)[0-9a-f]+/, () => signatureOf(signature, key.secret, stringToSign(signature, canonical)));
  return withValue(headers, 'authorization', value);
}

/** The session token that belongs to another key. */
function withToken(headers: RawHeaders, token: string | undefined): RawHeaders {
  if (token === undefined) return withoutFields(headers, (name) => name === TOKEN);
  return firstValue(headers, TOKEN) === undefined ? [...headers, 'X-Amz-Security-Token', token] : withValue(headers, TOKEN, token);
}

function namesIn(headers: RawHeaders, signed: readonly string[]): readonly string[] {
  const there = signed.filter((name) => name === 'host' || allValues(headers, name).length > 0);
  return there.includes(TOKEN) || firstValue(headers, TOKEN) === undefined ? there : [...there, TOKEN].sort();
}
