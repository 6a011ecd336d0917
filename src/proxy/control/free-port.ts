// Whether an address could be listened on now, by listening on it for a moment.
// Must not keep it, nor say what a trouble means.
import { createServer } from 'node:net';

/** Undefined when it is free, else the error code (`EADDRINUSE`, `EACCES`, …). */
export function listenTrouble(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
