import { describe, expect, it } from 'vitest';
import { pem } from '../../../../src/rules/detectors/pem.ts';
import { createScanner } from '../../../../src/rules/masking/scan.ts';

const scanner = createScanner([pem]);
const found = (text: string) => scanner.text(text).map((f) => text.slice(f.start, f.end));
const LINE = 'Mo9Xm2ScDw9ntJ0LbOZo0Tbg/8jqbqxZlfg/Yt4M02NVKuz7Hf+AZ3Jq5dMHj9Lw';
const BEGIN = '-----BEGIN PRIVATE KEY-----';
const END = '-----END PRIVATE KEY-----';

describe('a private key', () => {
  it('ends where the string ends that it stands in', () => {
    expect(found(`["${BEGIN}\n${LINE}","${END}"]`)).toEqual([`${BEGIN}\n${LINE}`]);
    const broken = Buffer.concat([Buffer.from(`${BEGIN}\n${LINE}`), Buffer.from([0xff]), Buffer.from(`\n${END}`)]);
    expect(scanner.bytes(broken)).toMatchObject([{ start: 0, end: BEGIN.length + 1 + LINE.length }]);
  });

  it('may be long, but not endless', () => {
    const long = `${BEGIN}\n${`${LINE}\n`.repeat(100)}${END}`;
    expect(found(`x ${long} y`)).toEqual([long]);
    const endless = `${BEGIN}\n${`${LINE}\n`.repeat(400)}${END}`;
    expect(found(endless)[0]!.length).toBeGreaterThan(16_000);
    expect(found(endless)[0]!.length).toBeLessThan(17_000);
  });

  it('has its lines for parts, without the numbers of a tool that shows a file', () => {
    const parts = (text: string) => scanner.text(text)[0]!.parts!.map(({ start, end }) => text.slice(start, end));
    expect(parts(`x ${BEGIN}\r\n  ${LINE}\r\n  \r\nAb==\n${END} y`)).toEqual([BEGIN, LINE, 'Ab==', END]);
    expect(parts(` 1→${BEGIN}\n 2→${LINE}\n10→${END}`)).toEqual([BEGIN, LINE, END]);
    expect(parts(`${BEGIN} ${LINE} ${END}`)).toEqual([`${BEGIN} ${LINE} ${END}`]);
    expect(parts(`["${BEGIN}\\\\n${LINE}\\\\n${END}"]`)).toEqual([BEGIN, LINE, END]);
  });

  it('is two where two stand one behind the other, or where the first has no end', () => {
    const one = `${BEGIN}\n${LINE}\n${END}`;
    expect(found(`${one}\n${one}`)).toEqual([one, one]);
    expect(found(`${BEGIN}\n${LINE}\n${one}`)).toEqual([`${BEGIN}\n${LINE}`, one]);
  });
});
