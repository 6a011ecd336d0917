// Signature Version 4 as AWS publishes it: its own vectors, what its own library makes, and what is no signature that can be made anew.
import { describe, expect, test } from 'vitest';
import type { RequestHead } from '../../../src/headers.ts';
import { canonicalRequest, hashOf, parseAwsKey, parseSigV4, signatureOf, stringToSign } from '../../../src/rules/sigv4.ts';
import { SUITE_KEY, VECTORS } from '../../support/aws-vectors.ts';

const ZERO = '0'.repeat(64);
const credential = (over = 'us-east-1/service') => `Credential=${SUITE_KEY.id}/20150830/${over}/aws4_request`;
const login = (signed: string, signature = ZERO) => `AWS4-HMAC-SHA256 ${credential()}, SignedHeaders=${signed}, Signature=${signature}`;
const headOf = (over: Partial<RequestHead> = {}, more: readonly string[] = [], authorization = login('host;x-amz-date')): RequestHead => ({
  method: 'GET',
  target: '/',
  authority: 'example.amazonaws.com',
  ...over,
  headers: ['Host', 'example.amazonaws.com', ...more, 'X-Amz-Date', '20150830T123600Z', 'Authorization', authorization],
});

describe('the published vectors', () => {
  test.each(VECTORS.map((one) => [one.name, one] as const))('%s', (_, { method, target, fields, signed, body, signature }) => {
    const head = headOf({ method, target }, fields, login(signed));
    const parsed = parseSigV4(head)!;
    const text = stringToSign(parsed, canonicalRequest(head, parsed.signed, hashOf(body)));
    expect(signatureOf(parsed, SUITE_KEY.secret, text)).toBe(signature);
  });
});

// What @smithy/signature-v4 5.7.5 makes of these.
test.each([
  [
    '/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream',
    '877a98a0b3652184ba555b7d8b36354f60e35c009018f777c941926a6f8054c3',
  ],
  [
    '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Ainference-profile%2Feu.x/converse',
    '207309e1c38c90595615a441dd48d9206130274bbcb159627cb4cce8511062f0',
  ],
  ["/model/x/converse?b=1%202%2F%2B%26%3D*&a%20b=it's%20(all)&a=", 'f202511c01bdddb6b4acbbec90d7489c29558488ee36758b4e0c8888ff24e5bc'],
])('the same as the library of AWS: %s', (target, signature) => {
  const payload = hashOf('{"messages":[]}');
  const signed = 'content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token';
  const head: RequestHead = {
    method: 'POST',
    target,
    authority: 'bedrock-runtime.eu-west-1.amazonaws.com',
    headers: [
      ...['Host', 'bedrock-runtime.eu-west-1.amazonaws.com', 'Content-Type', 'application/json', 'X-Amz-Date', '20260131T120000Z'],
      ...['X-Amz-Security-Token', 'T0ken', 'X-Amz-Content-Sha256', payload],
      ...['Authorization', login(signed).replace('20150830/us-east-1/service', '20260131/eu-west-1/bedrock')],
    ],
  };
  const parsed = parseSigV4(head)!;
  expect(parsed).toMatchObject({ keyId: SUITE_KEY.id, day: '20260131', region: 'eu-west-1', service: 'bedrock' });
  const text = stringToSign(parsed, canonicalRequest(head, parsed.signed, payload));
  expect(signatureOf(parsed, SUITE_KEY.secret, text)).toBe(signature);
});

test('over HTTP/2 the host is beside the fields', () => {
  const head = headOf();
  const h2 = { ...head, headers: head.headers.slice(2) };
  expect(canonicalRequest(h2, ['x-amz-date', 'host'], 'h')).toBe(canonicalRequest(head, ['host', 'x-amz-date'], 'h'));
});

test('parameters of the same name are put in order by value, and one without a value has an empty one', () => {
  const query = (target: string) => canonicalRequest(headOf({ target }), [], '').split('\n')[2];
  expect(query('/?b=2&b=1&a&&b=1')).toBe('a=&b=1&b=1&b=2');
  expect(query('/?x=%e2%82%ac+')).toBe('x=%E2%82%AC%2B');
});

test.each([
  ['another scheme', headOf({}, [], 'Bearer x')],
  ['an asymmetric one', headOf({}, [], login('host').replace('HMAC-SHA256', 'ECDSA-P256-SHA256'))],
  ['two of them', headOf({}, ['authorization', login('host')])],
  ['another day than its date', headOf({}, ['X-Amz-Date', '20150831T000000Z'])],
  ['no date', { ...headOf(), headers: ['Authorization', login('host')] }],
  ['no signature', headOf({}, [], `AWS4-HMAC-SHA256 ${credential()}, SignedHeaders=host`)],
  ['a presigned request', headOf({ target: '/?X-Amz-Signature=00' })],
  ['a body that is signed in pieces', headOf({}, ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'])],
  ['S3', headOf({}, [], login('host').replace('service', 's3'))],
])('not to be made anew: %s', (_, head) => {
  expect(parseSigV4(head)).toBeUndefined();
});

test.each([
  ['AKIA1:s/+=', { id: 'AKIA1', secret: 's/+=', token: undefined }],
  ['ASIA1:s:t==', { id: 'ASIA1', secret: 's', token: 't==' }],
  ['AKIA1', undefined],
  ['AKIA1:', undefined],
  [':s', undefined],
  ['a/b:s', undefined],
  ['AKIA1:s s', undefined],
  ['AKIA1:s:', undefined],
])('a pair in one line: %s', (text, pair) => {
  expect(parseAwsKey(text)).toEqual(pair);
});
