// Injection: whatever the request looks like, at most the value of one field changes, and the key reaches no other host.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import type { Fault } from '../../../src/fault.ts';
import { carriesPlaceholder } from '../../../src/rules/foreign-keys.ts';
import { injectKeys } from '../../../src/rules/inject.ts';
import type { InjectRule } from '../../../src/rules/policy.ts';
import { anthropic } from '../../../src/rules/providers/anthropic.ts';
import { routeOf } from '../../../src/rules/route.ts';

const KEY = 'real-key-value';
const DUMMY = 'dummy-key';
const HOSTS = ['api.anthropic.com', 'api.anthropic.com.evil.test', 'xapi.anthropic.com', 'a.api.anthropic.com', 'evil.test'];

const host = fc.constantFrom(...HOSTS);
const field = fc.tuple(
  fc.constantFrom('x-api-key', 'X-Api-Key', 'X-API-KEY', 'Authorization', 'accept', 'Connection'),
  fc.constantFrom(DUMMY, `Bearer ${DUMMY}`, `${DUMMY}${DUMMY}`, 'sk-mine', 'x-api-key', 'close', ''),
);
const headers = fc.array(field, { maxLength: 5 }).map((fields) => fields.flat());
const replaces = fc.option(fc.constant(DUMMY), { nil: undefined });
const method = fc.constantFrom('POST', 'GET', 'TRACE');
const facts = fc.record({ tls: fc.boolean(), verified: fc.boolean(), named: fc.boolean(), port: fc.constantFrom(443, 8443) });

test('the key goes to its own host over a verified connection, in one field, or nowhere', async () => {
  await fc.assert(
    fc.asyncProperty(host, host, headers, replaces, method, facts, async (connected, named, fields, placeholder, verb, known) => {
      const rule: InjectRule = { host: 'api.anthropic.com', header: 'x-api-key', value: '${env:K}', replaces: placeholder };
      const head = { method: verb, target: '/v1/messages', headers: fields, authority: named };
      const route = routeOf(parseAuthority(connected, known.port), anthropic, head);
      const before = [...fields];
      const out = await injectKeys({ route, head, rules: [rule], resolve: async () => KEY, facts: known });
      expect(fields).toEqual(before);
      expect(out).toHaveLength(fields.length);
      const changed = out.flatMap((text, i) => (text === fields[i] ? [] : [i]));
      expect(changed.length).toBeLessThanOrEqual(1);
      expect(out === fields).toBe(changed.length === 0);
      if (changed.length === 0) return;
      expect([connected, named, verb, known]).toEqual([HOSTS[0], HOSTS[0], verb, { tls: true, verified: true, named: true, port: 443 }]);
      expect(verb).not.toBe('TRACE');
      expect(changed[0]! % 2).toBe(1);
      const was = fields[changed[0]!]!;
      expect(out[changed[0]!]).toBe(placeholder === undefined ? KEY : was.replace(DUMMY, KEY));
      expect(fields.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'x-api-key')).toHaveLength(1);
    }),
    { numRuns: 2000 },
  );
});

test('a placeholder passes to its own host and to no other', () => {
  fc.assert(
    fc.property(host, headers, fc.constantFrom('/', `/?k=${DUMMY}`, '/?k=dummy%2Dkey'), (connected, fields, target) => {
      const rule: InjectRule = { host: 'api.anthropic.com', header: 'x-api-key', value: '${env:K}', replaces: DUMMY };
      const head = { method: 'GET', target, headers: fields, authority: connected };
      const carried = target !== '/' || fields.some((text, i) => i % 2 === 1 && text.includes(DUMMY));
      const refused = (() => {
        try {
          carriesPlaceholder(head, [rule], parseAuthority(connected, 443));
          return false;
        } catch (thrown) {
          expect((thrown as Fault).code).toBe('rule-denied');
          return true;
        }
      })();
      expect(refused).toBe(carried && connected !== HOSTS[0]);
    }),
  );
});
