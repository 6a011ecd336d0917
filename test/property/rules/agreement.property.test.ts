// Agreement of CONNECT, SNI and Host: whatever else is written there, only the same host and port agree.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { Fault } from '../../../src/fault.ts';
import { checkAgreement } from '../../../src/rules/route.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const host = fc.tuple(label, label, fc.constantFrom('test', 'example', 'com')).map((labels) => labels.join('.'));
const port = fc.integer({ min: 1, max: 65_535 });
const caseOf = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((up) => [...text].map((c, i) => (up[i] ? c.toUpperCase() : c)).join(''));

function agree(connect: string, sni: string | undefined, field: string): boolean {
  try {
    checkAgreement(parseAuthority(connect), sni, field);
    return true;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Fault);
    expect((thrown as Fault).code).toBe('misdirected');
    return false;
  }
}

test('the same host agrees in any case, with and without its port', () => {
  fc.assert(
    fc.property(
      host.chain((h) => fc.tuple(fc.constant(h), caseOf(h), caseOf(h))),
      port,
      fc.boolean(),
      fc.boolean(),
      ([h, sni, field], p, withPort, withSni) => agree(`${h}:${p}`, withSni ? sni : undefined, withPort ? `${field}:${p}` : field),
    ),
  );
});

test('another host or port never agrees', () => {
  fc.assert(
    fc.property(host, host, port, port, (a, b, p, q) => {
      fc.pre(a !== b && p !== q);
      expect(agree(`${a}:${p}`, a, b)).toBe(false);
      expect(agree(`${a}:${p}`, b, a)).toBe(false);
      expect(agree(`${a}:${p}`, undefined, `${a}:${q}`)).toBe(false);
    }),
  );
});

test('a host with anything put in, before or behind never agrees', () => {
  fc.assert(
    fc.property(
      host,
      fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (h, extra, where) => {
        const at = Math.round(where * h.length);
        const field = h.slice(0, at) + extra + h.slice(at);
        // Only the port that CONNECT named may be added.
        fc.pre(field.toLowerCase() !== h && !/^:0{0,2}443$/.test(field.slice(h.length)));
        expect(agree(`${h}:443`, undefined, field)).toBe(false);
        expect(agree(`${h}:443`, field, h)).toBe(false);
      },
    ),
  );
});

test('nothing but a Fault comes of any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.option(fc.string({ unit: 'binary' }), { nil: undefined }), (field, sni) => {
      const agreed = agree('api.example.test:443', sni, field);
      if (agreed) expect(field.toLowerCase()).toMatch(/^api\.example\.test(:0*443)?$/);
    }),
  );
});
