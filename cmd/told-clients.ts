// What programs outside read of the daemon, brought up to date when it changes: the PAC file, the root bundle and the copy of the CA.
// Must not hold a secret.
import type { Logger } from 'pino';
import type { RunningProxy } from '../src/proxy/start.ts';
import { reachable } from './address.ts';
import { refreshBundle, writeCaCopy, writePac } from './client-files.ts';
import type { Reloadable } from './reloading.ts';

/** Writes the copy of the CA at once, and gives what writes all of it anew. Throws Error, one line, where the copy cannot be written. */
export function tellingClients(home: string, state: Reloadable, proxy: RunningProxy, log: Logger): () => void {
  const copyCa = () => {
    if (state.config.ca_file !== undefined) writeCaCopy(state.config.ca_file, state.certs.pem);
  };
  copyCa();
  return () => {
    writePac(home, reachable(proxy.address), state.policy.interceptedHosts);
    // Reading the system's roots takes a while, and nobody waits for it.
    setImmediate(() => {
      try {
        copyCa();
        refreshBundle(home, state.certs.pem);
        void state.trust.size;
      } catch (err) {
        log.warn({ err }, 'what clients read could not be brought up to date');
      }
    });
  };
}
