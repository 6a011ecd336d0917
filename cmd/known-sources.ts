// Where known values come from: files that the configuration names, credentials that are put in, and the environments of commands that
// run. Hands them to the set and holds on to nothing else. Must not log a value, nor write one anywhere.
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Config } from '../src/config.ts';
import { parseEnvText } from '../src/env-text.ts';
import { isOrdinary } from '../src/rules/masking/known-forms.ts';
import type { KnownValues } from '../src/rules/masking/known-values.ts';
import { parseTemplate, renderTemplate, variablesOf } from '../src/rules/template.ts';
import { isSecretName } from '../src/secret-name.ts';

/** The sources, wired to one set. */
export interface KnownSources {
  /** Reads what the settings name, again too. What was learnt of references they no longer name is forgotten. */
  follow(config: Config): void;
  /** The value of a reference, as it was fetched. */
  learn(reference: string, value: string): void;
  /** Values of a command that has begun; the returned function forgets them. */
  hold(values: readonly string[]): () => void;
  close(): void;
}

const WATCH_MS = 1000;

/** Wires the sources. `environment` is the daemon's own, that templates of `inject` are filled from. */
export function openKnownSources(
  known: KnownValues,
  environment: Readonly<Record<string, string | undefined>>,
  log: { warn(line: string): void },
): KnownSources {
  let watched: readonly string[] = [];
  let serial = 0;
  const learnt = new Set<string>();

  const read = (file: string): void => {
    try {
      const entries = parseEnvText(readFileSync(file, 'utf8'));
      const secret = entries.filter(({ name, value }) => isSecretName(name) || !isOrdinary(value));
      known.set(
        `file ${file}`,
        secret.flatMap(({ value, written }) => [value, written]),
      );
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      known.set(`file ${file}`, []);
      if (code !== 'ENOENT')
        log.warn(`the file of known values ${file} cannot be read (${code}): its values are masked only where they look like one`);
    }
  };

  const unwatch = (): void => {
    for (const file of watched) {
      unwatchFile(file);
      known.set(`file ${file}`, []);
    }
    watched = [];
  };

  return {
    follow(config) {
      unwatch();
      watched = config.known_values.files;
      for (const file of watched) {
        read(file);
        watchFile(file, { interval: WATCH_MS, persistent: false }, () => read(file));
      }
      const templates = config.inject.map(({ value }) => parseTemplate(value));
      const named = new Set(templates.flatMap(({ references }) => references));
      for (const reference of learnt) if (!named.has(reference)) known.set(`reference ${reference}`, []);
      known.set(
        'inject',
        templates.flatMap((template) => {
          const parts = variablesOf(template).map((name) => environment[name] ?? '');
          const isWhole = parts.length === template.references.length && !parts.includes('');
          return isWhole ? [renderTemplate(template, parts), ...parts] : parts;
        }),
      );
    },
    learn(reference, value) {
      learnt.add(reference);
      known.set(`reference ${reference}`, [value]);
    },
    hold(values) {
      const source = `command ${++serial}`;
      known.set(source, values);
      return () => known.set(source, []);
    },
    close: unwatch,
  };
}
