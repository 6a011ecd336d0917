// no_proxy lists: a domain covers itself and what is below it and nothing else, and no text makes the reader stumble.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { bypasses, parseParentProxy } from '../../../src/proxy/egress/parent-proxy.ts';

const label = fc.stringMatching(/^[a-z]{1,4}$/);
const labels = fc.array(label, { minLength: 1, maxLength: 3 });

describe('no_proxy', () => {
  it('covers a domain by whole labels from the right', () => {
    fc.assert(
      fc.property(labels, labels, fc.constantFrom('', '.', '*.'), (entry, host, prefix) => {
        const below = entry.length <= host.length && host.slice(-entry.length).join('.') === entry.join('.');
        expect(bypasses([prefix + entry.join('.')], parseAuthority(host.join('.'), 443))).toBe(below);
      }),
      { numRuns: 500 },
    );
  });

  it('is read whatever it holds', () => {
    const targets = ['api.example.test:443', '10.0.0.1:443', '[fd12::1]:443'].map((text) => parseAuthority(text));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:./[\]*]{0,20}$/)), { maxLength: 5 }), (list) => {
        for (const target of targets) expect(typeof bypasses(list, target)).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });
});

describe('the URL of a parent proxy', () => {
  it('gives back the credentials that were encoded into it', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((s) => s.isWellFormed());
    fc.assert(
      fc.property(part, part, (user, password) => {
        const { authorization } = parseParentProxy(`http://${encodeURIComponent(user)}:${encodeURIComponent(password)}@proxy.test:3128`);
        expect(Buffer.from(authorization!.replace('Basic ', ''), 'base64').toString('utf8')).toBe(`${user}:${password}`);
      }),
      { numRuns: 300 },
    );
  });
});
