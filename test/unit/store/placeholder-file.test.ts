import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPlaceholderFile, type PlaceholderFileOptions } from '../../../src/store/placeholder-file.ts';
import { scratchFolder } from '../../support/folder.ts';
import { secretForms } from '../../support/secret-forms.ts';

const DAY = 86_400_000;
const KEY = Buffer.alloc(32, 3);

function setUp(home = scratchFolder(), over: Partial<PlaceholderFileOptions> = {}) {
  const timers: { task: () => void; delayMs: number }[] = [];
  const troubles: boolean[] = [];
  const clock = { now: 1_700_000_000_000 };
  const open = (more: Partial<PlaceholderFileOptions> = {}) =>
    openPlaceholderFile({
      home,
      key: KEY,
      now: () => clock.now,
      schedule: (task, delayMs) => {
        const timer = { task, delayMs };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
      },
      onTrouble: ({ failing }) => troubles.push(failing),
      ...over,
      ...more,
    });
  return { home, path: join(home, 'placeholders.sealed'), timers, troubles, clock, open };
}

const pairs = (file: { known: Iterable<{ text: string; value: string }> }) => [...file.known].map(({ text, value }) => [text, value]);

test('what was used is known after a restart, the least used first', () => {
  const { path, timers, clock, open } = setUp();
  const first = open();
  expect(existsSync(path)).toBe(false);
  first.used('A', 'one');
  first.used('B', 'two');
  clock.now += DAY;
  first.used('A', 'one');
  expect(timers.map((timer) => timer.delayMs)).toEqual([200]);
  first.close();
  expect(timers).toEqual([]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const second = open();
  expect(pairs(second)).toEqual([
    ['B', 'two'],
    ['A', 'one'],
  ]);
  second.close();
});

test('a batch is on its way when its timer has run, whatever happens then', () => {
  const { timers, open } = setUp();
  const killed = open();
  killed.used('A', 'one');
  timers.splice(0)[0]!.task();
  killed.used('B', 'two');
  timers.splice(0)[0]!.task();
  killed.used('C', 'lost with the process');
  expect(pairs(open()).map(([text]) => text)).toEqual(['A', 'B']);
});

test('nothing is written where nothing was used, nor twice in a day for one value', () => {
  const { path, timers, clock, open } = setUp();
  const file = open();
  expect(file.flush()).toBe(true);
  file.used('A', 'one');
  file.flush();
  const { size } = statSync(path);
  clock.now += DAY - 1;
  file.used('A', 'one');
  expect(timers).toEqual([]);
  file.close();
  expect(statSync(path).size).toBe(size);
  file.close();
});

test('values that nobody uses for as long as the bound says are forgotten', () => {
  const { path, clock, open } = setUp();
  const file = open();
  file.used('OLD', 'one');
  clock.now += 20 * DAY;
  file.used('NEW', 'two');
  file.close();
  clock.now += 11 * DAY;
  const later = open();
  expect(pairs(later)).toEqual([['NEW', 'two']]);
  later.close();
  clock.now += 31 * DAY;
  expect(pairs(open())).toEqual([]);
  expect(existsSync(path)).toBe(true);
});

test('of too many, or too long ones, the least used are forgotten', () => {
  const { open } = setUp();
  const file = open({ maxEntries: 2 });
  for (const text of ['A', 'B', 'C']) file.used(text, text.repeat(100));
  expect(pairs(file).map(([text]) => text)).toEqual(['B', 'C']);
  file.close();
  expect(pairs(open({ maxChars: 150 })).map(([text]) => text)).toEqual(['C']);
});

test('an end that was cut off costs the last batch; what comes next is written behind what is whole', () => {
  const { path, open } = setUp();
  const file = open();
  file.used('A', 'one');
  file.flush();
  const { size } = statSync(path);
  file.used('B', 'two');
  file.close();
  const whole = readFileSync(path);
  for (let cut = whole.length - 1; cut >= size; cut -= 7) {
    writeFileSync(path, whole.subarray(0, cut));
    const again = open();
    expect(again.notices).toEqual([]);
    expect(pairs(again).map(([text]) => text)).toEqual(['A']);
    again.used('C', 'three');
    again.close();
    const last = open();
    expect(pairs(last).map(([text]) => text)).toEqual(['A', 'C']);
    last.close();
  }
});

test('zeros where a crash of the machine left the end unwritten are no damage', () => {
  const { path, open } = setUp();
  const file = open();
  file.used('A', 'one');
  file.close();
  appendFileSync(path, Buffer.alloc(4096));
  const again = open();
  expect(again.notices).toEqual([]);
  expect(pairs(again)).toEqual([['A', 'one']]);
  again.close();
});

test('a damaged file is moved aside, whole, and what stood before the damage is known', () => {
  const { home, path, open } = setUp();
  const file = open();
  file.used('A', 'one');
  file.flush();
  const before = statSync(path).size;
  file.used('B', 'two');
  file.flush();
  file.used('C', 'three');
  file.close();
  const bytes = readFileSync(path);
  bytes[before + 30]! ^= 1;
  writeFileSync(path, bytes);
  const again = open();
  expect(pairs(again).map(([text]) => text)).toEqual(['A']);
  expect(again.notices).toEqual([expect.stringMatching(/placeholders\.sealed is damaged: 1 placeholders .* kept as .*aside-\d+$/)]);
  again.close();
  const aside = readdirSync(home).find((name) => name.includes('aside'))!;
  expect(readFileSync(join(home, aside))).toEqual(bytes);
  expect(open().notices).toEqual([]);
});

test.each([
  ['no such file', Buffer.from('hello, this is something else entirely'), 'damaged'],
  ['short and strange', Buffer.from('x'), 'damaged'],
  ['a length that is none', (whole: Buffer) => Buffer.concat([whole, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]), 'damaged'],
])('%s: said and moved aside', (_name, make, why) => {
  const { path, open } = setUp();
  const file = open();
  file.used('A', 'one');
  file.close();
  writeFileSync(path, typeof make === 'function' ? make(readFileSync(path)) : make);
  expect(open().notices[0]).toContain(`is ${why}`);
});

test('a file of another key is moved aside, and says so', () => {
  const { home, open } = setUp();
  const file = open();
  file.used('A', 'one');
  file.close();
  const other = open({ key: Buffer.alloc(32, 4) });
  expect(pairs(other)).toEqual([]);
  expect(other.notices).toEqual([expect.stringContaining('sealed with another key')]);
  expect(readdirSync(home).filter((name) => name.includes('aside'))).toHaveLength(1);
});

test('records are bound to their place: one taken from another file is damage', () => {
  const { path, open } = setUp();
  const file = open();
  file.used('A', 'one');
  file.close();
  const old = readFileSync(path);
  const next = open();
  next.used('B', 'two');
  next.close();
  const header = 8 + 16 + 8 + 28;
  writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, header), old.subarray(header)]));
  const again = open();
  expect(again.notices[0]).toContain('damaged');
  expect(pairs(again)).toEqual([]);
});

test('a folder in its place is moved aside', () => {
  const { path, open } = setUp();
  mkdirSync(path, { mode: 0o700 });
  const file = open();
  expect(file.notices[0]).toContain('not readable (EISDIR)');
  file.used('A', 'one');
  file.close();
  expect(pairs(open())).toEqual([['A', 'one']]);
});

test('a file that others may read is refused', () => {
  const { path, open } = setUp();
  const file = open();
  file.used('A', 'one');
  file.close();
  chmodSync(path, 0o644);
  expect(open).toThrow(/can be read by others: chmod 600/);
});

test('where nothing can be written it says so once, keeps what waits, and says once that it works again', () => {
  const { home, path, timers, troubles, open } = setUp();
  const file = open();
  // No draft can be made here.
  mkdirSync(join(`${path}.new`, 'in the way'), { recursive: true });
  file.used('A', 'one');
  expect(file.flush()).toBe(false);
  expect(file.flush()).toBe(false);
  expect(timers.at(-1)!.delayMs).toBe(5000);
  expect(troubles).toEqual([true]);
  file.used('B', 'two');
  expect(pairs(file)).toHaveLength(2);
  removeAll(join(home, 'placeholders.sealed.new'));
  expect(file.flush()).toBe(true);
  expect(troubles).toEqual([true, false]);
  file.close();
  expect(pairs(open())).toHaveLength(2);
});

test('a file that has grown beyond what it holds is written anew', () => {
  const { path, clock, open } = setUp();
  const file = open({ maxEntries: 5 });
  let most = 0;
  for (let i = 0; i < 400; i++) {
    file.used(`P${i}`, String(i).padEnd(20_000, 'x'));
    file.flush();
    most = Math.max(most, statSync(path).size);
    clock.now += 1;
  }
  expect(most).toBeLessThan(1_400_000);
  file.close();
  const again = open({ maxEntries: 5 });
  expect(pairs(again).map(([text]) => text)).toEqual(['P395', 'P396', 'P397', 'P398', 'P399']);
  again.close();
});

test('many large values are split over records', () => {
  const { open } = setUp();
  const file = open();
  for (let i = 0; i < 100; i++) file.used(`P${i}`, 'v'.repeat(10_000));
  file.close();
  expect(pairs(open())).toHaveLength(100);
});

test('no value can be read in the file, in any form', () => {
  const { path, open } = setUp();
  const value = 'marked-Value-8c1f{"x"}';
  const file = open();
  file.used('SP_SECRET_AAAAAAAAAAAA', value);
  file.flush();
  file.used('SP_SECRET_AAAAAAAAAAAB', `${value}2`);
  file.close();
  const bytes = readFileSync(path, 'latin1');
  for (const form of secretForms(value).values()) expect(bytes).not.toContain(form);
  expect(bytes).not.toContain('SP_SECRET');
});

function removeAll(folder: string): void {
  rmSync(folder, { recursive: true });
}
