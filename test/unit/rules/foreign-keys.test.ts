// A key, and what stands for one, leave for no host but the key's own.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { Fault } from '../../../src/fault.ts';
import type { RequestHead } from '../../../src/headers.ts';
import { bodyCarriesKey, carriesKey, carriesPlaceholder } from '../../../src/rules/foreign-keys.ts';
import type { InjectRule } from '../../../src/rules/policy.ts';
import { DUMMY, KEY, request, rule } from '../../support/key-rules.ts';

describe('a placeholder', () => {
  const rules = [rule(), rule({ host: 'api.openai.com', header: 'authorization', replaces: 'sk-proj-dummy' })];
  const check =
    (head: RequestHead, host = 'evil.test', of: readonly InjectRule[] = rules) =>
    () =>
      carriesPlaceholder(head, of, parseAuthority(host, 443));

  test.each<[string, RequestHead]>([
    ['in its header', request(['x-api-key', DUMMY])],
    ['in another header', request(['cookie', `a=${DUMMY}`])],
    ['in the query', request([], { target: `/collect?k=${DUMMY}` })],
    ['percent-encoded in the path', request([], { target: `/${DUMMY.replaceAll('-', '%2D').replace('s', '%73')}` })],
  ])('%s of a request to a foreign host is refused, and not repeated', (_, head) => {
    const fault = thrownBy(check(head));
    expect(fault.code).toBe('rule-denied');
    expect(fault.message).not.toContain(DUMMY);
  });

  test('of one configured host is refused at the other', () => {
    expect(check(request(['x-api-key', DUMMY]), 'api.openai.com')).toThrow(/x-api-key/);
    expect(check(request(['x-api-key', DUMMY]), 'api.anthropic.com')).not.toThrow();
  });

  test('that two hosts share passes at both', () => {
    const shared = [rule({ host: 'a.test' }), rule({ host: 'b.test' }), rule({ host: 'c.test', replaces: undefined })];
    for (const host of ['a.test', 'b.test']) expect(check(request(['x-api-key', DUMMY]), host, shared)).not.toThrow();
    expect(check(request(['x-api-key', DUMMY]), 'c.test', shared)).toThrow();
  });

  test('that begins like another is told from it', () => {
    const longer = [rule({ host: 'a.test' }), rule({ host: 'b.test', replaces: `${DUMMY}-2` })];
    const head = request(['x-api-key', `${DUMMY}-2`]);
    expect(check(head, 'b.test', longer)).not.toThrow();
    expect(check(head, 'a.test', longer)).toThrow();
    expect(check(request(['x-api-key', DUMMY]), 'b.test', longer)).toThrow();
    expect(check(request(['x-api-key', `${DUMMY}-2 ${DUMMY}`]), 'b.test', longer)).toThrow();
  });

  test('that is nowhere lets the request pass', () => {
    expect(check(request(['x-api-key', 'sk-ant-mine'], { target: '/%zz%2' }))).not.toThrow();
    expect(check(request(['x-api-key', DUMMY]), 'evil.test', [])).not.toThrow();
  });
});

describe('a key itself', () => {
  const keys = [{ value: KEY, allows: ({ host }: { readonly host: string }) => host === 'api.anthropic.com' }];
  const check = (head: RequestHead, host: string) => () => carriesKey(head, keys, parseAuthority(host, 443));

  test.each<[string, RequestHead]>([
    ['in a field', request(['Authorization', `Bearer ${KEY}`])],
    ['in the target', request([], { target: `/x?k=${KEY}` })],
    ['with percent signs', request([], { target: `/x?k=${KEY.replaceAll('-', '%2D')}` })],
    ['as a password', request(['authorization', `Basic ${Buffer.from(`me:${KEY}`).toString('base64')}`])],
  ])('goes to no other host: %s', (_, head) => {
    expect(check(head, 'evil.test')).toThrow(/carries a key for another host/);
    expect(check(head, 'api.anthropic.com')).not.toThrow();
  });

  test('others pass', () => {
    expect(check(request(['authorization', 'Bearer mine', 'x', 'Basic !']), 'evil.test')).not.toThrow();
    expect(() => carriesKey(request([]), [], parseAuthority('evil.test', 443))).not.toThrow();
  });
});

describe('a body', () => {
  const keys = [{ value: KEY, allows: ({ host }: { readonly host: string }) => host === 'api.anthropic.com' }];
  const json = rule({ header: undefined, json: ['auth', 'key'] });
  const check =
    (body: unknown, host = 'evil.test', rules: readonly InjectRule[] = [json]) =>
    () =>
      bodyCarriesKey(Buffer.from(JSON.stringify(body)), rules, keys, parseAuthority(host, 443));

  test('with a key goes to no other host', () => {
    expect(check({ text: `it is ${KEY}` })).toThrow(/carries a key for another host/);
    expect(check({ text: `it is ${KEY}` }, 'api.anthropic.com')).not.toThrow();
  });

  // A request to a look-alike left with what stands for the key where the key belongs.
  test('with what stands for a key goes to no other host, if it stands in the place of the key', () => {
    const fault = thrownBy(check({ auth: { key: DUMMY } }));
    expect([fault.code, fault.detail]).toEqual(['rule-denied', 'the body carries the placeholder of a key for another host at auth.key']);
    expect(check({ auth: { key: DUMMY } }, 'api.anthropic.com')).not.toThrow();
    expect(check({ auth: { key: DUMMY } }, 'other.test', [json, rule({ host: 'other.test' })])).not.toThrow();
    expect(check({ auth: { key: DUMMY } }, 'evil.test', [rule()])).not.toThrow();
    expect(check({ auth: { key: 'mine' }, text: DUMMY })).not.toThrow();
    expect(check({ key: DUMMY }, 'evil.test', [json, rule({ json: ['key'], replaces: 'other' })])).not.toThrow();
  });
});

function thrownBy(f: () => unknown): Fault {
  try {
    f();
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}
