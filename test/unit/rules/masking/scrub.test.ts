import { describe, expect, it } from 'vitest';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { createReplyRestorer } from '../../../../src/rules/masking/restore.ts';
import { createScrubber, inSequence } from '../../../../src/rules/masking/scrub.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const KEY = 'real-key/0123+x=';
const scrubber = createScrubber([{ value: `Bearer ${KEY}`, standIn: 'dummy-key' }])!;

describe('a credential that comes back', () => {
  it('is taken out in every form, with its scheme or without', () => {
    expect(scrubber.text(`a ${KEY} b Bearer ${KEY}`)).toBe('a dummy-key b Bearer dummy-key');
    for (const form of [encodeURIComponent(KEY), Buffer.from(KEY).toString('hex'), JSON.stringify(KEY).replaceAll('/', '\\/').slice(1, -1)])
      expect(scrubber.text(`<${form}>`)).toBe('<dummy-key>');
    expect(scrubber.text(Buffer.from(`id:${KEY}:x`).toString('base64'))).toMatch(/^.{4,6}dummy-key.{2,6}$/);
  });

  it('costs no copy where it is not there, and is nothing where nothing or too little was put in', () => {
    const bytes = Buffer.from('real-key/0123+x and real-key');
    expect(scrubber.bytes(bytes)).toBe(bytes);
    expect(scrubber.stream().push(bytes.subarray(0, 20))).toHaveLength(20);
    expect(createScrubber([])).toBeUndefined();
    expect(createScrubber([{ value: 'Bearer abc', standIn: 'x' }])).toBeUndefined();
  });

  it('is replaced by a word of ours where the stand-in could break what it stands in', () => {
    expect(createScrubber([{ value: KEY, standIn: 'a"b' }])!.text(KEY)).toBe('[redacted]');
    expect(createScrubber([{ value: KEY, standIn: '' }])!.text(KEY)).toBe('[redacted]');
  });

  it('of two that begin alike the longer is meant', () => {
    const two = createScrubber([
      { value: 'key-0123456', standIn: 'short' },
      { value: 'key-0123456-and-more', standIn: 'long' },
      { value: '6-and-others', standIn: 'other' },
    ])!;
    expect(two.text('key-0123456-and-more key-0123456-and')).toBe('long short-and');
    expect(two.text('key-0123456-and-others')).toBe('short-and-others');
    const stream = two.stream();
    expect(stream.push(Buffer.from('x key-0123456')).toString()).toBe('x ');
    expect(stream.push(Buffer.from('-and')).toString()).toBe('');
    expect(stream.push(Buffer.from('!')).toString()).toBe('short-and!');
    expect(stream.restored).toBe(1);
    expect(stream.push(Buffer.from('key-0123456')).toString()).toBe('');
    expect(stream.end().toString()).toBe('short');
    // What has been taken is not the beginning of another.
    const chain = createScrubber([
      { value: 'key-0123456', standIn: 'short' },
      { value: '6-and-others', standIn: 'other' },
    ])!.stream();
    expect(chain.push(Buffer.from('key-0123456')).toString()).toBe('short');
    expect(chain.push(Buffer.from('-and-others')).toString()).toBe('-and-others');
    // The end could become the longer one, so the shorter one within it waits.
    const other = createScrubber([
      { value: 'key-0123456-and-more', standIn: 'long' },
      { value: '0123456-and', standIn: 'inner' },
    ])!.stream();
    expect(other.push(Buffer.from('x key-0123456-and')).toString()).toBe('x ');
    expect(other.push(Buffer.from('-less')).toString()).toBe('key-inner-less');
  });

  it('waits for the restorer behind it', () => {
    const placeholders = testPlaceholders();
    const P = placeholders.placeholderFor('EMAIL', 'bob@example.test');
    const both = inSequence(scrubber.stream(), createReplyRestorer('text', opaque, placeholders));
    const bytes = Buffer.from(`${KEY} ${P} ${KEY.slice(0, 9)}`);
    const out = [...bytes].map((byte) => both.push(Buffer.from([byte])));
    expect(Buffer.concat([...out, both.end()]).toString()).toBe(`dummy-key bob@example.test ${KEY.slice(0, 9)}`);
    expect(both.restored).toBe(1);
  });
});
