import { describe, expect, it } from 'vitest';
import { compileAnchors } from '../../../../src/rules/masking/anchors.ts';

function hits(words: readonly string[], text: string, from = 0, to = text.length, shift = 0): string[] {
  // The bytes begin at an even or an odd address.
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text, 'latin1')]).subarray(shift);
  const out: string[] = [];
  compileAnchors(words.map((text) => ({ text })))(bytes, from, to, (word, at) => out.push(`${words[word]}@${at}`));
  return out.sort();
}

describe('the anchor pass', () => {
  it.each([0, 1])('finds a word wherever it lies, at an address of parity %i', (shift) => {
    for (let before = 0; before < 9; before++) {
      for (let after = 0; after < 9; after++) {
        const text = `${'.'.repeat(before)}ghp_${'.'.repeat(after)}`;
        expect(hits(['ghp_', '@'], text, 0, text.length, shift)).toEqual([`ghp_@${before}`]);
        const single = `${'.'.repeat(before)}@${'.'.repeat(after)}`;
        expect(hits(['ghp_', '@'], single, 0, single.length, shift)).toEqual([`@@${before}`]);
      }
    }
  });

  it('reports words that share letters, and one word twice', () => {
    expect(hits(['sk-', 'sk-ant-'], 'sk-ant-sk-')).toEqual(['sk-@0', 'sk-@7', 'sk-ant-@0']);
    expect(hits(['@', '%40'], '@@%40@')).toEqual(['%40@2', '@@0', '@@1', '@@5']);
  });

  it('keeps to its bounds', () => {
    expect(hits(['abc', '@'], 'abc@abc', 1, 6)).toEqual(['@@3']);
    expect(hits(['abc', '@'], 'abc@abc', 4, 4)).toEqual([]);
    expect(hits(['@'], '@', 0, 1, 1)).toEqual(['@@0']);
    expect(hits(['@'], 'x', 0, 1, 1)).toEqual([]);
    expect(hits(['@'], '')).toEqual([]);
  });

  it('finds every one of many words in one pass', () => {
    const words = ['a-b', 'b-c-', '-----BEGIN', 'the', '//0', 'XYZ9', '~'];
    for (const word of words) expect(hits(words, `..${word}..`)).toEqual([`${word}@2`]);
  });

  it('refuses a word of two characters', () => {
    expect(() => compileAnchors([{ text: 'ab' }])).toThrow('one character, or three and more');
  });

  it('takes more words than a byte can number', () => {
    const letters = [...'ABCDEFGHIJKLMNOPQR'];
    const words = letters.flatMap((a) => letters.map((b) => `${a}${b}~`));
    expect(hits(words, words.join('.'))).toEqual(words.map((word, i) => `${word}@${4 * i}`).sort());
  });

  it('asks for what stands beside a word, but not beyond its bounds', () => {
    const beside = { before: /[a-c]/, behind: /\d/ };
    const pass = compileAnchors([
      { text: '/', beside },
      { text: '<->', beside },
    ]);
    const in_ = (text: string, from = 0, to = text.length) => {
      const found: string[] = [];
      pass(Buffer.from(text), from, to, (word, at) => found.push(`${word}@${at}`));
      return found.sort();
    };
    expect(in_('a/1 x/1 a/x b/2 c/3')).toEqual(['0@1', '0@13', '0@17']);
    expect(in_(' a/1 x/1 a/x b/2 c/3')).toEqual(['0@14', '0@18', '0@2']);
    expect(in_('a<->1 x<->1 a<->x  b<->2')).toEqual(['1@1', '1@20']);
    expect(in_('/1x/')).toEqual(['0@0']);
    expect(in_('x/x', 1, 2)).toEqual(['0@1']);
    expect(in_('a/')).toEqual(['0@1']);
    expect(in_('x<->x', 1, 4)).toEqual(['1@1']);
  });

  it('takes both cases of a letter where case does not count', () => {
    const pass = compileAnchors([{ text: 'key-1', anyCase: true }, { text: 'q', anyCase: true }, { text: 'Kx[' }]);
    const found: string[] = [];
    pass(Buffer.from('KEY-1 kEy-1 key-1 KEY_1 Q q Kx[ kx[ Kx{'), 0, 41, (word, at) => found.push(`${word}@${at}`));
    expect(found.sort()).toEqual(['0@0', '0@12', '0@6', '1@24', '1@26', '2@28']);
  });
});
