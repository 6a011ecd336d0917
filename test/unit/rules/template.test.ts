// Templates of keys: what is one, what it becomes, and that no error tells what was in it.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import { describe, expect, test } from 'vitest';
import { isFieldValue, parseTemplate, renderTemplate, variablesOf } from '../../../src/rules/template.ts';

test.each([
  ['Bearer ${env:KEY}', ['Bearer ', ''], ['env:KEY']],
  ['${env:A}${file:~/b c}', ['', '', ''], ['env:A', 'file:~/b c']],
  ['${vault:kv/a#b}:x', ['', ':x'], ['vault:kv/a#b']],
  ['${exec:pass "a $b" {c}', ['', ''], ['exec:pass "a $b" {c']],
  ['costs $5 and {6}$', ['costs $5 and {6}$'], []],
])('%s comes apart', (text, texts, references) => {
  expect(parseTemplate(text)).toEqual({ texts, references });
});

test('values take their places, whatever they look like', () => {
  const template = parseTemplate('Basic ${env:A}:${file:/b}!');
  expect(renderTemplate(template, ['${env:B}', '$&'])).toBe('Basic ${env:B}:$&!');
  expect(renderTemplate(parseTemplate('plain'), [])).toBe('plain');
});

test('the variables of a template are those of its env references', () => {
  expect(variablesOf(parseTemplate('${env:A}${file:/env:B}${env:C}'))).toEqual(['A', 'C']);
});

describe('a malformed template', () => {
  test.each([
    ['', /empty/],
    ['   ', /empty/],
    ['a\nb', /character/],
    ['a\u0000', /character/],
    ['sk-secret ${env:}', /character 11 /],
    ['sk-secret ${FILE:x}', /character 11 /],
    ['sk-secret ${secret}', /character 11 /],
    ['sk-secret ${:secret}', /character 11 /],
    ['${env:A}sk-secret${', /character 18 /],
    ['${env:A', /character 1 /],
    ['${env:${env:A}}', /character 1 /],
    ['sk-secret€', /character/],
  ])('%j is refused without being repeated', (text, message) => {
    const error = (() => {
      try {
        parseTemplate(text);
      } catch (thrown) {
        return thrown as Error & { code: string };
      }
    })();
    expect(error?.code).toBe('bad-request');
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain('secret');
  });
});

test('a header value has no control characters', () => {
  expect(isFieldValue('Bearer abc\tü')).toBe(true);
  for (const bad of ['a\r', 'a\nb', '\u007f', 'ā']) expect(isFieldValue(bad)).toBe(false);
});
