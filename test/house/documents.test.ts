// The documents: what they point at exists, what they tell the reader to type is run by a test, and their tables are complete.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../cmd/command.ts';
import { readConfig } from '../../src/config.ts';
import { KEYS } from '../../src/config-keys.ts';
import { KINDS, parseReference } from '../../src/proxy/references/kinds.ts';
import { BUILT_INS } from '../../src/rules/guardrail-settings.ts';
import { DEFAULT_ACTIONS, KIND_ROWS } from '../../src/rules/masking/kinds.ts';
import { camel, listFiles, readText, root, stem } from './sources.ts';

const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...listFiles('docs', '.md')];

/**
 * What README.md, CONTRIBUTING.md and the documents below tell the reader to type -> where it is run. A line is looked up by its first words;
 * the place is a file that holds the text after the arrow.
 */
const RUN_BY: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'npm start': ['.ci/run', 'npm start --silent'],
  'npm test': ['.ci/run', 'tests test'],
  'npm run test:cli': ['.ci/run', 'tests test:cli'],
  'npm run check': ['.ci/run', 'npm run --silent check'],
  'npm run bench': ['.ci/run', 'npm run --silent bench'],
  'npm run demo': ['test/journey/cli-words.test.ts', 'demo: masked for the provider, whole for the client'],
  'cmd/sallyport run': ['test/journey/cli-run.test.ts', 'a request through it is masked, and fidelity shows both sides'],
  'cmd/sallyport start': ['test/journey/cli-daemon.test.ts', 'start, status, second start, reload, stop'],
  'cmd/sallyport rules list': ['test/journey/cli-rules-store.test.ts', 'as the documents tell it'],
  'cmd/sallyport rules add': ['test/journey/cli-rules-store.test.ts', 'as the documents tell it'],
  'cmd/sallyport rules edit': ['test/journey/cli-rules-store.test.ts', 'as the documents tell it'],
  'cmd/sallyport rules move': ['test/journey/cli-rules-store.test.ts', 'as the documents tell it'],
  'cmd/sallyport rules disable': ['test/journey/cli-rules-store.test.ts', 'as the documents tell it'],
  'cmd/sallyport rules enable': ['test/journey/cli-rules-store.test.ts', 'as the documents tell it'],
  'cmd/sallyport rules remove': ['test/journey/cli-rules-store.test.ts', 'as the documents tell it'],
  'cmd/sallyport rules export': ['test/journey/cli-rules-store.test.ts', 'as the documents tell it'],
  'cmd/sallyport rules import': ['test/journey/cli-rules-store.test.ts', 'as the documents tell it'],
  'cmd/sallyport rules scan': ['test/journey/cli-rules-scan.test.ts', 'every kind of row: in order'],
  'cmd/sallyport rules explain': ['test/journey/cli-rules.test.ts', 'a text: marks below it, a row for each finding'],
  'echo "Write to bob@example.com" | cmd/sallyport rules explain': [
    'test/journey/cli-rules.test.ts',
    'a text: marks below it, a row for each',
  ],
  'cmd/sallyport rules test': ['test/journey/cli-rules.test.ts', 'all hold; the documents’ example does too'],
  'cmd/sallyport profile add': ['test/journey/cli-tokens.test.ts', 'a token is made, used, seen in the list'],
  'cmd/sallyport profile set': ['test/journey/cli-usage.test.ts', 'what was used is shown, kept over a restart'],
  'cmd/sallyport usage': ['test/journey/cli-usage.test.ts', 'what was used is shown, kept over a restart'],
  'cmd/sallyport token create': ['test/journey/cli-tokens.test.ts', 'a token is made, used, seen in the list'],
  'eval "$(cmd/sallyport completion': ['test/journey/cli-completion.test.ts', 'bash completes by the script'],
  'cmd/sallyport vault set': ['test/journey/cli-credentials.test.ts', 'a key is kept, put in for its placeholder'],
  'cmd/sallyport ca install': ['test/journey/cli-trust.test.ts', 'into one store and out again'],
  'cmd/sallyport ca status': ['test/journey/cli-trust.test.ts', 'into one store and out again'],
  'cmd/sallyport ca uninstall': ['test/journey/cli-trust.test.ts', 'into one store and out again'],
  'cmd/sallyport uninstall': ['test/journey/cli-trust.test.ts', 'takes the CA out and stops the daemon'],
  'cmd/sallyport completion': ['test/journey/cli-completion.test.ts', 'fish completes by the script'],
  'cmd/sallyport limits': ['test/journey/cli-limits.test.ts', 'a pause and an open breaker are shown, outlive a restart'],
  'cmd/sallyport breaker': ['test/journey/cli-limits.test.ts', 'a pause and an open breaker are shown, outlive a restart'],
  'cmd/sallyport log': ['test/journey/cli-audit.test.ts', '--follow shows exchanges as they come'],
  'cmd/sallyport metrics': ['test/journey/cli-watch.test.ts', 'metrics: the text, the values'],
  'cmd/sallyport status': ['test/journey/cli-watch.test.ts', 'status --watch in a pipe'],
  'cmd/sallyport audit list': ['test/journey/cli-audit.test.ts', 'the log is shown, listed, exported and verified'],
  'cmd/sallyport audit export': ['test/journey/cli-audit.test.ts', 'export: lines or an archive, private'],
  'cmd/sallyport audit verify': ['test/journey/cli-audit.test.ts', 'what was done to the log is named'],
  'eval "$(cmd/sallyport env --hook': ['test/journey/shell-guard.test.ts', 'a hook without a daemon'],
  'cmd/sallyport env --hook': ['test/journey/shell-guard.test.ts', 'in bash, zsh and fish a shell keeps working'],
  'cmd/sallyport transparent on': ['test/journey/cli-transparent.test.ts', 'a program without proxy variables is masked'],
  'cmd/sallyport transparent status': ['test/journey/cli-transparent.test.ts', 'status says what is in force'],
  'cmd/sallyport transparent off': ['test/journey/cli-transparent.test.ts', 'off takes it away, with nothing left'],
  'cmd/sallyport service install': ['test/journey/cli-service.test.ts', 'install, status, logs, uninstall'],
  'cmd/sallyport service status': ['test/journey/cli-service.test.ts', 'install, status, logs, uninstall'],
  'cmd/sallyport service logs': ['test/journey/cli-service.test.ts', 'install, status, logs, uninstall'],
  'cmd/sallyport service uninstall': ['test/journey/cli-service.test.ts', 'install, status, logs, uninstall'],
  eval: ['test/journey/cli-words.test.ts', 'env is what run would set; a shell takes it'],
};

/** Lines of `sh` fences, comments and prompts taken off. */
function commands(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block]) =>
    (block ?? '')
      .split('\n')
      .map((line) => line.replace(/\s+#.*/, '').trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  );
}

describe('documents', () => {
  test.each(documents)('%s points at files that exist', (file) => {
    const text = readText(file);
    const links = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, to]) => join(dirname(file), to ?? ''));
    const named = [...text.matchAll(/`((?:src|cmd|test|docs|scripts|bench|systemd|\.ci)\/[\w./-]+)`/g)].map(([, path]) => path ?? '');
    expect([...links, ...named].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('tell nobody to type what no test runs', () => {
    const pages = ['guardrails', 'rules', 'audit', 'vault', 'budgets', 'resilience', 'system', 'metrics', 'service', 'trust'].map(
      (name) => `docs/${name}.md`,
    );
    const typed = ['README.md', 'CONTRIBUTING.md', ...pages].flatMap((file) => commands(readText(file)));
    expect(typed.length).toBeGreaterThan(5);
    const known = (line: string) => Object.keys(RUN_BY).find((words) => line === words || line.startsWith(`${words} `));
    expect(typed.filter((line) => known(line) === undefined)).toEqual([]);
    expect(Object.keys(RUN_BY).filter((words) => !typed.some((line) => known(line) === words))).toEqual([]);
  });

  test.each(Object.entries(RUN_BY))('%s is run where the list says', (_, [file, text]) => {
    expect(readText(file)).toContain(text);
  });
});

/** A default as the table says it. */
function inWords(value: unknown): string {
  if (value === undefined || (typeof value === 'object' && Object.values(value ?? {}).flat().length === 0)) return 'none';
  if (typeof value === 'number') return value % 2 ** 20 === 0 && value > 0 ? `${value / 2 ** 20} MiB` : String(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return 'host' in value && 'port' in value ? `${value.host}:${value.port}` : [...new Set(Object.values(value))].map(inWords).join(', ');
}

describe('README.md', () => {
  const readme = readText('README.md');

  test('has a row for every configuration key, and none for another', () => {
    const rows = [...readme.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, key]) => key);
    expect(rows).toEqual(Object.keys(KEYS));
  });

  test('gives each key its default', () => {
    const grammar = { hostPattern: String, template: String, kinds: DEFAULT_ACTIONS };
    const { config } = readConfig({
      flags: {},
      environment: {},
      file: undefined,
      home: '~/.local/share/sallyport',
      cwd: '/',
      userHome: '~',
      grammar,
    });
    const said = [...readme.matchAll(/^\| `([a-z_]+)` \|.*\| (.*) \|$/gm)].map(([, key, value]) => [key, value?.replaceAll('`', '')]);
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(Object.entries(config).map(([key, value]) => [key, inWords(value)])));
  });

  test.each(listFiles('cmd/commands', '.ts'))('names the command in %s, unless it is one of the inner ones', async (file) => {
    const { [camel(stem(file))]: command } = (await import(join(root, file))) as Record<string, Command>;
    expect(readme.includes(`| \`sallyport ${stem(file)}`)).toBe(command?.summary !== undefined);
  });
});

describe('docs/guardrails.md', () => {
  test('has a row for every kind, with its type and its default', () => {
    const rows = [...readText('docs/guardrails.md').matchAll(/^\| `(\w+)` \| `([A-Z_]+)` \|.*\| `(\w+)` \|$/gm)];
    expect(rows.map(([, kind, type, action]) => [kind, type, action])).toEqual(
      Object.entries(KIND_ROWS).map(([kind, { type, action }]) => [kind, type, action]),
    );
  });
});

describe('guardrails in docs/guardrails.md', () => {
  const text = readText('docs/guardrails.md');
  const settings = Object.fromEntries(BUILT_INS.map((builtIn) => [builtIn.name, builtIn.settings]));

  test('have a row each, with stage and rank', () => {
    const rows = [...text.matchAll(/^\| `([\w-]+)` \| (body|reply) \| (\d+) \|/gm)].map(([, name, stage, rank]) => [
      name,
      stage,
      Number(rank),
    ]);
    const on = BUILT_INS.map(({ name, settings: own, open }) => ({ name, guard: open(own.parse({}) as never)! }));
    expect(rows).toEqual(on.sort((a, b) => a.guard.rank - b.guard.rank).map(({ name, guard }) => [name, guard.stage, guard.rank]));
  });

  test('are set up by the example, which names every setting there is', () => {
    const yaml = /```yaml\n(guardrails:\n[^`]*)```/.exec(text)![1]!;
    const grammar = { hostPattern: String, template: String, kinds: {}, guardrails: settings };
    const common = { flags: {}, environment: {}, home: '/h', cwd: '/h', userHome: '/u', grammar };
    const { guardrails } = readConfig({ ...common, file: { path: '/h/sallyport.yaml', text: yaml } }).config;
    for (const [name, { shape }] of Object.entries(settings))
      expect(Object.keys(guardrails[name]!).sort()).toEqual(Object.keys(shape).sort());
    expect(guardrails.mine).toMatchObject({ module: '/h/mine.mjs' });
  });
});

describe('docs/references.md', () => {
  test('has a row for every kind, written as the kind says, and its example is one', () => {
    const rows = [...readText('docs/references.md').matchAll(/^\| `(\S+)` \| `(.+)` \| `\$\{(.+)\}` \|$/gm)];
    expect(rows.map(([, kind]) => kind).sort()).toEqual(KINDS.map(({ name }) => name).sort());
    for (const [, kind, form, example] of rows) {
      expect(form?.startsWith(`${kind}:`)).toBe(true);
      expect(parseReference(example ?? '').kind.name).toBe(kind);
    }
  });
});

describe('docs/adr/0003-what-faithful-means.md', () => {
  const rows = [...readText('docs/adr/0003-what-faithful-means.md').matchAll(/^\|.*`(test\/[\w./-]+)`: (.+?) \|$/gm)];

  test('names a test for every item, and the test is there', () => {
    const items = readText('docs/adr/0003-what-faithful-means.md')
      .split('\n')
      .filter((line) => /^\| (?!-|item )/.test(line));
    expect(rows.length).toBe(items.length);
    const missing = rows.filter(([, file, title]) => !existsSync(join(root, file ?? '')) || !readText(file ?? '').includes(title ?? '?'));
    expect(missing.map(([row]) => row)).toEqual([]);
  });
});
