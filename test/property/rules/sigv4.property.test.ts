// Whatever a head holds: a signature made anew is the one that its server works out, and nothing but what has to change does.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstValue, type RequestHead } from '../../../src/headers.ts';
import { signedAnew } from '../../../src/rules/sign-anew.ts';
import { canonicalRequest, hashOf, parseSigV4, signatureOf, stringToSign } from '../../../src/rules/sigv4.ts';

const latin1 = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) });
const KEY = { id: 'AKIDCLIENT', secret: 'secret', token: undefined };
const login = (names: string) =>
  `AWS4-HMAC-SHA256 Credential=${KEY.id}/20260131/us-east-1/bedrock/aws4_request, SignedHeaders=${names}, Signature=${'0'.repeat(64)}`;
const heads = fc
  .record({ target: latin1, note: latin1, names: fc.subarray(['content-length', 'host', 'x-amz-date', 'x-note'], { minLength: 1 }) })
  .map(
    ({ target, note, names }): RequestHead => ({
      method: 'POST',
      target: `/${target}`,
      authority: 'h.test',
      headers: [
        'Host',
        'h.test',
        'X-Note',
        note,
        'Content-Length',
        '1',
        'X-Amz-Date',
        '20260131T120000Z',
        'Authorization',
        login(names.join(';')),
      ],
    }),
  );

test('a signature made anew holds, and one of another body does not', () => {
  fc.assert(
    fc.property(heads, fc.uint8Array(), (head, body) => {
      const signature = parseSigV4(head)!;
      const headers = signedAnew(head, signature, KEY, body)!;
      const of = (bytes: Uint8Array) =>
        signatureOf(
          signature,
          KEY.secret,
          stringToSign(signature, canonicalRequest({ ...head, headers }, signature.signed, hashOf(bytes))),
        );
      const field = firstValue(headers, 'authorization')!;
      expect(field.endsWith(of(body))).toBe(true);
      expect(field.endsWith(of(Buffer.concat([body, Buffer.from('x')])))).toBe(false);
      expect(headers.slice(0, 4)).toEqual(head.headers.slice(0, 4));
      expect(signedAnew({ ...head, headers }, signature, KEY, body)).toEqual(headers);
    }),
  );
});

test('a canonical request has its lines whatever the target holds', () => {
  fc.assert(
    fc.property(heads, (head) => {
      const [, path, query] = canonicalRequest(head, [], '').split('\n');
      expect(path).toMatch(/^\/(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})*$/);
      expect(query).toMatch(/^(?:[A-Za-z0-9._~&=-]|%[0-9A-F]{2})*$/);
    }),
  );
});
