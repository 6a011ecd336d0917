import { describe, expect, it } from 'vitest';
import { openPlaceholders } from '../../../../src/rules/masking/placeholders.ts';

const key = Buffer.alloc(32, 1);
const open = (maxEntries = 100, digest?: (input: string) => Buffer) => openPlaceholders({ key, maxEntries, ...(digest && { digest }) });

describe('placeholders', () => {
  it('have one shape and say their kind', () => {
    const text = open().placeholderFor('EMAIL', 'bob@example.test');
    expect(text).toMatch(/^SP_EMAIL_[A-Z2-7]{12}$/);
    expect(open().isPlaceholder(text)).toBe(true);
    expect(open().isPlaceholder(text.toLowerCase())).toBe(true);
    expect(open().isPlaceholder(`${text}A`)).toBe(false);
    expect(open().isPlaceholder(`${text}ABCD`)).toBe(true);
    expect(open().isPlaceholder(` ${text}`)).toBe(false);
  });

  it('are the same for a value on every turn and after a restart, and others for another key, value or kind', () => {
    const placeholders = open();
    const text = placeholders.placeholderFor('EMAIL', 'a');
    expect(placeholders.placeholderFor('EMAIL', 'a')).toBe(text);
    expect(placeholders.size).toBe(1);
    expect(open().placeholderFor('EMAIL', 'a')).toBe(text);
    expect(open().placeholderFor('EMAIL', 'b')).not.toBe(text);
    expect(open().placeholderFor('KEY', 'a').slice(-12)).not.toBe(text.slice(-12));
    expect(openPlaceholders({ key: Buffer.alloc(32, 2), maxEntries: 1 }).placeholderFor('EMAIL', 'a')).not.toBe(text);
  });

  it('are those of the key: HMAC-SHA-256 in base32', () => {
    // printf 'EMAIL\0a' | openssl dgst -sha256 -mac HMAC -macopt hexkey:01… -binary | base32 | head -c 12
    expect(open().placeholderFor('EMAIL', 'a')).toBe('SP_EMAIL_IIH6FVL34YPP');
  });

  it('are turned back in any case', () => {
    const placeholders = open();
    const text = placeholders.placeholderFor('KEY', 'value "x"');
    expect(placeholders.valueOf(text)).toBe('value "x"');
    expect(placeholders.valueOf(text.toLowerCase())).toBe('value "x"');
    expect(placeholders.valueOf('SP_KEY_AAAAAAAAAAAA')).toBeUndefined();
  });

  it('forget what was not used for the longest time, and know it again when it comes back', () => {
    const placeholders = open(2);
    const a = placeholders.placeholderFor('KEY', 'a');
    const b = placeholders.placeholderFor('KEY', 'b');
    placeholders.placeholderFor('KEY', 'a');
    placeholders.placeholderFor('KEY', 'c');
    expect(placeholders.size).toBe(2);
    expect(placeholders.valueOf(b)).toBeUndefined();
    expect(placeholders.valueOf(a)).toBe('a');
    expect(placeholders.placeholderFor('KEY', 'b')).toBe(b);
    expect(placeholders.valueOf(b)).toBe('b');
  });

  it('are lengthened when two values would share one, and none begins with another', () => {
    // Twelve characters are the same for all; what is behind depends on the value.
    const digest = (input: string) =>
      Buffer.concat([input.includes('\0', 4) ? Buffer.from(input.slice(-1).repeat(8)) : Buffer.alloc(8), Buffer.from(input)]);
    const placeholders = open(10, digest);
    const a = placeholders.placeholderFor('KEY', 'a');
    const b = placeholders.placeholderFor('KEY', 'b');
    const c = placeholders.placeholderFor('KEY', 'c');
    expect(a).toBe('SP_KEY_AAAAAAAAAAAA');
    expect(b).toMatch(/^SP_KEY_[A-Z2-7]{16}$/);
    expect(c).toMatch(/^SP_KEY_[A-Z2-7]{16}$/);
    expect(new Set([a, b.slice(0, 19), c.slice(0, 19)]).size).toBe(3);
    expect([a, b, c].map((text) => placeholders.valueOf(text))).toEqual(['a', 'b', 'c']);
    expect(placeholders.valueOf(b.slice(0, 19))).toBeUndefined();
    expect(placeholders.placeholderFor('KEY', 'b')).toBe(b);
  });

  it('are gone after close', () => {
    const placeholders = open();
    const text = placeholders.placeholderFor('KEY', 'a');
    placeholders.close();
    expect(placeholders.size).toBe(0);
    expect(placeholders.valueOf(text)).toBeUndefined();
  });

  it('are refused for a short key and for words that are none', () => {
    expect(() => openPlaceholders({ key: Buffer.alloc(16), maxEntries: 1 })).toThrow('32 bytes');
    for (const word of ['K', 'key', 'ELEVENCHARS', 'A_B']) expect(() => open().placeholderFor(word, 'v')).toThrow('capital letters');
  });

  it('are known again where they are handed in, but for what is none and what is taken', () => {
    const before = open();
    const text = before.placeholderFor('KEY', 'a');
    const known = [
      { text, value: 'a' },
      { text: 'SP_KEY_ABCDEFGHABCD2345', value: 'b' },
      { text: 'SP_KEY_ABCDEFGHABCD', value: 'takes the stem of another' },
      { text: 'SP_KEY_ABCDEFGHABCD7777', value: 'the same' },
      { text: 'SP_KEY_QQQQQQQQQQQQ', value: 'a' },
      { text: 'no placeholder', value: 'c' },
    ];
    const placeholders = openPlaceholders({ key, maxEntries: 10, known });
    expect(placeholders.size).toBe(2);
    expect(placeholders.valueOf(text)).toBe('a');
    expect(placeholders.placeholderFor('KEY', 'b')).toBe('SP_KEY_ABCDEFGHABCD2345');
    expect(placeholders.valueOf('sp_key_abcdefghabcd2345')).toBe('b');
  });

  it('tell of every use, either way', () => {
    const used: string[] = [];
    const placeholders = openPlaceholders({ key, maxEntries: 1, onUse: (text, value) => used.push(`${text}=${value}`) });
    const text = placeholders.placeholderFor('KEY', 'a');
    placeholders.valueOf(text.toLowerCase());
    placeholders.placeholderFor('KEY', 'a');
    placeholders.valueOf('SP_KEY_AAAAAAAAAAAA');
    expect(used).toEqual([`${text}=a`, `${text}=a`, `${text}=a`]);
  });
});
