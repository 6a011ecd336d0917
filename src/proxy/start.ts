// Opens the one port and gives every socket to accept. Owns what lives as long as the daemon: open sockets, counts, the drain.
// It must not know what happens on a socket.
import { randomBytes, randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { capturedBy } from './body/capture.ts';
import type { Limits } from './control/messages.ts';
import { type Door, type DoorOptions, openDoor, openLoopbackDoors } from './door.ts';
import { openFlow } from './egress/flow.ts';
import { openMachines } from './egress/flow-machines.ts';
import { type Reset, resetMachines, viewMachines } from './egress/flow-view.ts';
import { openSharedReplies } from './egress/shared-replies.ts';
import { openWay } from './egress/way.ts';
import { type FidelityReport, openFidelityLog } from './fidelity.ts';
import type { House } from './house.ts';
import { accept } from './ingress/accept.ts';
import { acceptRedirected } from './ingress/redirected.ts';
import type { Listening } from './listen.ts';
import type { ProxyOptions } from './options.ts';
import { openRefreshFlights, realAfter } from './refresh-flights.ts';
import { openRefusedLogins } from './refused-logins.ts';
import { resetConnection } from './wire/reset.ts';

/** A listening proxy. Ends by `drain` or `close`. */
export interface RunningProxy {
  readonly address: Listening;
  /** Whether a connection to the port gets as far as this process within `deadlineMs`. Never rejects. */
  isWell(deadlineMs: number): Promise<boolean>;
  /** Where redirected connections come in; none without that door. */
  readonly transparent: readonly Listening[];
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
  const doors: Door[] = [];
  const flow = openFlow({ machines, now, random, after, count });
  const house: House = {
    options,
    log: options.log,
    sockets: new Map(),
    drains: new Set(),
    tunnels: new Set(),
    dialled: new Set(),
    own: () => doors.flatMap(({ address }) => ownAddresses(address)),
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
  const { maxConnections } = options.limits();
  const onError = (err: Error) => options.log.error({ err }, 'the listener failed');
  const door = await openDoor(options.listen, {
    maxConnections,
    onSocket: (socket) => void accept(house, socket),
    onError,
    judge: options.judgeListener,
  });
  doors.push(door);
  const redirected = await openRedirected(options, { maxConnections, onError }, house).catch(async (thrown) => {
    await door.close();
    throw thrown;
  });
  doors.push(...redirected);
  return {
    address: door.address,
    isWell: door.arrives,
    transparent: redirected.map((one) => one.address),
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
      for (const one of doors) void one.close();
      for (const drain of house.drains) drain();
      const isQuiet = await emptied(house, deadlineMs, () => exchanges);
      if (!isQuiet) return cutAll(house);
      for (const socket of house.sockets.values()) socket.destroy();
    },
    async close() {
      draining = true;
      cutAll(house);
      await Promise.all(doors.map((one) => one.close()));
    },
  };
}

/** The second door, where there is to be one. */
async function openRedirected(
  { transparent }: ProxyOptions,
  options: Omit<DoorOptions, 'onSocket'>,
  house: House,
): Promise<readonly Door[]> {
  if (!transparent) return [];
  const onSocket = (socket: Socket) => void acceptRedirected(house, socket, transparent.originOf);
  return openLoopbackDoors(transparent.port, { ...options, onSocket });
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
