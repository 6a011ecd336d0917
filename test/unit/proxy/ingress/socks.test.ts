import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorityText } from '../../../../src/authority.ts';
import {
  methodReply,
  offersNothing,
  offersPassword,
  parseGreeting,
  parsePassword,
  parseTarget,
  passwordReply,
  targetReply,
} from '../../../../src/proxy/ingress/socks.ts';

const target = (type: number, raw: Buffer, port: number) =>
  Buffer.concat([Buffer.from([5, 1, 0, type]), raw, Buffer.from([port >> 8, port & 255])]);
const name = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

describe('SOCKS5', () => {
  it('reads the greeting and picks a method', () => {
    expect(parseGreeting(Buffer.from([5, 2, 0, 2]))).toEqual({ value: [0, 2], used: 4 });
    expect([offersPassword([0, 2]), offersPassword([0, 1])]).toEqual([true, false]);
    expect([offersNothing([0, 2]), offersNothing([2])]).toEqual([true, false]);
    expect(methodReply('password')).toEqual(Buffer.from([5, 2]));
    expect(methodReply('nothing')).toEqual(Buffer.from([5, 0]));
    expect(methodReply(undefined)).toEqual(Buffer.from([5, 0xff]));
  });

  it('reads user and password', () => {
    expect(parsePassword(Buffer.concat([Buffer.from([1]), name('me'), name('pw')]))).toEqual({ value: 'me:pw', used: 7 });
    expect(passwordReply(true)).toEqual(Buffer.from([1, 0]));
    expect(passwordReply(false)).toEqual(Buffer.from([1, 1]));
  });

  it('reads names, IPv4 and IPv6 targets', () => {
    expect(authorityText(parseTarget(target(3, name('api.example.test'), 443))!.value)).toBe('api.example.test:443');
    expect(authorityText(parseTarget(target(1, Buffer.from([10, 1, 2, 3]), 80))!.value)).toBe('10.1.2.3:80');
    expect(authorityText(parseTarget(target(4, Buffer.from('20010db8000000000000000000000001', 'hex'), 8443))!.value)).toBe(
      '[2001:db8::1]:8443',
    );
  });

  it('refuses other commands, other address types and malformed names', () => {
    expect(() => parseTarget(Buffer.from([5, 2, 0, 1, 1, 2, 3, 4, 0, 80]))).toThrow(/SOCKS5 CONNECT/);
    expect(() => parseTarget(Buffer.from([5, 1, 0, 9, 1, 2, 3, 4, 0, 80]))).toThrow(/address type/);
    expect(() => parseTarget(target(3, name('a b'), 443))).toThrow(/malformed/);
    expect(() => parseTarget(Buffer.from([4, 1, 0, 1, 1, 2, 3, 4, 0, 80]))).toThrow(/malformed/);
    expect(targetReply(2)[1]).toBe(2);
  });

  it('asks for more bytes at every cut and never takes more than its own', () => {
    const whole = target(3, name('api.example.test'), 443);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ maxLength: 8 }), (cut, rest) => {
        expect(parseTarget(whole.subarray(0, cut))).toBeUndefined();
        expect(parseTarget(Buffer.concat([whole, rest]))!.used).toBe(whole.length);
      }),
    );
    expect(parseGreeting(Buffer.from([5]))).toBeUndefined();
    expect(parseGreeting(Buffer.from([5, 2, 0]))).toBeUndefined();
    for (let cut = 0; cut < 7; cut++) expect(parsePassword(Buffer.from([1, 2, 109, 101, 2, 112, 119]).subarray(0, cut))).toBeUndefined();
  });
});
