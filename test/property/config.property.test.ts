import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanNoProxy } from '../../cmd/no-proxy.ts';
import { type ConfigSources, readConfig } from '../../src/config.ts';
import { ConfigError } from '../../src/config-file.ts';
import { KEYS } from '../../src/config-keys.ts';
import { openLog } from '../../src/log.ts';
import { nearest } from '../../src/nearest.ts';
import { parseHostPattern } from '../../src/rules/host-pattern.ts';
import { DEFAULT_ACTIONS } from '../../src/rules/masking/kinds.ts';

const base: ConfigSources = {
  flags: {},
  environment: {},
  file: undefined,
  home: '/h',
  cwd: '/c',
  userHome: '/u',
  grammar: { hostPattern: parseHostPattern, template: (text) => text, kinds: DEFAULT_ACTIONS },
};

/** Reads or refuses with one line; anything else is a fault of ours. */
function oneLine(sources: ConfigSources): void {
  try {
    readConfig(sources);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ConfigError);
    expect((thrown as Error).message).not.toMatch(/\n|undefined|\[object/);
  }
}

const key = fc.constantFrom(...Object.keys(KEYS));

test('any text is a configuration or one line that refuses it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('a.yaml', 'a.json'), (text, path) =>
      oneLine({ ...base, file: { path: `/x/${path}`, text } }),
    ),
  );
});

test('any value under any key, in a file, a variable or a flag', () => {
  fc.assert(
    fc.property(key, fc.jsonValue({ maxDepth: 3 }), fc.string(), (name, value, text) => {
      oneLine({ ...base, file: { path: '/x/a.json', text: JSON.stringify({ [name]: value }) } });
      oneLine({ ...base, environment: { [`SALLYPORT_${name.toUpperCase()}`]: text } });
      oneLine({ ...base, flags: { [name]: text } });
      oneLine({ ...base, flags: { [name]: [text, text] } });
    }),
    { numRuns: 300 },
  );
});

test('a key planted anywhere in what is logged leaves no trace', () => {
  const secret = fc.constantFrom(
    `sk-ant-api03-${'aB3'.repeat(12)}`,
    `ghp_${'q1W'.repeat(12)}`,
    'AKIAQ7W9E2R4T6Y8U1I3',
    `AIza${'Sy4'.repeat(12)}`,
  );
  fc.assert(
    fc.property(secret, fc.jsonValue({ maxDepth: 2 }), fc.string(), fc.boolean(), (value, other, around, asLine) => {
      const lines: string[] = [];
      const log = openLog({ level: 'info', form: asLine ? 'line' : 'json', sink: (line) => lines.push(line) });
      log.info({ other, list: [`x ${value}`, { deep: `${value} y` }], err: new Error(value) }, `${around} ${value}`);
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toContain(value.slice(8, 24));
      expect(lines[0]?.indexOf('\n')).toBe(lines[0]!.length - 1);
    }),
    { numRuns: 200 },
  );
});

test('the nearest word is one of those asked about, and a word is nearest to itself', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { maxLength: 6 }), fc.string(), (words, word) => {
      const near = nearest(word, words);
      expect(near === undefined || words.includes(near)).toBe(true);
      if (/[^-_]/.test(word)) expect(nearest(word, [word])).toBe(word);
    }),
  );
});

test('a cleaned NO_PROXY never names an intercepted host, and cleaning it again changes nothing', () => {
  const label = fc.stringMatching(/^[a-z]{1,3}$/);
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const entry = fc.oneof(
    host,
    host.map((h) => `.${h}`),
    host.map((h) => `*.${h}`),
    host.map((h) => `${h}:443`),
    fc.constant('*'),
  );
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), fc.array(host, { minLength: 1, maxLength: 4 }), (entries, hosts) => {
      const cleaned = cleanNoProxy(entries.join(','), hosts);
      expect(cleanNoProxy(cleaned, hosts)).toBe(cleaned);
      for (const name of cleaned.split(',').slice(0, -3)) {
        const bare = name.replace(/^\*?\./, '').replace(/:443$/, '');
        for (const h of hosts) expect(h === bare || h.endsWith(`.${bare}`)).toBe(false);
      }
    }),
  );
});
