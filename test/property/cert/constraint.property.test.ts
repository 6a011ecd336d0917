// From patterns to name constraints: whatever the list, no host it names may fall outside the CA's subtrees, and nothing
// may be permitted that shares no fixed domain with a pattern.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { constraintsFor, constraintsNode } from '../../../src/cert/constraint.ts';
import { children, content, decode, encode, isTagged } from '../../../src/cert/der.ts';
import { matchesHost, parseHostPattern } from '../../../src/rules/host-pattern.ts';

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,4}$/);
const domain = fc.array(label, { minLength: 1, maxLength: 4 }).map((l) => l.join('.'));
const starred = fc.constantFrom('*', '*-x', 'x-*', 'a*b');
const pattern = fc
  .oneof(
    { weight: 4, arbitrary: domain },
    { weight: 4, arbitrary: domain.map((d) => `*.${d}`) },
    { weight: 3, arbitrary: fc.tuple(starred, domain).map(([s, d]) => `${s}.${d}`) },
    { weight: 3, arbitrary: fc.tuple(domain, starred, domain).map(([a, s, b]) => `${a}.${s}.${b}`) },
    { weight: 1, arbitrary: fc.constantFrom('*', 'a.*', '*x') },
    { weight: 1, arbitrary: fc.ipV4() },
    { weight: 1, arbitrary: fc.ipV6().map((ip) => parseAuthority(`[${ip}]`, 1).host) },
  )
  .map(parseHostPattern);
const patterns = fc.array(pattern, { maxLength: 8 });
const filler = fc.stringMatching(/^[a-z][a-z0-9]{0,3}$/);

/** A host the pattern names. */
const hostOf = (p: string, fill: string): string => (p.startsWith('*.') ? fill + p.slice(1) : p).replaceAll('*', fill);
const inside = (host: string, d: string) => host === d || host.endsWith(`.${d}`);

describe('name constraints', () => {
  it('permit every host that a pattern names', () => {
    fc.assert(
      fc.property(patterns, filler, (list, fill) => {
        const { domains, addresses, unlimited } = constraintsFor(list);
        for (const p of list) {
          const host = hostOf(p, fill);
          const authority = parseAuthority(host.includes(':') ? `[${host}]` : host, 443);
          if (!matchesHost(p, authority)) continue;
          if (authority.kind === 'name') expect(domains === undefined || domains.some((d) => inside(host, d))).toBe(true);
          else expect(addresses).toHaveLength(new Set(list.filter((q) => /^[\d.]+$|:/.test(q))).size);
        }
        expect(domains === undefined).toBe(unlimited.length > 0);
      }),
      { numRuns: 300 },
    );
  });

  it('permit no domain that is not the fixed end of a pattern', () => {
    fc.assert(
      fc.property(patterns, (list) => {
        for (const d of constraintsFor(list).domains ?? []) {
          expect(
            d === 'sallyport.invalid' || list.some((p) => p === d || p.endsWith(`*.${d}`) || new RegExp(`\\*[^.]*\\.${d}$`).test(p)),
          ).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('do not depend on order or repetition, and hold nothing twice', () => {
    fc.assert(
      fc.property(patterns, fc.array(fc.nat(), { maxLength: 8 }), (list, picks) => {
        const shuffled = [...picks.flatMap((i) => (list.length > 0 ? [list[i % list.length]!] : [])), ...list.toReversed()];
        const [a, b] = [constraintsFor(list), constraintsFor(shuffled)];
        expect(encode(constraintsNode(a))).toEqual(encode(constraintsNode(b)));
        const kept = a.domains ?? [];
        for (const d of kept) expect(kept.filter((e) => inside(d, e))).toEqual([d]);
      }),
      { numRuns: 200 },
    );
  });

  it('are DER with something to say for each kind of name', () => {
    fc.assert(
      fc.property(patterns, (list) => {
        const constraints = constraintsFor(list);
        const parts = children(decode(encode(constraintsNode(constraints))));
        const names = (tag: number) => parts.filter((p) => isTagged(p, tag)).flatMap((p) => children(p).map((s) => children(s)[0]!));
        const permitted = names(0);
        const excluded = names(1).map((n) => content(n));
        expect(permitted.filter((n) => isTagged(n, 2)).map((n) => content(n).toString())).toEqual([...(constraints.domains ?? [])]);
        for (const octets of [4, 16]) {
          const allowed = permitted.filter((n) => isTagged(n, 7) && content(n).length === octets * 2);
          expect(allowed.length > 0).toBe(!excluded.some((e) => e.equals(Buffer.alloc(octets * 2))));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the mapping, by example', () => {
  it.each([
    [['api.a.test'], ['api.a.test']],
    [['*.x.y'], ['x.y']],
    [['bedrock-runtime.*.amazonaws.com'], ['amazonaws.com']],
    [['*-aiplatform.googleapis.com'], ['googleapis.com']],
    [['a.*.b.*.c.test'], ['c.test']],
    [
      ['*.x.y', 'x.y', 'a.x.y', 'ax.y'],
      ['ax.y', 'x.y'],
    ],
    [['localhost'], ['localhost']],
    [['127.0.0.1'], []],
    [['*.1.2', '300.1.1.1'], []],
    [[], []],
    [['*', 'a.test'], undefined],
    [['a.*'], undefined],
    [['a.t*t'], undefined],
  ])('%j gives %j, and the domain of the CA’s own', (list, domains) => {
    expect(constraintsFor(list).domains).toEqual(domains && [...domains, 'sallyport.invalid'].sort());
  });

  it('of addresses', () => {
    expect(constraintsFor(['127.0.0.1', '10.0.0.9', '127.0.0.1', '::1']).addresses.map((a) => a.toString('hex'))).toEqual([
      '00000000000000000000000000000001',
      '0a000009',
      '7f000001',
    ]);
  });
});
