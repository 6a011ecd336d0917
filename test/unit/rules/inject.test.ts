// Group E of docs: a key goes out to its own host only, over a verified connection, once a request, in the field the client used.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import { describe, expect, test, vi } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { Fault } from '../../../src/fault.ts';
import type { RequestHead } from '../../../src/headers.ts';
import {
  type InjectFacts,
  type Injection,
  injectIntoBody,
  injectIntoTarget,
  injectKeys,
  placeOf,
  standIns,
} from '../../../src/rules/inject.ts';
import type { InjectRule } from '../../../src/rules/policy.ts';
import { anthropic } from '../../../src/rules/providers/anthropic.ts';
import { routeOf } from '../../../src/rules/route.ts';
import { DUMMY, KEY, request, rule } from '../../support/key-rules.ts';

const SAFE: InjectFacts = { tls: true, verified: true, named: true, port: 443 };
interface Case {
  readonly head?: RequestHead;
  readonly rules?: readonly InjectRule[];
  readonly facts?: Partial<InjectFacts>;
  readonly host?: string;
  readonly values?: Readonly<Record<string, string>>;
}
const KEYS: Readonly<Record<string, string>> = { '${env:KEY}': KEY, 'Bearer ${env:KEY}': `Bearer ${KEY}` };
async function inject({
  head = request(['X-Api-Key', DUMMY]),
  rules = [rule()],
  facts = {},
  host = 'api.anthropic.com:443',
  values = KEYS,
}: Case) {
  const route = routeOf(parseAuthority(host), anthropic, head);
  const resolve = async ({ value }: InjectRule) => values[value]!;
  return { head, headers: await injectKeys({ route, head, rules, resolve, facts: { ...SAFE, ...facts } }) };
}
const untouched = async (c: Case) => {
  const { head, headers } = await inject(c);
  return headers === head.headers;
};

describe('a key is put in', () => {
  test('at the same position, under the same spelling of the name, nothing else changed', async () => {
    const head = request(['accept', '*/*', 'X-API-Key', DUMMY, 'x-app', 'cli', 'X-App', 'again']);
    const { headers } = await inject({ head });
    expect(headers).toEqual(['Host', 'api.anthropic.com', 'accept', '*/*', 'X-API-Key', KEY, 'x-app', 'cli', 'X-App', 'again']);
    expect(head.headers[5]).toBe(DUMMY);
  });

  test.each([
    ['Bearer sk-ant-dummy', '${env:KEY}', `Bearer ${KEY}`],
    ['Bearer sk-ant-dummy', 'Bearer ${env:KEY}', `Bearer ${KEY}`],
    ['bearer sk-ant-dummy', 'Bearer ${env:KEY}', `bearer ${KEY}`],
    ['token sk-ant-dummy', 'Bearer ${env:KEY}', `Bearer ${KEY}`],
    ['sk-ant-dummy', 'Bearer ${env:KEY}', `Bearer ${KEY}`],
    ['a=1; key=sk-ant-dummy; b=2', '${env:KEY}', `a=1; key=${KEY}; b=2`],
  ])('in %j for its placeholder (%s)', async (sent, value, expected) => {
    const { headers } = await inject({ head: request(['Authorization', sent]), rules: [rule({ header: 'authorization', value })] });
    expect(headers[3]).toBe(expected);
  });

  test('for the whole value when no placeholder is named', async () => {
    const { headers } = await inject({ head: request(['x-api-key', 'whatever']), rules: [rule({ replaces: undefined })] });
    expect(headers[3]).toBe(KEY);
  });

  test('as it is, also where it looks like a replacement pattern', async () => {
    const values = { '${env:KEY}': "$& $1 $' k" };
    expect((await inject({ values })).headers[3]).toBe("$& $1 $' k");
    expect((await inject({ values, rules: [rule({ replaces: undefined })] })).headers[3]).toBe("$& $1 $' k");
  });

  test('once for a header, by the first rule that acts', async () => {
    const other = rule({ replaces: 'other', value: '${env:OTHER}' });
    expect((await inject({ rules: [other, rule(), rule({ replaces: undefined, value: '${env:OTHER}' })] })).headers[3]).toBe(KEY);
    // The second placeholder is part of the first key.
    const inside = rule({ replaces: 'real', value: '${env:OTHER}' });
    expect((await inject({ rules: [rule(), inside] })).headers[3]).toBe(KEY);
  });

  test('into two headers by two rules', async () => {
    const head = request(['x-api-key', DUMMY, 'authorization', `Bearer ${DUMMY}`]);
    const { headers } = await inject({ head, rules: [rule(), rule({ header: 'authorization' })] });
    expect(headers).toEqual(['Host', 'api.anthropic.com', 'x-api-key', KEY, 'authorization', `Bearer ${KEY}`]);
  });
});

describe('no key leaves', () => {
  const doubled = request(['x-api-key', DUMMY, 'X-Api-Key', DUMMY]);
  test.each<[string, Case]>([
    ['without rules', { rules: [] }],
    ['without TLS', { facts: { tls: false } }],
    ['without a verified certificate', { facts: { verified: false } }],
    ['where the hello named nobody', { facts: { named: false } }],
    ['to another port', { facts: { port: 8443 } }],
    ['on a route to another port', { host: 'api.anthropic.com:8443' }],
    ['when Host names another', { head: request(['x-api-key', DUMMY], { authority: 'api.anthropic.com.evil.test' }) }],
    ['when Host names none', { head: request(['x-api-key', DUMMY], { authority: '' }) }],
    ['when Host ends in a dot', { head: request(['x-api-key', DUMMY], { authority: 'api.anthropic.com.' }) }],
    ['with TRACE', { head: request(['x-api-key', DUMMY], { method: 'TRACE' }) }],
    ['with trace', { head: request(['x-api-key', DUMMY], { method: 'trace' }) }],
    ['without the header', { head: request([]) }],
    ['without the header, for a whole value', { head: request([]), rules: [rule({ replaces: undefined })] }],
    ['for a doubled header', { head: doubled }],
    ['for a doubled header, whole', { head: doubled, rules: [rule({ replaces: undefined })] }],
    ['for a header that Connection names', { head: request(['x-api-key', DUMMY, 'Connection', 'close, X-Api-Key']) }],
    ['without its placeholder', { head: request(['x-api-key', 'sk-ant-mine']) }],
    ['for a placeholder in two places', { head: request(['x-api-key', `${DUMMY},${DUMMY}`]) }],
    ['for a rule of a sub-domain', { rules: [rule({ host: '*.api.anthropic.com' })] }],
    ['for a rule of a look-alike', { rules: [rule({ host: 'api.anthropic.com.evil.test' }), rule({ host: 'xapi.anthropic.com' })] }],
  ])('%s', async (_, c) => {
    expect(await untouched(c)).toBe(true);
  });

  test.each([
    ['that is empty', ''],
    ['that is blank', ' '],
    ['with a line end', `${KEY}\n`],
    ['with a header behind it', `${KEY}\r\nx-evil: 1`],
  ])('%s, and the fault does not tell it', async (_, value) => {
    const fault = (await inject({ values: { '${env:KEY}': value } }).catch((thrown: unknown) => thrown)) as Fault;
    expect(fault.code).toBe('key-missing');
    expect(fault.detail).toBe('header x-api-key');
    expect(JSON.stringify([fault.message, fault.cause])).not.toContain('sk-ant');
  });

  test('that cannot be had: what the source says ends it', async () => {
    const head = request(['x-api-key', DUMMY]);
    const route = routeOf(parseAuthority('api.anthropic.com:443'), anthropic, head);
    const gone = new Fault('key-missing', 'gone');
    await expect(injectKeys({ route, head, rules: [rule()], resolve: () => Promise.reject(gone), facts: SAFE })).rejects.toBe(gone);
  });

  test('nor is one asked for when no rule acts', async () => {
    const head = request(['x-api-key', 'sk-ant-mine']);
    const route = routeOf(parseAuthority('api.anthropic.com:443'), anthropic, head);
    const ask = vi.fn(async () => KEY);
    await injectKeys({ route, head, rules: [rule()], resolve: ask, facts: SAFE });
    expect(ask).not.toHaveBeenCalled();
  });
});

test('what a client holds in place of a key, by variable', () => {
  const rules = [
    rule({ value: 'Bearer ${env:ONE}', replaces: undefined }),
    rule({ value: 'Bearer ${env:TWO}', replaces: 'p2' }),
    rule({ value: '${env:THREE}:${env:FOUR}', replaces: 'p3' }),
    rule({ value: '${env:TWO}', replaces: 'later' }),
    rule({ value: '${file:/k}${env:FIVE}', replaces: 'p5' }),
    rule({ value: 'literal', replaces: 'p4' }),
  ];
  const word = 'sallyport-placeholder';
  expect(standIns(rules)).toEqual({ ONE: word, TWO: 'p2', THREE: word, FOUR: word, FIVE: word });
});

describe('a rule for some requests only', () => {
  test.each([
    [{ methods: ['POST'] }, true],
    [{ methods: ['GET'] }, false],
    [{ paths: ['/v1/*'] }, true],
    [{ paths: ['/v1/messages'] }, true],
    [{ paths: ['/V1/*', '/v2/*'] }, false],
    [{ methods: [], paths: [] }, true],
  ])('%j', async (over, acts) => {
    expect(await untouched({ rules: [rule(over)] })).toBe(!acts);
  });

  test.each(['/v1/../admin', '/v1/%2e%2e/admin', '/v1/./x', '/v1/..%5cadmin'])('a path with dots is none of them: %s', async (target) => {
    expect(await untouched({ head: request(['x-api-key', DUMMY], { target }), rules: [rule({ paths: ['/v1/*'] })] })).toBe(true);
  });
});

describe('in other places', () => {
  const injection = (over: Partial<RequestHead>, rules: readonly InjectRule[], facts = SAFE): Injection => {
    const head = request([], over);
    const route = routeOf(parseAuthority('api.anthropic.com:443'), anthropic, head);
    return { route, head, rules, resolve: async () => 'k&y "1"', facts };
  };
  const query = rule({ header: undefined, query: 'key' });
  const json = rule({ header: undefined, json: ['auth', 'key'] });

  test.each([
    [`/x?a=1&key=${DUMMY}&b`, '/x?a=1&key=k%26y%20%221%22&b'],
    [`/x?k%65y=sk%2Dant-dummy`, '/x?k%65y=k%26y%20%221%22'],
    [`/x?key=${DUMMY}x`, undefined],
    [`/x?other=${DUMMY}`, undefined],
    ['/x?key', undefined],
    ['/x', undefined],
  ])('a parameter of the query: %s', async (target, out) => {
    expect(await injectIntoTarget(injection({ target }, [query, json, rule()]))).toBe(out ?? target);
    expect(await injectIntoTarget(injection({ target }, [query], { ...SAFE, verified: false }))).toBe(target);
  });

  test('a string of the body', async () => {
    const body = (key: string) => Buffer.from(JSON.stringify({ auth: { key, other: DUMMY }, key: DUMMY }));
    const out = await injectIntoBody(injection({}, [json, query]), body(DUMMY));
    expect(JSON.parse(out.toString())).toEqual({ auth: { key: 'k&y "1"', other: DUMMY }, key: DUMMY });
    const twice = Buffer.from(`{"auth":{"key":"${DUMMY}"},"auth":{"key":"${DUMMY}"}}`);
    expect((await injectIntoBody(injection({}, [json]), twice)).toString()).not.toContain(DUMMY);
    const other = body('mine');
    expect(await injectIntoBody(injection({}, [json]), other)).toBe(other);
    expect(await injectIntoBody(injection({ method: 'TRACE' }, [json]), other)).toBe(other);
  });

  test('a value that no header may hold goes nowhere, and the fault names the place', async () => {
    const bad = { ...injection({ target: `/?key=${DUMMY}` }, [query]), resolve: async () => 'a\nb' };
    await expect(injectIntoTarget(bad)).rejects.toMatchObject({ code: 'key-missing', detail: 'query key' });
    const body = Buffer.from(JSON.stringify({ auth: { key: DUMMY } }));
    await expect(injectIntoBody({ ...bad, rules: [json] }, body)).rejects.toMatchObject({ detail: 'body auth.key' });
  });
});

test.each([
  [{ header: 'x-api-key' }, 'header x-api-key'],
  [{ query: 'key' }, 'query key'],
  [{ json: ['auth', 'key'] }, 'body auth.key'],
  [{ sigv4: true }, 'signature'],
])('a place in words: %j', (place, words) => {
  expect(placeOf({ host: 'a.test', value: 'v', replaces: undefined, ...place })).toBe(words);
});
