// Opens the one port and gives every socket to accept. Owns what lives as long as the daemon: open sockets, counts, the drain.
// It must not know what happens on a socket.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type FidelityReport, openFidelityLog } from './fidelity.ts';
import type { House } from './house.ts';
import { accept } from './ingress/accept.ts';
import { arrives, type Listening, listen } from './listen.ts';
import type { ProxyOptions } from './options.ts';
import { openRefreshFlights, realAfter } from './refresh-flights.ts';
import { openRefusedLogins } from './refused-logins.ts';
import { resetConnection } from './wire/reset.ts';

/** A listening proxy. Ends by `drain` or `close`. */
export interface RunningProxy {
  readonly address: Listening;
  /** Whether a connection to the port gets as far as this process within `deadlineMs`. Never rejects. */
  isWell(deadlineMs: number): Promise<boolean>;
  status(): { readonly connections: number; readonly exchanges: number; readonly totals: Readonly<Record<string, number>> };
  /** The last exchanges, newest first. */
  fidelity(host?: string): readonly FidelityReport[];
  /** Stops accepting, lets running exchanges end, cuts what is left after `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
  close(): Promise<void>;
}

const REPORTS = 200;

/** Starts listening. Rejects as `listen` does. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const reports = openFidelityLog(REPORTS);
  const totals: Record<string, number> = {};
  const run = randomBytes(4).toString('hex');
  let serial = 0;
  let exchanges = 0;
  let draining = false;
  const house: House = {
    options,
    log: options.log,
    sockets: new Map(),
    drains: new Set(),
    tunnels: new Set(),
    own: () => ownAddresses(address),
    nextId: () => {
      exchanges++;
      return `x-${run}-${(++serial).toString(36)}`;
    },
    draining: () => draining,
    refreshes: openRefreshFlights(realAfter),
    count: (name) => {
      totals[name] = (totals[name] ?? 0) + 1;
    },
    finished: (x, record) => {
      exchanges--;
      house.count(record.fault === undefined ? record.verdict : `fault:${record.fault}`);
      house.count(`equality:${record.equality}`);
      if (x.profile.log === 'none') return;
      refusedLogins(x, record);
      if (x.route) reports.note(x, record);
      options.onRecord(record);
    },
  };
  const refusedLogins = openRefusedLogins(options.log, house.count);
  // Half-open sockets: a client may end its side and still wait for its answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void accept(house, socket));
  server.maxConnections = options.limits().maxConnections;
  const address = await listen(server, options.listen, options.judgeListener);
  server.on('error', (err) => options.log.error({ err }, 'the listener failed'));
  return {
    address,
    isWell: (deadlineMs) => arrives(server, deadlineMs),
    status: () => ({ connections: house.sockets.size, exchanges, totals: { ...totals } }),
    fidelity: (host) => reports.list(host),
    async drain(deadlineMs) {
      draining = true;
      server.close();
      for (const drain of house.drains) drain();
      const isQuiet = await emptied(house, deadlineMs, () => exchanges);
      if (!isQuiet) return cutAll(house);
      for (const socket of house.sockets.values()) socket.destroy();
    },
    async close() {
      draining = true;
      cutAll(house);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Once the last exchange is done, sockets get this long to hand their last bytes over, and tunnels to fall silent, ms. */
const QUIET_MS = 1000;

/** Waits until every exchange has ended and what is left is silent, then true; false when the deadline has passed. Idle sockets do not hold a drain up. */
function emptied(house: House, deadlineMs: number, exchanges: () => number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = performance.now() + deadlineMs;
    let quietSince = performance.now();
    const look = () => {
      const now = performance.now();
      const talking = exchanges() > 0 || [...house.tunnels].some((lastByteAt) => now - lastByteAt() < QUIET_MS);
      if (talking) quietSince = now;
      const isQuiet = house.sockets.size === 0 || now - quietSince >= QUIET_MS;
      if (!isQuiet && now < end) return;
      clearInterval(timer);
      resolve(isQuiet);
    };
    const timer = setInterval(look, 20);
    look();
  });
}

/** What is cut must look cut: a reply without framing, and whatever is spoken in a tunnel, would be complete with a FIN. */
function cutAll(house: House): void {
  for (const [carrier, socket] of house.sockets) resetConnection(socket, carrier);
}

/** Every address under which the listener can be reached, as far as this machine knows. */
function ownAddresses({ host, port }: Listening): readonly Listening[] {
  if (host !== '0.0.0.0' && host !== '::') return [{ host, port }];
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => ({ host: entry.address, port })));
}
