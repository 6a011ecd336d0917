// What is known of the keys that are put in: those of the environment from the start, the others from when they were fetched.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import { expect, test } from 'vitest';
import { openKnownSources } from '../../../cmd/known-sources.ts';
import type { Config } from '../../../src/config.ts';
import { openLog } from '../../../src/log.ts';
import { openKnownValues } from '../../../src/rules/masking/known-values.ts';

const ENV = 'zebra-Quartz-77-umbrella';
const FETCHED = 'walrus-Onyx-42-lantern';

function stage() {
  const known = openKnownValues();
  const log = openLog({ level: 'silent', form: 'json', sink: () => {} });
  const sources = openKnownSources(known, { MY_KEY: ENV }, log);
  const follow = (...values: readonly string[]) =>
    sources.follow({
      known_values: { files: [] },
      inject: values.map((value) => ({ host: 'a.test', header: 'x-api-key', value })),
    } as unknown as Config);
  const knows = (text: string) => (known.current()?.find(Buffer.from(text), 0).length ?? 0) > 0;
  return { sources, follow, knows };
}

test('a variable is known from the start, alone and in its template; a text that is no reference too', () => {
  const { follow, knows } = stage();
  follow('Bearer ${env:MY_KEY}', `literal-${FETCHED}`, '${env:NOT_SET}-and-more', '${env:MY_KEY}${file:/x}');
  expect([knows(`it is ${ENV}.`), knows(`literal-${FETCHED}`), knows('undefined-and-more')]).toEqual([true, true, false]);
});

test('what was fetched is known, then what took its place; not after the settings no longer name it', () => {
  const { sources, follow, knows } = stage();
  follow('${vault:kv/ai#key}');
  expect(knows(FETCHED)).toBe(false);
  sources.learn('vault:kv/ai#key', FETCHED);
  expect(knows(`it is ${FETCHED}.`)).toBe(true);
  follow('Bearer ${vault:kv/ai#key}');
  expect(knows(FETCHED)).toBe(true);
  sources.learn('vault:kv/ai#key', ENV);
  expect([knows(FETCHED), knows(ENV)]).toEqual([false, true]);
  follow('${vault:kv/other#key}');
  expect(knows(ENV)).toBe(false);
});
