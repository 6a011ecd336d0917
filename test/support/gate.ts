// A TCP port in front of another one that can be closed for a while: what dials it then is refused by the system, as by a host that is down.
// Knows nothing of what passes.
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Gate {
  readonly host: string;
  readonly port: number;
  /** Refuses connections and cuts those there are; opens again by itself. */
  down(ms: number): void;
  close(): Promise<void>;
}

/** Opens a gate on loopback. */
export async function startGate(target: { readonly host: string; readonly port: number }): Promise<Gate> {
  const open = new Set<Socket>();
  let server: Server;
  let timer: NodeJS.Timeout | undefined;
  const listen = (port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server = createServer({ allowHalfOpen: true }, (socket) => {
        const behind = connect({ ...target, allowHalfOpen: true });
        for (const one of [socket, behind]) {
          open.add(one);
          one.on('error', () => undefined);
          one.once('close', () => {
            open.delete(one);
            socket.destroy();
            behind.destroy();
          });
        }
        socket.pipe(behind).pipe(socket);
      });
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve((server.address() as { readonly port: number }).port));
    });
  const shut = () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  const port = await listen(0);
  return {
    host: '127.0.0.1',
    port,
    down: (ms) => {
      shut();
      timer = setTimeout(() => void listen(port), ms);
    },
    close: async () => {
      clearTimeout(timer);
      shut();
    },
  };
}
