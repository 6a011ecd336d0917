import { describe, expect, it } from 'vitest';
import { escapeLevels, levelsOf, unescapeDeep, unescapeLevels } from '../../../../src/rules/masking/unescape.ts';

describe('unescapeDeep', () => {
  it.each([
    ['plain', 'plain'],
    ['a\\nb', 'a\nb'],
    ['a\\\\nb', 'a\nb'],
    ['a\\\\\\\\nb', 'a\nb'],
    ['\\u0040\\\\u0040', '@@'],
    ['\\"x\\/y\\b\\f\\r\\t', '"x/y\b\f\r\t'],
    ['\\u12', '\\u12'],
    ['\\w+\\.', '\\w+\\.'],
    ['end\\', 'end\\'],
    ['end\\\\', 'end\\'],
    ['', ''],
  ])('reads %j as %j', (text, expected) => {
    expect(unescapeDeep(text).text).toBe(expected);
  });

  it('knows where each character comes from', () => {
    const text = 'ab\\\\ncd\\u0040e\\';
    const { text: view, origin } = unescapeDeep(text);
    expect(view).toBe('ab\ncd@e\\');
    expect([...origin]).toEqual([0, 1, 2, 5, 6, 7, 13, 14, 15]);
    expect(origin.length).toBe(view.length + 1);
  });
});

describe('unescapeLevels and escapeLevels', () => {
  it('undo each other, level by level', () => {
    const value = 'a"b\\c\nd\u0001é/';
    for (const levels of [0, 1, 2, 3]) expect(unescapeLevels(escapeLevels(value, levels), levels)).toBe(value);
    expect(escapeLevels('a\nb', 2)).toBe('a\\\\nb');
  });

  it('read what JSON reads, and let the rest stand', () => {
    expect(unescapeLevels('\\u0041\\/\\q\\u00', 1)).toBe('A/\\q\\u00');
    expect(unescapeLevels('none', 3)).toBe('none');
  });
});

describe('levelsOf', () => {
  it('is two for JSON text in a member known to hold it', () => {
    expect(levelsOf('arguments', '{"a":1}')).toBe(2);
    expect(levelsOf('partial_json', '[1]')).toBe(2);
    expect(levelsOf('arguments', 'ls -l')).toBe(1);
    expect(levelsOf('content', '{"a":1}')).toBe(1);
    expect(levelsOf('content', '{"a":1}', true)).toBe(2);
    expect(levelsOf('text', ' [1]', true)).toBe(2);
    expect(levelsOf('text', 'words', true)).toBe(1);
    expect(levelsOf('thinking', '{', true)).toBe(1);
    expect(levelsOf(undefined, '{')).toBe(1);
  });
});
