// This machine, as trust stores look at it.
// Must not change anything of it: what is done is the journal's affair.
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine } from '../../src/cert/trust-store.ts';
import type { Hands } from '../changes/hands.ts';
import type { Invocation } from '../settings.ts';

/** `hands` run the programs that look. */
export function thisMachine({ environment, userHome }: Invocation, home: string, hands: Hands): Machine {
  return {
    platform: process.platform,
    environment,
    userHome,
    caFile: join(home, 'ca.pem'),
    ownFolder: join(home, 'trust'),
    exists: existsSync,
    canWrite: (path) => {
      try {
        accessSync(path, constants.W_OK);
        return true;
      } catch {
        return false;
      }
    },
    list: (folder) => orElse(() => readdirSync(folder).sort(), []),
    read: (path) => orElse(() => readFileSync(path), undefined),
    realPath: (path) => orElse(() => realpathSync(path), path),
    find: hands.find,
    run: (argv, env) => hands.spawn(argv, { env, input: '' }),
    scratch: async (act) => {
      const path = mkdtempSync(join(tmpdir(), 'sallyport-'));
      try {
        return await act({
          path,
          write: (name, content) => {
            writeFileSync(join(path, name), content, { mode: 0o600 });
            return join(path, name);
          },
        });
      } finally {
        rmSync(path, { recursive: true, force: true });
      }
    },
  };
}

function orElse<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
