// One file in src/rules/detectors/ is one detector that keeps the contract: its examples hold, at every depth of JSON too, and its
// work grows with the input, not with its square. Steps are counted, no clock decides.
import { describe, expect, test } from 'vitest';
import type { Detector } from '../../src/rules/masking/detector.ts';
import { KINDS } from '../../src/rules/masking/kinds.ts';
import { DETECTORS } from '../../src/rules/masking/registry.ts';
import { createScanner, findSecrets } from '../../src/rules/masking/scan.ts';
import { unescapeDeep } from '../../src/rules/masking/unescape.ts';
import { listFiles, stem } from './sources.ts';

const named = DETECTORS.map((detector) => [detector.name, detector] as const);
const found = (text: string) => findSecrets(text, KINDS).map((f) => ({ name: f.detector.name, text: text.slice(f.start, f.end) }));

test('every file is in the registry once, under its own name', () => {
  expect(DETECTORS.map((detector) => detector.name).sort()).toEqual(listFiles('src/rules/detectors', '.ts').map(stem).sort());
});

describe.each(named)('%s', (name, detector) => {
  test('declares itself properly', () => {
    expect(detector.word).toMatch(/^[A-Z]{2,10}$/);
    expect(KINDS).toContain(detector.kind);
    expect(detector.anchors.length + (detector.digits ?? 0)).toBeGreaterThan(0);
    if (detector.anyCase) for (const anchor of detector.anchors) expect(anchor).toBe(anchor.toLowerCase());
    for (const anchor of detector.anchors) expect(anchor).toMatch(/^[\x20-\x7e]$|^[\x20-\x7e]{3,}$/);
    expect(detector.examples.yes.length).toBeGreaterThan(0);
    expect(detector.examples.no.length).toBeGreaterThan(1);
  });

  test.each(detector.examples.yes)('finds one in %j', (text) => {
    const findings = found(text);
    expect(findings.map((f) => f.name)).toEqual([name]);
    expect(findings[0]!.text).not.toContain('"');
  });

  test.each(detector.examples.yes)('finds the same in %j as JSON, in JSON, in JSON', (text) => {
    const value = unescapeDeep(found(text)[0]!.text).text;
    for (let depth = 0, body = text; depth < 3; depth++) {
      body = JSON.stringify({ text: body });
      expect(found(body).map((f) => ({ name: f.name, text: unescapeDeep(f.text).text }))).toEqual([{ name, text: value }]);
    }
  });

  test.each(detector.examples.no)('finds none in %j', (text) => {
    expect(found(text).filter((f) => f.name === name)).toEqual([]);
  });

  test('works in proportion to hostile input', () => {
    for (const [what, make] of hostileTo(detector)) {
      const small = stepsOn(detector, make(4_000));
      const large = stepsOn(detector, make(16_000));
      expect(large, `${what}: ${small} steps, then ${large}`).toBeLessThanOrEqual(small * 5 + 2_000);
      expect(large, what).toBeLessThan(16_000 * 700);
    }
    // Steps are counted, which takes long where a table has many anchors.
  }, 120_000);
});

/** Texts of a size that would be costly if anything were looked at again for each anchor. */
function hostileTo(detector: Detector): [string, (size: number) => string][] {
  const fill = (unit: string) => (size: number) => unit.repeat(Math.ceil(size / unit.length));
  const numbers: [string, (size: number) => string][] = ['1', '11 ', '123-', '1234567890.', '(1)', '11.111/', '+1 '].map((unit) => [
    `${unit} over and over`,
    fill(unit),
  ]);
  const words = detector.anchors.flatMap((anchor): [string, (size: number) => string][] => [
    [`${anchor} over and over`, fill(anchor)],
    [`${anchor} between letters`, fill(`a${anchor}a`)],
    [`${anchor} between digits and dots`, fill(`1.${anchor}1`)],
    [`${anchor} after slashes`, fill(`://a:${anchor}`)],
    [`${anchor} after a BEGIN`, fill(`-----BEGIN ${anchor}`)],
    [`${anchor} and a long run`, (size) => anchor + 'aB3'.repeat(size / 3)],
    [`a long run and ${anchor}`, (size) => 'aB3'.repeat(size / 3) + anchor],
    [`a run with ${anchor} at its joints`, fill(`${'aB3'.repeat(30)}${anchor}`)],
    [`${anchor} with dots`, fill(`${anchor}a.b.`)],
    [`${anchor} with dashes`, fill(`-${anchor}-`)],
    [`${anchor} with percents`, fill(`%41${anchor}%42`)],
    [`${anchor} with an assignment`, fill(`${anchor}=`)],
    [`${anchor} with blanks`, fill(`${anchor} : `)],
  ]);
  return detector.digits === undefined ? words : [...words, ...numbers];
}

/** Characters looked at by the detector alone, over all anchors in the text. */
function stepsOn(detector: Detector, text: string): number {
  let steps = 0;
  let counting = false;
  const find: Detector['find'] = (view, at) => {
    counting = true;
    try {
      return detector.find(view, at);
    } finally {
      counting = false;
    }
  };
  const scanner = createScanner([{ ...detector, find }]);
  const restore = [
    watch(String.prototype, 'charCodeAt', () => 1),
    watch(String.prototype, 'slice', (result) => (result as string).length),
    watch(RegExp.prototype, 'exec', (_result, subject) => String(subject).length),
  ];
  try {
    scanner.bytes(Buffer.from(text));
  } finally {
    for (const back of restore) back();
  }
  return steps;

  function watch(owner: object, method: string, cost: (result: unknown, first: unknown) => number): () => void {
    const descriptor = Object.getOwnPropertyDescriptor(owner, method)!;
    const original = descriptor.value as (...args: unknown[]) => unknown;
    const value = function (this: unknown, ...args: unknown[]) {
      const result = original.apply(this, args);
      if (counting) steps += cost(result, args[0]);
      return result;
    };
    Object.defineProperty(owner, method, { ...descriptor, value });
    return () => Object.defineProperty(owner, method, descriptor);
  }
}
