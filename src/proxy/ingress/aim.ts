// Phase 2: an authority becomes one of intercept, tunnel or refuse. Own address, loops, private and metadata addresses are
// refused here, before any descriptor is spent on them.
import type { Socket } from 'node:net';
import type { Authority } from '../../authority.ts';
import { CLIENT_GONE, Fault } from '../../fault.ts';
import { isProbe } from '../../probe-host.ts';
import type { Policy } from '../../rules/policy.ts';
import type { Provider } from '../../rules/provider.ts';
import { checkTarget, openTcp } from '../egress/connect.ts';
import type { Destination } from '../egress/resolve.ts';
import type { Guest } from '../exchange.ts';
import type { House } from '../house.ts';
import type { Wire } from '../wire/wire.ts';

/** Where a tunnel goes. `provider` undefined: it is never decrypted. */
export interface Target {
  readonly authority: Authority;
  /** Who asked for it. */
  readonly guest: Guest;
  readonly provider: Provider | undefined;
  readonly policy: Policy;
  /** What the check found; undefined when the name could not be resolved and the client is to hear of it inside its tunnel. */
  readonly destination: Destination | undefined;
}

/** Decides. Faults target-refused, upstream-unreachable (a name that does not resolve). */
export async function aim(
  house: House,
  authority: Authority,
  guest: Guest,
  client: Wire,
  scheme: 'https' | 'http' = 'https',
): Promise<Target> {
  const policy = house.options.policy();
  if (scheme === 'https' && isProbe(authority)) return { authority, guest, provider: undefined, policy, destination: undefined };
  // A CONNECT tunnel carries anything, so its ports are few; an absolute-form http request can only be HTTP.
  if (scheme === 'https' && !policy.allowsPort(authority)) {
    throw new Fault('target-refused', `port ${authority.port} is not allowed: add it to connect_ports`);
  }
  const provider = policy.providerFor(authority);
  const gone = new AbortController();
  client.onLeave = () => gone.abort(CLIENT_GONE);
  const options = { ...tcpOptions(house, policy, authority, provider !== undefined), signal: gone.signal };
  const destination = await checkTarget(options).catch((thrown) => {
    // A CLI shows a reply in its provider's words; a refused CONNECT it calls a broken proxy.
    if (provider && scheme === 'https' && thrown instanceof Fault && thrown.code === 'upstream-unreachable') return undefined;
    throw thrown;
  });
  client.onLeave = undefined;
  if (gone.signal.aborted) throw new Fault('client-gone');
  if (guest.marks) guest.marks.aim ??= performance.now();
  return { authority, guest, provider, policy, destination };
}

/** Opens TCP to the very addresses that were checked. `anew` looks the name up and checks again, for a later connection to the same target. */
export function dialTcp(house: House, target: Target, signal: AbortSignal, anew = false): Promise<Socket> {
  const options = { ...tcpOptions(house, target.policy, target.authority, target.provider !== undefined), signal };
  return openTcp(target.destination && !anew ? { ...options, destination: target.destination } : options);
}

/** An end of a connection, for `house.dialled`. */
export function endKey(address: string | undefined, port: number | undefined): string {
  return `${address} ${port}`;
}

function noteDialled(house: House, socket: Socket): void {
  const key = endKey(socket.localAddress, socket.localPort);
  house.dialled.add(key);
  socket.once('close', () => house.dialled.delete(key));
}

function tcpOptions(house: House, policy: Policy, authority: Authority, intercepted: boolean) {
  const parentProxy = house.options.parentProxy();
  return {
    authority,
    policy,
    intercepted,
    own: house.own,
    timeoutMs: house.options.limits().connectMs,
    onConnected: (socket: Socket) => noteDialled(house, socket),
    ...(parentProxy ? { parentProxy } : {}),
  };
}
