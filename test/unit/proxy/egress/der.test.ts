import { describe, expect, test } from 'vitest';
import { derAt, generalizedTimeMs, oidText, readDer } from '../../../../src/proxy/egress/der.ts';

const hex = (text: string) => Buffer.from(text.replace(/ /g, ''), 'hex');

describe('readDer', () => {
  test('splits a sequence of elements', () => {
    const long = Buffer.concat([hex('04 82 01 00'), Buffer.alloc(256, 7)]);
    const elements = readDer(Buffer.concat([hex('02 01 05 05 00'), long]));
    expect(elements.map((e) => [e.tag, e.content.length, e.whole.length])).toEqual([
      [2, 1, 3],
      [5, 0, 2],
      [4, 256, 260],
    ]);
    expect(readDer(Buffer.alloc(0))).toEqual([]);
  });

  test.each(['02', '02 02 01', '30 80 00 00', '30 84 00 00 00 01 00', '30 82 01', '02 01 05 04'])('refuses %s', (text) => {
    expect(() => readDer(hex(text))).toThrow('malformed DER');
  });
});

test('derAt walks into nested elements', () => {
  const nested = hex('30 08 30 03 02 01 09 02 01 07');
  expect(derAt(nested, 0, 1).content).toEqual(hex('07'));
  expect(derAt(nested, 0, 0, 0).content).toEqual(hex('09'));
  expect(() => derAt(nested, 0, 5)).toThrow('malformed DER');
  expect(() => derAt(nested)).toThrow('malformed DER');
});

test('oidText', () => {
  expect(oidText(hex('2a 86 48 86 f7 0d 01 01 0b'))).toBe('1.2.840.113549.1.1.11');
  expect(oidText(hex('55 1d 11'))).toBe('2.5.29.17');
  expect(oidText(hex('60 86 48 01 65 03 04 02 01'))).toBe('2.16.840.1.101.3.4.2.1');
});

test('generalizedTimeMs', () => {
  expect(generalizedTimeMs(Buffer.from('20260102030405Z'))).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
  expect(generalizedTimeMs(Buffer.from('20260102030405+0100'))).toBeNaN();
});
