// Looks, before anything is made, for what a start will fail at: a first one that cannot succeed should leave nothing behind.
// Must not keep the port; what comes of it later is told where it is opened.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedConfig } from '../src/config.ts';
import { listenTrouble } from '../src/proxy/control/free-port.ts';
import { openTrust } from '../src/proxy/egress/trust.ts';
import { listenFailure } from './failure.ts';

/** Throws Error for further roots that cannot be read, and CommandFailure for a port that is taken, unless its socket `isGiven`. Where a daemon has run before, the lock of its home has the first word. */
export async function checkFirstStart({ config, origins }: LoadedConfig, isEphemeral: boolean, isGiven = false): Promise<void> {
  const { listen, home, upstream_ca: extraCaFiles } = config;
  openTrust({ extraCaFiles, ownCa: () => '' });
  const picksPort = listen.port === 0 || (isEphemeral && origins.listen === 'default');
  if (isGiven || picksPort || existsSync(join(home, 'daemon.lock'))) return;
  const code = await listenTrouble(listen.host, listen.port);
  const failure = code === undefined ? undefined : listenFailure({ code }, listen);
  if (failure) throw failure;
}
