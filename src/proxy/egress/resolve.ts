// From an authority to the addresses that may be dialled for it. Promises that every address was checked, and that what is
// refused by name or by spelling is refused before a descriptor is used.
// Must not open connections: the addresses given out are the ones to dial, no name is looked up again.
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Authority } from '../../authority.ts';
import { Fault } from '../../fault.ts';
import { type AddressClass, classifyAddress, classifyName, sameAddress } from '../../rules/address.ts';
import type { Policy } from '../../rules/policy.ts';
import { bypasses, type ParentHop, type ParentProxy, parseParentProxy } from './parent-proxy.ts';

/** A host and a port, as listened on or dialled. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What resolving has to know. */
export interface TargetOptions {
  readonly authority: Authority;
  readonly policy: Pick<Policy, 'mappingFor' | 'allowsPrivate'>;
  /** Whether the tunnel is decrypted: then private addresses are refused as well. */
  readonly intercepted: boolean;
  /** Our listening addresses. */
  readonly own: () => readonly Endpoint[];
  /** All addresses of a name; `getaddrinfo` unless given. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
  readonly parentProxy?: ParentProxy;
}

/** Checked addresses, in the order to try them. */
export interface Destination {
  readonly addresses: readonly string[];
  readonly port: number;
  /** The parent proxy they belong to; undefined: they are the target's. */
  readonly via: ParentHop | undefined;
}

// For every tunnel; private ones are added for intercepted hosts.
const REFUSED: readonly AddressClass[] = ['loopback', 'unspecified', 'link-local', 'metadata', 'multicast', 'reserved'];

/**
 * Checks the target and finds its addresses: `connect_to` first (any address but our own), then the parent proxy, then the name itself.
 * Faults target-refused, upstream-unreachable (`name not found`, `name lookup failed`), internal (malformed parent proxy).
 * What `signal` aborts with is thrown as it is.
 */
export async function resolveTarget(options: TargetOptions, signal: AbortSignal): Promise<Destination> {
  const { authority, policy } = options;
  const mapped = policy.mappingFor(authority);
  if (mapped) return destination(await addressesOf(mapped.host, options, signal), mapped.port, options);

  if (authority.kind === 'name') {
    const kind = classifyName(authority.host);
    if (kind) throw refusal(kind);
  } else {
    refuseAddress(authority.host, options);
    refuseOwn([authority.host], authority.port, options);
  }
  const parent = options.parentProxy;
  if (parent && !bypasses(parent.noProxy, authority)) {
    const via = parseParentProxy(parent.url);
    return destination(await addressesOf(via.host, options, signal), via.port, options, via);
  }
  const addresses = await addressesOf(authority.host, options, signal);
  for (const address of addresses) refuseAddress(address, options);
  return destination(addresses, authority.port, options);
}

function destination(addresses: readonly string[], port: number, options: TargetOptions, via?: ParentHop): Destination {
  refuseOwn(addresses, port, options);
  return { addresses, port, via };
}

async function addressesOf(host: string, options: TargetOptions, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  let found: readonly string[];
  try {
    found = await interruptible((options.lookup ?? lookupAll)(host), signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new Fault('upstream-unreachable', lookupReason(cause), { cause });
  }
  if (found.length === 0) throw new Fault('upstream-unreachable', 'name not found');
  return found;
}

async function lookupAll(host: string): Promise<string[]> {
  return (await systemLookup(host, { all: true, order: 'verbatim' })).map((entry) => entry.address);
}

/** Settles as `work` does, or rejects with the signal's reason. The work itself goes on: getaddrinfo cannot be called back. */
function interruptible<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function lookupReason(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  return code === 'ENOTFOUND' || code === 'ENODATA' ? 'name not found' : 'name lookup failed';
}

function refuseAddress(address: string, options: TargetOptions): void {
  const kind = classifyAddress(address);
  if (REFUSED.includes(kind)) throw refusal(kind);
  if (kind === 'private' && options.intercepted && !options.policy.allowsPrivate(options.authority)) throw refusal(kind);
}

function refusal(kind: AddressClass): Fault {
  const hint = kind === 'private' ? ': add the name to allow_private' : '';
  return new Fault('target-refused', `the target is a ${kind} address${hint}`);
}

/** A loop would use up descriptors at the speed of light, so it is found by address and port before the first one is opened. */
function refuseOwn(addresses: readonly string[], port: number, options: TargetOptions): void {
  const own = options.own().filter((listener) => listener.port === port);
  if (addresses.some((address) => own.some((listener) => reaches(address, listener.host)))) {
    throw new Fault('target-refused', 'the target is this proxy itself');
  }
}

/** Whether a connection to `address` arrives at a listener bound to `bound`. */
function reaches(address: string, bound: string): boolean {
  if (sameAddress(address, bound)) return true;
  const [kind, wildcard] = [classifyAddress(address), classifyAddress(bound) === 'unspecified'];
  // Connecting to 0.0.0.0 or :: is connecting to loopback.
  if (kind === 'unspecified') return wildcard || classifyAddress(bound) === 'loopback';
  return wildcard && (kind === 'loopback' || localAddresses().some((local) => sameAddress(local, address)));
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => list?.map((entry) => entry.address) ?? []);
}
