// Opens the one port and gives every socket to accept. Owns what lives as long as the daemon: open sockets, counts, the drain.
// It must not know what happens on a socket.
import { randomBytes, randomInt } from 'node:crypto';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { capturedBy } from './body/capture.ts';
import type { Limits } from './control/messages.ts';
import { openFlow } from './egress/flow.ts';
import { openMachines } from './egress/flow-machines.ts';
import { type Reset, resetMachines, viewMachines } from './egress/flow-view.ts';
import { openSharedReplies } from './egress/shared-replies.ts';
import { openWay } from './egress/way.ts';
import { type FidelityReport, openFidelityLog } from './fidelity.ts';
import type { House } from './house.ts';
import { accept } from './ingress/accept.ts';
import type { ProxyOptions } from './options.ts';
import { openRefreshFlights, realAfter } from './refresh-flights.ts';
import { openRefusedLogins } from './refused-logins.ts';
import { resetConnection } from './wire/reset.ts';

/** A listening proxy. Ends by `drain` or `close`. */
export interface RunningProxy {
  readonly address: { readonly host: string; readonly port: number };
  status(): {
    readonly connections: number;
    readonly tunnels: number;
    readonly exchanges: number;
    readonly totals: Readonly<Record<string, number>>;
  };
  /** The last exchanges, newest first. */
  fidelity(host?: string): readonly FidelityReport[];
  /** What the machines hold that look after providers. */
  limits(): Limits;
  /** Takes states of theirs back to rest; gives how many. */
  reset(what: Reset): number;
  /** Stops accepting, lets running exchanges end, cuts what is left after `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
  close(): Promise<void>;
}

const REPORTS = 200;
/** From 0 to 1. */
const fromCrypto = () => randomInt(2 ** 32) / 2 ** 32;

/** Starts listening. Rejects with the listen error (EADDRINUSE, EACCES, …). */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const reports = openFidelityLog(REPORTS);
  const totals: Record<string, number> = {};
  const run = randomBytes(4).toString('hex');
  let serial = 0;
  let exchanges = 0;
  let draining = false;
  const { after = realAfter, random = fromCrypto, now } = options;
  const machines = openMachines(options.stateKeeper, options.log, now());
  const count = (name: string): void => {
    totals[name] = (totals[name] ?? 0) + 1;
  };
  const flow = openFlow({ machines, now, random, after, count });
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
    refreshes: openRefreshFlights(after),
    flow,
    replies: openSharedReplies(after),
    way: openWay({ machines, now, random, count }),
    count,
    finished: (x, record) => {
      exchanges--;
      house.count(record.fault === undefined ? record.verdict : `fault:${record.fault}`);
      house.count(`equality:${record.equality}`);
      options.observe?.(x, record);
      if (x.profile.log === 'none') return;
      refusedLogins(x, record);
      if (x.route) reports.note(x, record);
      options.onRecord(record, capturedBy(house, x));
    },
  };
  const refusedLogins = openRefusedLogins(options.log, house.count, options.now);
  // Half-open sockets: a client may end its side and still wait for its answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void accept(house, socket));
  server.maxConnections = options.limits().maxConnections;
  await listen(server, options.listen);
  server.on('error', (err) => options.log.error({ err }, 'the listener failed'));
  const bound = server.address() as AddressInfo;
  const address = { host: bound.address, port: bound.port };
  return {
    address,
    status: () => ({ connections: house.sockets.size, tunnels: house.tunnels.size, exchanges, totals: { ...totals } }),
    fidelity: (host) => reports.list(host),
    limits: () => ({
      rows: viewMachines(machines, now(), flow.queue.waiting),
      counts: Object.fromEntries(Object.entries(totals).flatMap(([name, n]) => (name.startsWith('flow:') ? [[name.slice(5), n]] : []))),
    }),
    reset(what) {
      const count = resetMachines(machines, what);
      flow.queue.wakeAll();
      return count;
    },
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

function listen(server: Server, where: ProxyOptions['listen']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: where.host, port: where.port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
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
function ownAddresses({ host, port }: RunningProxy['address']): readonly RunningProxy['address'][] {
  if (host !== '0.0.0.0' && host !== '::') return [{ host, port }];
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => ({ host: entry.address, port })));
}
