// What tests of references start from: a resolver with a clock of their own, and programs that write down how they were called.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { openTrust } from '../../src/proxy/egress/trust.ts';
import { openResolver, type Resolver, type ResolverOptions } from '../../src/proxy/references/resolver.ts';
import { scratchFolder } from './folder.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

export interface TestResolver extends Resolver {
  readonly clock: ManualClock;
  /** What was fetched, in order. */
  readonly fetched: readonly (readonly [reference: string, value: string])[];
  /** The detail of the fault that resolving ends with; fails when it does not end with key-missing. */
  trouble(reference: string): Promise<string>;
}

/** A resolver on a clock that stands still, closed when the test ends. `ca`: PEM to trust. */
export function testResolver(options: Partial<ResolverOptions> & { readonly ca?: string } = {}): TestResolver {
  const clock = manualClock();
  const fetched: [string, string][] = [];
  const extraCaFiles = options.ca === undefined ? [] : [writeIn(scratchFolder(), 'ca.pem', options.ca)];
  const resolver = openResolver({
    environment: {},
    userHome: '/nonexistent',
    now: clock.now,
    schedule: clock.schedule,
    trust: openTrust({ extraCaFiles, ownCa: () => '' }),
    connectTo: () => undefined,
    parentProxy: () => undefined,
    onResolved: (reference, value) => fetched.push([reference, value]),
    ...options,
  });
  onTestFinished(() => resolver.close());
  return {
    ...resolver,
    clock,
    fetched,
    trouble: async (reference) => {
      const thrown: unknown = await resolver.resolve(reference).catch((fault: unknown) => fault);
      if (!(thrown instanceof Fault) || thrown.code !== 'key-missing') throw new Error(`not a missing key: ${String(thrown)}`);
      return thrown.detail ?? '';
    },
  };
}

/** Writes a file 0600 and gives its path. */
export function writeIn(folder: string, name: string, text: string | Buffer, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

/** A program that was asked to play another one. */
export interface Recorder {
  /** The folder it is in, for PATH. */
  readonly folder: string;
  /** Arguments and environment of each call. */
  readonly calls: () => readonly { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> }[];
}

/** Puts a program `name` into a folder of its own; each call is written down, then `does` (JavaScript; `argv` is there) runs. */
export function recorder(name: string, does: string): Recorder {
  const folder = scratchFolder();
  const log = join(folder, 'calls.jsonl');
  const script = `#!${process.execPath}
const argv = process.argv.slice(2);
require('node:fs').appendFileSync(${JSON.stringify(log)}, JSON.stringify({ argv, env: process.env }) + '\\n');
${does}
`;
  writeIn(folder, name, script, 0o755);
  return {
    folder,
    calls: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
        : [],
  };
}
