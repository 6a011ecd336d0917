// Lines of a stream, wherever it is cut.
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { linesOf } from '../../../../cmd/rules/lines.ts';

async function read(chunks: readonly string[], maxBytes = 100): Promise<(readonly [number, string | undefined])[][]> {
  const out: (readonly [number, string | undefined])[][] = [];
  const source = Readable.from(chunks.map((chunk) => Buffer.from(chunk, 'latin1'))) as AsyncIterable<Buffer>;
  for await (const lines of linesOf(source, maxBytes))
    out.push(lines.map(({ number, bytes }) => [number, bytes?.toString('latin1')] as const));
  return out;
}

test('a batch for each piece that ends a line', async () => {
  expect(await read(['a\nb', 'c', 'd\n\ne\n', 'f'])).toEqual([
    [[1, 'a']],
    [
      [2, 'bcd'],
      [3, ''],
      [4, 'e'],
    ],
    [[5, 'f']],
  ]);
  expect(await read([])).toEqual([]);
  expect(await read(['\n'])).toEqual([[[1, '']]]);
});

test('a byte order mark goes from the first line only, in pieces or not', async () => {
  expect(await read(['\xef', '\xbb\xbfa\n\xef\xbb\xbfb\n'])).toEqual([
    [
      [1, 'a'],
      [2, '\xef\xbb\xbfb'],
    ],
  ]);
});

test('a line that is too long is let go, the next one is read', async () => {
  expect((await read(['123', '45\n', '1234\n', '123456\n1', '2345678', '9'], 4)).flat()).toEqual([
    [1, undefined],
    [2, '1234'],
    [3, undefined],
    [4, undefined],
  ]);
});
