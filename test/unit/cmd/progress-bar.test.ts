// The bar of long work: drawn on a terminal and nowhere else, not more often than is seen, and gone at the end.
import { expect, test } from 'vitest';
import { openProgressBar } from '../../../cmd/progress-bar.ts';

function screen(isTTY: boolean) {
  const written: string[] = [];
  return { written, stream: { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream };
}

test('a terminal sees how far it is, and nothing of it afterwards', () => {
  const { written, stream } = screen(true);
  let now = 0;
  const bar = openProgressBar('work', stream, () => now);
  bar.clear();
  expect(written).toEqual([]);
  bar.show(0, 4);
  bar.show(1, 4);
  now = 100;
  bar.show(2, 4);
  now = 200;
  bar.show(0, 0);
  bar.clear();
  expect(written).toEqual([
    `\r\u001B[Kwork [${'.'.repeat(30)}] 0 of 4`,
    `\r\u001B[Kwork [${'#'.repeat(15)}${'.'.repeat(15)}] 2 of 4`,
    `\r\u001B[Kwork [${'#'.repeat(30)}] 0 of 0`,
    '\r\u001B[K',
  ]);
});

test('a file or a pipe sees nothing', () => {
  const { written, stream } = screen(false);
  const bar = openProgressBar('work', stream, () => 0);
  bar.show(1, 2);
  bar.clear();
  expect(written).toEqual([]);
});
