// Makes the rows that the model learns from: every template of the lists beside it, its slots filled and put into host texts by a seeded
// choice, so that the same seed gives the same rows. It must not know how the model learns.
import { readFileSync } from 'node:fs';

/** A text and whether it is an attack. */
export interface Row {
  readonly text: string;
  readonly attack: boolean;
}

/** Numbers from 0 up to, not with, 1: the same ones for the same seed. */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

/** The objects of a file with one a line. */
export const lines = (file: string | URL): { label?: string; text: string; slot?: string; words?: string[] }[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const list = (name: string) => lines(new URL(`data/${name}.jsonl`, import.meta.url));

/** `each` rows of every template. */
export const makeRows = (seed: number, each: number): Row[] => {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const slots = new Map(list('slots').map(({ slot, words }) => [slot!, words!]));
  const hosts = list('hosts').map(({ text }) => text);
  const fill = (text: string): string =>
    text.replace(/\{([a-z]+)\}/g, (whole, slot: string) => (slots.has(slot) ? pick(slots.get(slot)!) : whole));
  const rows: Row[] = [];
  for (const { text, label } of [...list('attacks'), ...list('benign')])
    for (let n = 0; n < each; n++) {
      const filled = fill(text);
      rows.push({ text: n === 0 ? filled : pick(hosts).replace('{x}', () => filled), attack: label === 'injection' });
    }
  return rows;
};
