// Behind the first door: a CONNECT or SOCKS5 target is either spliced through untouched, or unwrapped. Phase 3 begins here.
// It must not know which protocol asked for the target.
import type { Socket } from 'node:net';
import { asFault, CLIENT_GONE, Fault } from '../../fault.ts';
import { isProbe } from '../../probe-host.ts';
import type { House } from '../house.ts';
import type { Wire } from '../wire/wire.ts';
import { dialTcp, type Target } from './aim.ts';
import { answerProbe } from './probe.ts';
import { splice } from './tunnel.ts';
import { unwrap } from './unwrap.ts';

/** Serves an aimed connection to its end. `confirm` tells the client that the tunnel stands. Faults upstream-*, vault-locked: nothing was confirmed yet. */
export async function enter(house: House, client: Wire, socket: Socket, target: Target, confirm: () => void): Promise<void> {
  const isOurs = target.provider !== undefined || isProbe(target.authority);
  if (isOurs && house.options.certs().isLocked) throw new Fault('vault-locked');
  if (isProbe(target.authority)) {
    confirm();
    return answerProbe(house, client, socket, target);
  }
  if (target.provider) {
    target.guest.program?.ask();
    house.count('intercepted');
    confirm();
    return unwrap(house, client, socket, target, target.provider);
  }
  house.count('tunnelled');
  const gone = new AbortController();
  client.onLeave = () => {
    if (client.state === 'gone') gone.abort(CLIENT_GONE);
  };
  const upstream = await dialTcp(house, target, gone.signal).catch((thrown) => {
    throw asFault(thrown);
  });
  confirm();
  const head = client.release();
  if (client.state === 'ended') upstream.end(head);
  await splice(socket, upstream, client.state === 'ended' ? Buffer.alloc(0) : head, house.options.limits().idleMs, house.tunnels);
}
