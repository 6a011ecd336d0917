// A machine that is only told of: files by path, programs by name, and what they print. For what trust stores find and plan.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hands } from '../../cmd/changes/hands.ts';
import type { Machine } from '../../src/cert/trust-store.ts';
import { scratchFolder } from './folder.ts';

export interface ToldMachine {
  readonly platform?: NodeJS.Platform;
  readonly files?: Readonly<Record<string, string>>;
  /** Links, by path. */
  readonly links?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly programs?: readonly string[];
  /** Runs the programs that look. Without it each is missing. */
  readonly hands?: Hands;
  /** Folders that are ours are made there. */
  readonly ownFolder?: string;
  readonly writable?: boolean;
  readonly userHome?: string;
}

export const USER_HOME = "/home/o'neil $(x) é";

export function toldMachine(told: ToldMachine = {}): Machine {
  const { files = {}, links = {}, programs = [], hands } = told;
  const inside = (folder: string) =>
    Object.keys(files).flatMap((path) => (path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : []));
  return {
    platform: told.platform ?? 'linux',
    environment: told.environment ?? {},
    userHome: told.userHome ?? USER_HOME,
    caFile: 'ca.pem',
    ownFolder: told.ownFolder ?? '/own',
    exists: (path) => path in files || inside(path).length > 0,
    canWrite: () => told.writable ?? true,
    list: (folder) => [...new Set(inside(folder).map((path) => path.split('/')[0]!))],
    read: (path) => {
      // What a program has made of a copy in a scratch folder is a real file.
      if (!(path in files) && existsSync(path) && path.includes('/sp-')) return readFileSync(path);
      return files[path] === undefined ? undefined : Buffer.from(files[path]);
    },
    realPath: (path) => links[path] ?? path,
    find: (program) => (programs.includes(program) ? (program.startsWith('/') ? program : `/usr/bin/${program}`) : undefined),
    run: async (argv, env) => hands?.spawn(argv, { env, input: '' }) ?? { code: 127, output: '' },
    scratch: async (act) => {
      const path = scratchFolder();
      const write = (name: string, content: Uint8Array | string) => {
        writeFileSync(join(path, name), content);
        return join(path, name);
      };
      return act({ path, write });
    },
  };
}
