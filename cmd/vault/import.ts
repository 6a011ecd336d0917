// `vault import FILE`: keys of a .env file that vendors' clients look for, each kept for the vendor's host. Values sealed as enc:v1 are
// opened with the key they were sealed with. Must not change the file, nor show a value.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnvText } from '../../src/env-text.ts';
import { KEY_SHAPES, lintKey } from '../../src/rules/key-shapes.ts';
import { isV1, keysForV1, openV1 } from '../../src/store/seal-v1.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { change, facts } from './entries.ts';
import { credentialFrom } from './options.ts';

/** Other names under which clients look for the same key. */
const ALIASES: Readonly<Record<string, string>> = {
  ANTHROPIC_AUTH_TOKEN: 'ANTHROPIC_API_KEY',
  GOOGLE_API_KEY: 'GEMINI_API_KEY',
  GH_TOKEN: 'COPILOT_GITHUB_TOKEN',
  GITHUB_TOKEN: 'COPILOT_GITHUB_TOKEN',
};

/** All of it or nothing. The exit code: 1 where nothing in it was a key of a known vendor. */
export async function importEntries(call: Call): Promise<number> {
  const { args, invocation, json, terminal } = call;
  const [file, ...more] = (args.words ?? []) as readonly string[];
  if (file === undefined || more.length > 0) throw new CommandFailure(EXIT.usage, 'vault import takes one file, such as .env');
  const entries = parseEnvText(readText(resolve(invocation.cwd, file)));
  const known = entries.flatMap(({ name, value }) => {
    const shape = KEY_SHAPES.find((one) => one.variable === (ALIASES[name] ?? name));
    return shape && value !== '' ? [{ shape, variable: name, value }] : [];
  });
  if (known.length === 0) {
    throw new CommandFailure(EXIT.failed, `${file} holds no key of a vendor that is known here: sallyport vault set keeps any other`);
  }
  const open = await v1Opener(
    call,
    known.some(({ value }) => isV1(value)),
  );
  const keys = known.map((one) => ({ ...one, value: isV1(one.value) ? open(one.value) : one.value }));
  const odd = keys.flatMap(({ shape, variable, value }) => {
    const complaint = lintKey(value, shape.hosts);
    return complaint === undefined ? [] : [`${variable}: ${complaint}`];
  });
  if (odd.length > 0 && args.force !== true) throw new CommandFailure(EXIT.failed, `${odd[0]}; --force keeps it all the same`);
  for (const line of odd) terminal.err(`sallyport: note: ${line}`);
  const names: string[] = [];
  await change(call, 'vault import', file, (table) => {
    for (const { shape, variable, value } of keys) {
      const credential = credentialFrom(shape.name, { args: { host: [...shape.hosts], variable } });
      table.add({ ...credential, value });
      names.push(shape.name);
    }
    return [undefined, names.map((name) => facts(table.find(name)!))];
  });
  const passed = entries.length - known.length;
  if (json) terminal.out(JSON.stringify({ imported: names, passed }));
  else terminal.out(`kept: ${names.join(' ')}${passed > 0 ? `; ${passed} other variables were passed over` : ''}`);
  terminal.err(`note: ${file} still holds the keys: remove them there, or the programs that read it have them`);
  return EXIT.ok;
}

/** Opens values by the first key that fits. */
async function v1Opener({ args, invocation }: Call, isNeeded: boolean): Promise<(text: string) => string> {
  if (!isNeeded) return (text) => text;
  const file = args['v1-key-file'];
  if (typeof file !== 'string')
    throw new CommandFailure(EXIT.usage, 'values are sealed as enc:v1: give the secret they were sealed with by --v1-key-file FILE');
  const keys = await keysForV1(readText(resolve(invocation.cwd, file)).trim());
  return (text) => {
    for (const key of keys.slice(0, -1)) {
      try {
        return openV1(key, text);
      } catch {
        // Another one may fit.
      }
    }
    return openV1(keys.at(-1)!, text);
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new CommandFailure(EXIT.failed, `${path} cannot be read (${(thrown as NodeJS.ErrnoException).code})`);
  }
}
