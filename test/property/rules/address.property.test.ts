// Whatever spelling an address comes in, it gets the class of the address it is; blocks agree with arithmetic.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { classifyAddress, inBlock, sameAddress } from '../../../src/rules/address.ts';

const quad = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const hex = ([a, b, c, d]: readonly number[]) => [((a! << 8) | b!).toString(16), ((c! << 8) | d!).toString(16)] as const;

describe('an address', () => {
  it('keeps its class in every carrier', () => {
    fc.assert(
      fc.property(quad, (q) => {
        const ip = q.join('.');
        const [hi, lo] = hex(q);
        const kind = classifyAddress(ip);
        const carriers = [`::ffff:${ip}`, `::ffff:${hi}:${lo}`, `::ffff:0:${hi}:${lo}`, `64:ff9b::${ip}`, `2002:${hi}:${lo}::`];
        for (const carrier of carriers) expect(classifyAddress(carrier), carrier).toBe(kind);
        expect(sameAddress(ip, `::ffff:${hi}:${lo}`)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps its class in its canonical spelling', () => {
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        const { host } = parseAuthority(`[${ip}]`, 1);
        expect(classifyAddress(host)).toBe(classifyAddress(ip));
        expect(sameAddress(host, ip)).toBe(true);
        expect(classifyAddress(`${ip}%eth0`)).toBe(classifyAddress(ip));
      }),
      { numRuns: 500 },
    );
  });

  it('lies in a block exactly when its first bits are the block’s', () => {
    const number = (q: readonly number[]) => q.reduce((n, byte) => n * 256 + byte, 0);
    fc.assert(
      fc.property(quad, quad, fc.nat(32), fc.boolean(), (a, b, bits, near) => {
        const other = near ? [a[0], a[1], a[2], b[3]] : b;
        const size = 2 ** (32 - bits);
        expect(inBlock(a.join('.'), `${other.join('.')}/${bits}`)).toBe(Math.floor(number(a) / size) === Math.floor(number(other) / size));
      }),
      { numRuns: 500 },
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.%/]{0,24}$/)), fc.string(), (a, b) => {
        classifyAddress(a);
        sameAddress(a, b);
        inBlock(a, b);
        inBlock(b, a);
      }),
      { numRuns: 500 },
    );
  });
});
