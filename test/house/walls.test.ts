// The walls between the rooms (.dependency-cruiser.cjs): each rule is broken once, in a small tree of its own, and must say so.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './sources.ts';

interface Rule {
  readonly name: string;
  readonly comment: string;
}

const config = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as { forbidden: Rule[]; options: object };

/** Rule -> the offence: `[file, what it imports]`. Targets that start with a dot are made too. */
const OFFENCES: Readonly<Record<string, readonly [string, string]>> = {
  'no-cycle': ['src/rules/a.ts', './a-half.ts'],
  'cmd-is-the-top': ['src/proxy/b.ts', '../../cmd/b.ts'],
  'proxy-is-imported-by-cmd-only': ['src/cert/c.ts', '../proxy/c.ts'],
  'cert-stands-on-floor-2': ['src/store/d.ts', '../cert/d.ts'],
  'store-stands-on-floor-2': ['src/cert/e.ts', '../store/e.ts'],
  'rules-stand-on-floor-1': ['src/f.ts', './rules/f.ts'],
  'network-only-in-proxy': ['src/cert/g.ts', 'node:tls'],
  'network-in-cmd-through-proxy': ['cmd/h.ts', 'node:net'],
  'sqlite-only-in-store': ['cmd/i.ts', 'better-sqlite3'],
  'rules-are-pure': ['src/rules/j.ts', 'node:fs'],
  'sources-know-no-test': ['src/k.ts', '../test/k.ts'],
  'only-declared-packages': ['src/l.ts', 'vitest'],
  'native-calls-in-one-file': ['src/proxy/n.ts', 'node:ffi'],
  resolvable: ['src/m.ts', './nowhere.ts'],
};

let tree = '';
let broken: { rule: string; from: string }[] = [];

beforeAll(async () => {
  // Inside the checkout, so that packages resolve.
  mkdirSync(join(root, '.cache'), { recursive: true });
  tree = mkdtempSync(join(root, '.cache', 'walls-'));
  const put = (file: string, text: string) => {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  };
  for (const [rule, [file, target]] of Object.entries(OFFENCES)) {
    // A type alone is enough to break a wall, so half of the offences import nothing else.
    put(file, `import ${file < 'src/g' ? 'type ' : ''}* as x from '${target}';\nexport const y: typeof x | undefined = undefined;\n`);
    if (rule === 'no-cycle') put('src/rules/a-half.ts', `import * as a from './a.ts';\nexport const z = a;\n`);
    else if (target.startsWith('.') && rule !== 'resolvable') put(join(dirname(file), target), 'export const z = 1;\n');
  }
  put('package.json', '{"dependencies":{"better-sqlite3":"*"},"devDependencies":{"vitest":"*"}}');
  const { tsConfig: _, ...options } = config.options as { tsConfig: unknown };
  const { output } = await cruise(['src', 'cmd', 'test'], { ...options, baseDir: tree, validate: true, ruleSet: config as object });
  broken = (output as ICruiseResult).summary.violations.map((v) => ({ rule: v.rule.name, from: v.from }));
});

afterAll(() => rmSync(tree, { recursive: true, force: true }));

describe('every wall', () => {
  test('has an offence below, and a sentence that teaches', () => {
    expect(config.forbidden.map((rule) => rule.name).sort()).toEqual(Object.keys(OFFENCES).sort());
    for (const { comment } of config.forbidden) expect(comment).toMatch(/^[A-Za-z].{40,}\.$/);
  });

  test.each(Object.entries(OFFENCES))('%s stops its offence', (rule, [file]) => {
    // A cycle is reported once, from whichever half comes first.
    const offenders = broken.filter((b) => b.rule === rule).map((b) => b.from.replace('-half', ''));
    expect(offenders).toContain(file);
  });
});
