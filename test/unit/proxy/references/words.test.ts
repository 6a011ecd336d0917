// Commands come apart as people quote them, and a shell's own characters mean nothing.
import { expect, test } from 'vitest';
import { wordsOf } from '../../../../src/proxy/references/words.ts';

test.each<[string, readonly string[] | undefined]>([
  ['pass show openai', ['pass', 'show', 'openai']],
  ['  a \t b  ', ['a', 'b']],
  [`a 'b c' "d e"`, ['a', 'b c', 'd e']],
  [`a'b 'c" d"e`, ['ab c de']],
  [`a '' ""`, ['a', '', '']],
  [`a "b\\"c\\\\d" 'e\\f'`, ['a', 'b"c\\d', 'e\\f']],
  ['a b\\ c \\$d', ['a', 'b c', '$d']],
  ['a $HOME *.txt | b > c; d && e `f`', ['a', '$HOME', '*.txt', '|', 'b', '>', 'c;', 'd', '&&', 'e', '`f`']],
  ['', undefined],
  ['  ', undefined],
  [`a 'b`, undefined],
  ['a "b', undefined],
  ['a \\', undefined],
  ['a "b\\', undefined],
])('%j', (command, words) => {
  expect(wordsOf(command)).toEqual(words);
});
