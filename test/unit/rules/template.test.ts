// Templates of keys: what is one, what it becomes, and that no error tells what was in it.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import { describe, expect, test } from 'vitest';
import { isFieldValue, parseTemplate, renderTemplate } from '../../../src/rules/template.ts';

const render = (text: string, values: Record<string, string>) => renderTemplate(parseTemplate(text), (name) => values[name]);

test.each([
  ['Bearer ${env:KEY}', { KEY: 'k' }, 'Bearer k'],
  ['${env:A}${env:B}', { A: 'a', B: 'b' }, 'ab'],
  ['${env:_a9}:x', { _a9: '${env:KEY}' }, '${env:KEY}:x'],
  ['costs $5 and {6}$', {}, 'costs $5 and {6}$'],
  ['Bearer ${env:KEY}', {}, undefined],
  ['Bearer ${env:KEY}', { KEY: '' }, undefined],
])('%s with %j is %j', (text, values, expected) => {
  expect(render(text, values)).toBe(expected);
});

describe('a malformed template', () => {
  test.each([
    ['', /empty/],
    ['   ', /empty/],
    ['a\nb', /character/],
    ['a\u0000', /character/],
    ['sk-secret ${env:}', /character 11 /],
    ['sk-secret ${file:x}', /character 11 /],
    ['${env:A}sk-secret${', /character 18 /],
    ['${env:A-B}', /character 1 /],
    ['${env:1A}', /character 1 /],
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
