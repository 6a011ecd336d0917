// A word for people to copy: bash reads back what was written, and nothing is run.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWord } from '../../src/shell-word.ts';

test('plain words stay as they are', () => {
  for (const text of ['a', '/etc/ssl', '--flag=1', 'C,,', 'x@y:z']) expect(shellWord(text)).toBe(text);
});

test('bash reads back any text, from one line', () => {
  const letters = [...'abé ;&|<>()$`"\'\\!*?~#\n\t\u001b\r{}[]'];
  const texts = fc.sample(fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 20 }), 300);
  const words = texts.map(shellWord);
  for (const word of words) expect(word).not.toMatch(/[\n\r]/);
  const program = words.map((word) => `printf '%s\\0' ${word}`).join('\n');
  const read = execFileSync('bash', ['-s'], { input: program, env: { ...process.env, LC_ALL: 'C.UTF-8' } }).toString();
  expect(read.split('\0').slice(0, -1)).toEqual(texts);
});
