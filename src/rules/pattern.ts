// Patterns that users write, in an engine that is linear in the text whatever the pattern: RE2's, without look-around and back references.
// It must not know what a pattern is for.
import { RE2JS } from 're2js';

/** A compiled pattern. */
export interface Pattern {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
  /** Where it matches in the text, in order and apart, in code units. Empty matches are none. */
  findAll(text: string): { readonly start: number; readonly end: number }[];
}

/** Longer patterns are no patterns any more. */
const LONGEST = 2000;

/** Compiles a pattern. Throws an Error of one line that says what is wrong with it. */
export function compilePattern(text: string): Pattern {
  if (text === '') throw new Error('the pattern is empty');
  if (text.length > LONGEST) throw new Error(`the pattern is longer than ${LONGEST} characters`);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(text);
  } catch (thrown) {
    throw new Error(`not a pattern: ${(thrown as Error).message.split('\n')[0]} (RE2 knows no look-around and no back references)`);
  }
  if (compiled.test('')) throw new Error('the pattern matches nothing at all, so it would match everywhere');
  return {
    test: (own) => compiled.test(own),
    findAll(own) {
      const out: { start: number; end: number }[] = [];
      const matcher = compiled.matcher(own);
      while (matcher.find()) if (matcher.end() > matcher.start()) out.push({ start: matcher.start(), end: matcher.end() });
      return out;
    },
  };
}
