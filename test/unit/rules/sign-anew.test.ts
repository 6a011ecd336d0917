// A request that is signed once more: nothing moves, and what is signed is what leaves.
import { describe, expect, test } from 'vitest';
import { firstValue, type RequestHead } from '../../../src/headers.ts';
import { signatureIn, signedAnew } from '../../../src/rules/sign-anew.ts';
import { type AwsKey, canonicalRequest, hashOf, parseSigV4, signatureOf, stringToSign } from '../../../src/rules/sigv4.ts';

const BODY = Buffer.from('{"a":1}');
const OWN: AwsKey = { id: 'AKIDOWN', secret: 'own/secret', token: undefined };
const STAND_IN = 'AKIDOWN';
const headOf = (fields: readonly string[], signed = 'content-length;host;x-amz-content-sha256;x-amz-date'): RequestHead => ({
  method: 'POST',
  target: '/model/x%3A0/invoke',
  authority: 'h.test',
  headers: [
    'Host',
    'h.test',
    'X-AMZ-Date',
    '20260131T120000Z',
    'AUTHORIZATION',
    `AWS4-HMAC-SHA256 Credential=${STAND_IN}/20260131/us-east-1/bedrock/aws4_request,SignedHeaders=${signed},Signature=${'0'.repeat(64)}`,
    ...fields,
  ],
});
const sound = (head: RequestHead, key: AwsKey, payload: string) => {
  const parsed = parseSigV4(head)!;
  const text = stringToSign(parsed, canonicalRequest(head, parsed.signed, payload));
  expect(firstValue(head.headers, 'authorization')).toContain(`Signature=${signatureOf(parsed, key.secret, text)}`);
  return parsed;
};
const anew = (head: RequestHead, key: AwsKey, body: Uint8Array | undefined) => {
  const headers = signedAnew(head, parseSigV4(head)!, key, body);
  return headers && { ...head, headers };
};
const FIELDS = ['x-amz-Content-SHA256', 'f'.repeat(64), 'Content-Length', '99', 'X-After', '1'];

describe('with the key of the client', () => {
  test('the hash, the length and the signature change where they stand', () => {
    const head = headOf(FIELDS);
    const out = anew(head, OWN, BODY)!;
    sound(out, OWN, hashOf(BODY));
    const changed = out.headers.flatMap((text, i) => (text === head.headers[i] ? [] : [head.headers[i - 1]]));
    expect(changed).toEqual(['AUTHORIZATION', 'x-amz-Content-SHA256', 'Content-Length']);
    expect(firstValue(out.headers, 'content-length')).toBe('7');
    expect(out.headers[5]).toContain(',SignedHeaders=content-length;host;x-amz-content-sha256;x-amz-date,Signature=');
  });

  test('what stays unsigned stays so, and a body that is not known is the one that was announced', () => {
    const free = headOf(['x-amz-content-sha256', 'UNSIGNED-PAYLOAD'], 'host;x-amz-content-sha256;x-amz-date');
    sound(anew(free, OWN, BODY)!, OWN, 'UNSIGNED-PAYLOAD');
    sound(anew(headOf(FIELDS), OWN, undefined)!, OWN, 'f'.repeat(64));
    expect(anew(headOf([]), OWN, undefined)).toBeUndefined();
  });

  test('a field that is gone is not signed', () => {
    const out = anew(headOf(['Content-Length', '7'], 'content-length;content-md5;host;x-amz-date'), OWN, BODY)!;
    expect(sound(out, OWN, hashOf(BODY)).signed).toEqual(['content-length', 'host', 'x-amz-date']);
  });

  test('its session token stays', () => {
    const out = anew(headOf(['X-Amz-Security-Token', 'theirs'], 'host;x-amz-date;x-amz-security-token'), { ...OWN, token: 'ours' }, BODY)!;
    expect(firstValue(out.headers, 'x-amz-security-token')).toBe('theirs');
  });
});

describe('with another key', () => {
  const real: AwsKey = { id: 'ASIAREAL', secret: '$&real', token: '$1token' };

  test('its session token is there, and signed', () => {
    const out = anew(headOf(FIELDS), real, BODY)!;
    const parsed = sound(out, real, hashOf(BODY));
    expect(parsed.keyId).toBe('ASIAREAL');
    expect(parsed.signed).toEqual(['content-length', 'host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token']);
    expect(out.headers.slice(-2)).toEqual(['X-Amz-Security-Token', '$1token']);
  });

  test('a token of another goes, or gives way', () => {
    const head = headOf(['x-amz-security-token', 'theirs', 'X-After', '1'], 'host;x-amz-date;x-amz-security-token');
    const swapped = anew(head, real, BODY)!;
    expect(swapped.headers.slice(6)).toEqual(['x-amz-security-token', '$1token', 'X-After', '1']);
    sound(swapped, real, hashOf(BODY));
    const gone = anew(head, { ...real, token: undefined }, BODY)!;
    expect(gone.headers.slice(6)).toEqual(['X-After', '1']);
    expect(sound(gone, real, hashOf(BODY)).signed).toEqual(['host', 'x-amz-date']);
  });
});

test('a signature that does not get to the server is none', () => {
  expect(signatureIn(headOf([]))?.keyId).toBe(STAND_IN);
  expect(signatureIn(headOf(['Connection', 'Authorization']))).toBeUndefined();
});
