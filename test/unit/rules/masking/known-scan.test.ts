import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import type { MaskAction } from '../../../../src/rules/masking/kinds.ts';
import { KNOWN_VALUE } from '../../../../src/rules/masking/known-scan.ts';
import { openKnownValues } from '../../../../src/rules/masking/known-values.ts';
import { applyEdits, createMasker } from '../../../../src/rules/masking/mask.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const VALUE = 'kT9-vault "77" \\ x/y';
const KEY = 'sk-ant-api03-Zk3v9QpL2xW8rT5uY7iO1aS4dF6gH0jK';

function setUp(values: readonly string[], actions: Readonly<Record<string, MaskAction>> = {}) {
  const placeholders = testPlaceholders();
  const known = openKnownValues();
  known.set('test', values);
  const masker = createMasker({ placeholders, actions, known: known.current });
  const mask = (how: 'json' | 'lines' | 'text' | 'form', text: string) => {
    const bytes = Buffer.from(text);
    const scan = how === 'json' || how === 'lines' ? masker[how](bytes, opaque) : masker[how](bytes);
    return applyEdits(bytes, scan.edits).toString();
  };
  const P = (value: string, word = 'SECRET') => placeholders.placeholderFor(word, value);
  return { placeholders, known, masker, mask, P };
}

it('what names a known value finds none by itself', () => {
  expect(KNOWN_VALUE.find('anything', 0)).toBeUndefined();
});

describe('a known value', () => {
  it('is masked in every string, and its placeholder stands for the text as it stood', () => {
    const { mask, P } = setUp([VALUE]);
    const base64 = Buffer.from(VALUE).toString('base64');
    const core = base64.replace(/=+$/, '').slice(0, -1);
    const out = JSON.parse(mask('json', JSON.stringify({ a: `x ${VALUE} y`, b: base64, c: JSON.stringify({ VALUE }), d: 'clean' })));
    expect(out.a).toBe(`x ${P(VALUE)} y`);
    expect(out.b).toBe(base64.replace(core, P(core)));
    expect(out.c).toBe(JSON.stringify({ VALUE }).replace(JSON.stringify(VALUE).slice(1, -1), P(JSON.stringify(VALUE).slice(1, -1))));
    expect(out.d).toBe('clean');
  });

  it('is masked in text, lines, forms, fields and queries', () => {
    const { masker, mask, P } = setUp([VALUE]);
    expect(mask('text', `é ${VALUE}`)).toBe(`é ${P(VALUE)}`);
    expect(mask('lines', `{"a":1}\n${JSON.stringify([VALUE])}\n`)).toBe(`{"a":1}\n["${P(VALUE)}"]\n`);
    expect(mask('lines', '{"a":1}\n{"b":"c"}\n')).toBe('{"a":1}\n{"b":"c"}\n');
    expect(mask('form', `a=1&b=${encodeURIComponent(VALUE)}`)).toBe(`a=1&b=${P(VALUE)}`);
    expect(masker.query(`b=${encodeURIComponent(VALUE)}`).text).toBe(`b=${P(VALUE)}`);
    expect(masker.value(`é ${VALUE}`).text).toBe(`é ${P(VALUE)}`);
    expect(masker.value(VALUE).text).toBe(P(VALUE));
  });

  it('is named by the detector that finds the same, and by none where it is more than that', () => {
    const { mask, P } = setUp([KEY, `first ${'ghp_'}Q7w9E2r4T6y8U1i3O5p7A9s2D4f6G8h1J3k5 last`, 'x-bob@example']);
    expect(mask('text', `a ${KEY} b`)).toContain(`sk-ant-api03-${P(KEY.slice(13), 'KEY')}`);
    const whole = 'first ghp_Q7w9E2r4T6y8U1i3O5p7A9s2D4f6G8h1J3k5 last';
    expect(mask('text', `a ${whole} b`)).toBe(`a ${P(whole)} b`);
    expect(mask('text', 'mail x-bob@example.test to x-bob@example x')).toBe(
      `mail ${P('x-bob@example.test', 'EMAIL')} to ${P('x-bob@example')} x`,
    );
  });

  it('leaves nothing of itself where a detector finds a part of it and more', () => {
    const { mask, P } = setUp(['left side bob@exa', 'ple.test right side', 'cc@example.test, dd@example.test']);
    expect(mask('text', 'a left side bob@example.test right side b')).toBe(
      `a ${P('left side ')}${P('bob@example.test', 'EMAIL')}${P(' right side')} b`,
    );
    expect(mask('text', 'aa@example.test bb@example.test')).not.toContain('example');
  });

  it('is held although the detector that finds it only warns', () => {
    const { mask, P } = setUp(['bob@example.test'], { email: 'warn' });
    expect(mask('text', 'to bob@example.test or ana@example.test')).toBe(`to ${P('bob@example.test')} or ana@example.test`);
    expect(setUp(['vault-value-1'], { secrets: 'off' }).mask('text', 'vault-value-1')).toBe('vault-value-1');
  });

  it('is never the document itself; a number is one of its values', () => {
    const { mask, P } = setUp(['{"a":"b", "c":1}', 'b","c":"d-and-more', '20991231']);
    const body = '{"x":{"a":"b", "c":1},"y":["b","c":"d-and-more"]}';
    expect(mask('json', '{"x":{"a":"b", "c":1}}')).toBe('{"x":{"a":"b", "c":1}}');
    expect(mask('json', '{"x":"b","c":"d-and-more"}')).toBe('{"x":"b","c":"d-and-more"}');
    expect(mask('text', body)).not.toContain('d-and-more');
    expect(mask('json', '[20991231, "20991231", 120991231]')).toBe(`["${P('20991231')}", "${P('20991231')}", 120991231]`);
  });

  it('is found in what was looked at before it was known', () => {
    const { known, masker, mask } = setUp([]);
    const body = JSON.stringify({
      messages: Array.from({ length: 50 }, (_, i) => ({ role: 'user', content: `turn ${i} vault-value-1 ${'x'.repeat(200)}` })),
    });
    expect(masker.json(Buffer.from(body), anthropic).edits).toEqual([]);
    known.set('test', ['vault-value-1']);
    expect(masker.json(Buffer.from(body), anthropic).edits).toHaveLength(50);
    known.set('test', []);
    expect(mask('json', body)).toBe(body);
  });

  it('is found in a stream, however it is cut', () => {
    const { masker } = setUp(['vault-value-1']);
    expect(masker.holds).toBe(true);
    const bytes = Buffer.from('a vault-value-1 b');
    for (const size of [1, 4, 17]) {
      const scanner = masker.stream();
      const found = [];
      for (let i = 0; i < bytes.length; i += size) found.push(...scanner.push(bytes.subarray(i, i + size)));
      expect(found).toEqual([{ kind: 'secrets', start: 2, end: 15 }]);
    }
  });
});
