import { expect, it } from 'vitest';
import { parseEnvText } from '../../src/env-text.ts';

const read = (text: string) => parseEnvText(text).map(({ name, value }) => `${name}=${value}`);

it('reads assignments, quoted or not, with comments and export', () => {
  const text = [
    '\uFEFF# a comment = no value',
    'PLAIN=one two  # and a comment',
    'HASH=a#b',
    'EMPTY=',
    'NONE= # nothing',
    '  export  SPACED = three ',
    "SINGLE='it is \\n # literal' # comment",
    'DOUBLE="line\\nnext \\"q\\" \\t\\r\\\\ \\$x"',
    'BACK=`tick "x"`',
    'YAML: four',
    'not an assignment',
    'dotted.name-x=5',
    'WINDOWS=six\r',
    'OPEN="never closed',
    "OPEN2='never closed",
    'AFTER="seven',
  ].join('\n');
  expect(read(text)).toEqual([
    'PLAIN=one two',
    'HASH=a#b',
    'EMPTY=',
    'NONE=',
    'SPACED=three',
    'SINGLE=it is \\n # literal',
    'DOUBLE=line\nnext "q" \t\r\\ $x',
    'BACK=tick "x"',
    'YAML=four',
    'dotted.name-x=5',
    'WINDOWS=six',
    "OPEN=never closed\nOPEN2='never closed\nAFTER=",
  ]);
});

it('a quote that closes nowhere is a character', () => {
  expect(read('A="open\nB="open\nC=1')).toEqual(['A=open\nB=', 'C=1']);
  expect(read("A='open\nB='open'\nD='x")).toEqual(['A=open\nB=', "D='x"]);
  expect(read("A='\nB='x\nC='y'")).toHaveLength(2);
});

it('a value may have several lines, and is known as it is written too', () => {
  expect(parseEnvText('KEY="a\nb\\n"\nX=1')).toEqual([
    { name: 'KEY', value: 'a\nb\n', written: 'a\nb\\n' },
    { name: 'X', value: '1', written: '1' },
  ]);
});

it('is linear where quotes open and never close', () => {
  const text = 'A="x\\"\n'.repeat(20_000);
  expect(parseEnvText(text).length).toBeGreaterThan(0);
});
