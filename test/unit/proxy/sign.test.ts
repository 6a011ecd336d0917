// What is signed anew on the way out, where the body is not there to be looked at.
import { expect, test } from 'vitest';
import { firstValue, type RequestHead } from '../../../src/headers.ts';
import type { Exchange, OutgoingRequest } from '../../../src/proxy/exchange.ts';
import { signRequest, willSign } from '../../../src/proxy/sign.ts';
import { parseSigV4 } from '../../../src/rules/sigv4.ts';
import { BEDROCK, INVOKE, signedFields } from '../../support/aws-signer.ts';

const OWN = { accessKeyId: 'AKIAOWN', secretAccessKey: 'own' };
const STREAM: OutgoingRequest['body'] = { kind: 'stream' };
const exchange = (hasBody: boolean) => ({ line: { hasBody }, notes: { injected: [], marks: { arm: undefined } } }) as unknown as Exchange;
const headOf = (drop = ''): RequestHead => {
  const all = signedFields(OWN, '{}');
  const at = all.indexOf(drop);
  return { method: 'POST', target: INVOKE, authority: BEDROCK, headers: at < 0 ? all : all.toSpliced(at, 2) };
};
const sign = (x: Exchange, head: RequestHead, id: string, isEdited: boolean) =>
  signRequest(x, { signature: parseSigV4(head)!, key: { id, secret: 'own', token: 'token' } }, head, STREAM, isEdited);

test('a body that streams is the one its client announced', () => {
  const head = headOf();
  expect(sign(exchange(true), head, OWN.accessKeyId, true)).toEqual(head.headers);
  expect(firstValue(sign(exchange(true), head, 'AKIAREAL', false), 'authorization')).toContain('Credential=AKIAREAL/');
});

test('where nothing is announced an edit is refused, and a placeholder stays', () => {
  const head = headOf('x-amz-content-sha256');
  expect(() => sign(exchange(true), head, OWN.accessKeyId, true)).toThrow(expect.objectContaining({ code: 'rule-denied' }));
  expect(sign(exchange(true), head, 'AKIAREAL', false)).toBe(head.headers);
});

test('a request without a body has an empty one', () => {
  const head = headOf('x-amz-content-sha256');
  expect(sign(exchange(false), head, OWN.accessKeyId, true)).not.toEqual(head.headers);
});

test('what was put in is known, so that no reply shows it', () => {
  const x = exchange(true);
  sign(x, headOf(), 'AKIAREAL', false);
  expect(x.notes.injected).toEqual([
    { value: 'AKIAREAL', standIn: 'AKIAOWN' },
    { value: 'token', standIn: '[redacted]' },
  ]);
});

test('a head that has left is signed no more', () => {
  const x = exchange(true);
  expect(willSign(x)).toBe(false);
  x.signer = { signature: parseSigV4(headOf())!, key: { id: 'a', secret: 'b', token: undefined } };
  expect(willSign(x)).toBe(true);
  x.notes.marks.arm = 1;
  expect(willSign(x)).toBe(false);
});
