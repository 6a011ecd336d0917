// A path goes into a unit or a property list and comes out of it as it was, whatever it holds; or it is refused in one line.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemdProgram, systemdQuoted, systemdWord, xmlText } from '../../../../cmd/service/manager-words.ts';
import { systemdWords } from '../../../support/systemd-words.ts';

const nasty = fc.constantFrom(
  ' ',
  '%',
  '%h',
  '$',
  `$\{HOME}`,
  '$$',
  '"',
  "'",
  '\\',
  '\\x41',
  '=',
  ';',
  '#',
  '\n',
  '\t',
  '\u007f',
  '\ud800',
  'é',
  '雪',
  '<',
  '&amp;',
  ']]>',
);
const paths = fc
  .array(fc.oneof({ weight: 2, arbitrary: nasty }, fc.string({ unit: 'grapheme', maxLength: 4 })), { maxLength: 12 })
  .map((parts) => `/${parts.join('')}`);

/** What `write` gives, or undefined where it refuses, which it may only for what `refused` names. */
function written(write: (text: string) => string, text: string, refused: RegExp): string | undefined {
  try {
    return write(text);
  } catch (thrown) {
    expect((thrown as Error).name).toBe('CommandFailure');
    expect((thrown as Error).message).not.toContain('\n');
    expect(text).toMatch(refused);
    return undefined;
  }
}

const CONTROLS = /\p{Cc}|\p{Surrogate}|\ufffd/u;

test('a word of ExecStart=', () => {
  fc.assert(
    fc.property(paths, paths, (program, argument) => {
      const first = written(systemdProgram, program, /['"\\]|\p{Cc}|\p{Surrogate}|\ufffd/u);
      const second = written(systemdWord, argument, CONTROLS);
      if (first !== undefined && second !== undefined) expect(systemdWords(`${first} ${second}`)).toEqual([program, argument]);
    }),
  );
});

test('a value of Environment=', () => {
  fc.assert(
    fc.property(paths, (path) => {
      const value = written((text) => systemdQuoted(`PATH=${text}:/bin`), path, CONTROLS);
      if (value !== undefined) expect(systemdWords(value)).toEqual([`PATH=${path}:/bin`]);
    }),
  );
});

test('the text of an element', () => {
  const back = (text: string) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  fc.assert(
    fc.property(paths, (path) => {
      const text = written(xmlText, path, CONTROLS);
      if (text === undefined) return;
      expect(text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
      expect(back(text)).toBe(path);
    }),
  );
});
