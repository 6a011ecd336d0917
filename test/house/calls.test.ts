// Calls that have one home or none. Each says, in one sentence, what to do instead.
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { listFiles, parseFile, parseText, place, productFiles, readText, walk } from './sources.ts';

interface Ban {
  readonly what: string;
  readonly instead: string;
  /** Files it does not hold for. */
  readonly home?: RegExp;
  readonly matches: (node: ts.Node) => boolean;
}

const member = (node: ts.Node, object: string, name: string) =>
  ts.isPropertyAccessExpression(node) && node.name.text === name && ts.isIdentifier(node.expression) && node.expression.text === object;

const called = (node: ts.Node, name: string) =>
  (ts.isCallExpression(node) || ts.isNewExpression(node)) && ts.isIdentifier(node.expression) && node.expression.text === name;

const BANS: readonly Ban[] = [
  {
    what: '.pipe(',
    instead: 'use pipeline with the signal of the exchange: pipe leaves one side open when the other dies',
    matches: (node) => ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'pipe',
  },
  {
    what: 'console',
    instead: 'src and its rooms write to the log they are given; only cmd speaks to a person',
    home: /^cmd\//,
    matches: (node) => ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'console',
  },
  {
    what: 'process.env',
    instead: 'settings come in through the configuration, which cmd builds',
    home: /^cmd\//,
    matches: (node) => member(node, 'process', 'env'),
  },
  {
    what: 'process.exit',
    instead: 'throw a Fault or close what you own; only cmd ends the process',
    home: /^cmd\//,
    matches: (node) => member(node, 'process', 'exit'),
  },
  { what: 'Math.random', instead: 'take randomness as a parameter, or node:crypto', matches: (node) => member(node, 'Math', 'random') },
  { what: 'eval', instead: 'no text becomes code here', matches: (node) => called(node, 'eval') },
  { what: 'new Function', instead: 'no text becomes code here', matches: (node) => called(node, 'Function') },
];

/** Time and timers: what keeps src/rules from being replayed. */
const CLOCKS: readonly Ban[] = [
  { what: 'Date.now', instead: 'rules take `nowMs` as a parameter', matches: (node) => member(node, 'Date', 'now') },
  { what: 'performance.now', instead: 'rules take `nowMs` as a parameter', matches: (node) => member(node, 'performance', 'now') },
  // With a time in it, it is arithmetic of the calendar.
  {
    what: 'new Date',
    instead: 'rules take `nowMs` as a parameter',
    matches: (node) => ts.isNewExpression(node) && called(node, 'Date') && (node.arguments ?? []).length === 0,
  },
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch'].map((name) => ({
    what: name,
    instead: 'rules return what should happen and when; the caller owns the timer',
    matches: (node: ts.Node) => called(node, name),
  })),
];

function broken(source: ts.SourceFile, bans: readonly Ban[]): string[] {
  const found: string[] = [];
  const held = bans.filter((ban) => !ban.home?.test(source.fileName));
  walk(source, (node) => {
    for (const ban of held) if (ban.matches(node)) found.push(`${place(source, node)} ${ban.what}: ${ban.instead}`);
  });
  return found;
}

describe('calls', () => {
  test('with one home stay there', () => {
    expect(productFiles().flatMap((file) => broken(parseFile(file), BANS))).toEqual([]);
  });

  test('to the clock and to timers are not made by rules', () => {
    expect(listFiles('src/rules', '.ts').flatMap((file) => broken(parseFile(file), CLOCKS))).toEqual([]);
  });

  test.each([...BANS, ...CLOCKS].map((ban) => [ban.what, ban] as const))('%s is recognised', (what, ban) => {
    const text =
      { '.pipe(': 'a.pipe(b)', console: 'console.log(1)', eval: 'eval("1")', 'new Function': 'new Function("1")' }[what] ?? `${what}()`;
    expect(broken(parseText('src/x.ts', `// ${text}\nconst s = '${text}';\n${text};`), [ban])).toHaveLength(1);
  });
});

describe('lint walls', () => {
  /** How many lines in src and cmd switch a lint rule off. It only goes down; each says why beside it. */
  const ALLOWED_IGNORES = 0;

  test('are not switched off line by line', () => {
    const ignores = productFiles().flatMap((file) =>
      readText(file)
        .split('\n')
        .flatMap((line, i) =>
          /biome-ignore|@ts-(ignore|expect-error|nocheck)|v8 ignore|istanbul ignore/.test(line) ? [`${file}:${i + 1}`] : [],
        ),
    );
    expect(ignores.length, ignores.join('\n')).toBeLessThanOrEqual(ALLOWED_IGNORES);
  });
});
