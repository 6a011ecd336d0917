// Whether the proxy port answers as ours does: asked for the one page it has.
// Must not send anything else, nor wait for long.
import { get } from 'node:http';

const WAIT_MS = 3000;

/** Undefined when it does, else why not, in words or as an error code. */
export function portTrouble(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: '/proxy.pac', agent: false, timeout: WAIT_MS }, (reply) => {
      reply.resume();
      const isOurs = reply.headers['content-type'] === 'application/x-ns-proxy-autoconfig';
      resolve(isOurs ? undefined : 'something else answers there');
    });
    request.once('timeout', () => request.destroy(new Error('no answer')));
    request.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
