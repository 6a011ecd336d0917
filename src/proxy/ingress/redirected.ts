// Phase 1 by the second door: a connection that the packet filter has redirected here, from a client that knows of no proxy. Nobody
// names the host but the ClientHello, and nobody brings credentials: its user alone lets it in. Nothing is dialled from here.
import type { Socket } from 'node:net';
import { type Authority, parseAuthority } from '../../authority.ts';
import { asFault, Fault, type FaultCode } from '../../fault.ts';
import type { House } from '../house.ts';
import type { Wire } from '../wire/wire.ts';
import { admit } from './admission.ts';
import { aim, endKey } from './aim.ts';
import { begin } from './begin.ts';
import { clientWire, logRefusal } from './client-wire.ts';
import { enter } from './enter.ts';
import { linger } from './h1.ts';
import { readHello } from './hello.ts';
import type { Origin } from './origin.ts';

const TLS_HANDSHAKE = 0x16;
const HTTPS_PORT = 443;

/** TLS alerts (RFC 8446 6.2) by what they answer; any other end is a reset, as of a host that cannot be reached. */
const ALERTS: Readonly<Partial<Record<FaultCode, number>>> = {
  'not-tls': 50, // decode_error
  'proxy-auth': 49, // access_denied
  'target-refused': 49,
  misdirected: 112, // unrecognized_name
  internal: 80, // internal_error
};

/** Serves one redirected client socket to its end. Never throws. */
export async function acceptRedirected(house: House, socket: Socket, originOf: (socket: Socket) => Promise<Origin>): Promise<void> {
  const client = clientWire(house, socket);
  let opening: Opening | undefined;
  try {
    opening = await begin(client, house.options.limits().headMs, readOpening);
    if (!opening) return client.destroy();
    await greet(house, client, socket, opening, await originOf(socket));
  } catch (thrown) {
    const fault = asFault(thrown);
    logRefusal(house, fault);
    const alert = opening?.isTls === false ? undefined : ALERTS[fault.code];
    if (alert === undefined) return client.cut();
    client.write(alertRecord(alert));
    linger(client, house.options.limits().idleMs);
  }
}

/** How a connection begins. */
interface Opening {
  readonly isTls: boolean;
  readonly serverName: string | undefined;
}

/** Undefined while more bytes are needed. Fault not-tls for a hello that cannot be read: somebody else might read it, so it is not passed on. */
function readOpening(bytes: Buffer): Opening | undefined {
  if (bytes[0] !== TLS_HANDSHAKE) return { isTls: false, serverName: undefined };
  const hello = readHello(bytes);
  return hello && { isTls: true, serverName: hello.sni };
}

async function greet(house: House, client: Wire, socket: Socket, opening: Opening, origin: Origin): Promise<void> {
  // The filter is to leave our own connections alone. Where it does not, each would bring forth the next.
  if (house.dialled.has(endKey(socket.remoteAddress, socket.remotePort))) {
    house.log.error('a connection of this proxy to its upstream was redirected to itself; see: sallyport transparent status');
    throw new Fault('target-refused', 'a loop');
  }
  const guest = await admit(house, undefined, () => Promise.resolve(origin.user));
  const target = await aim(house, whereTo(house, opening, origin), guest, client);
  house.count('transparent');
  await enter(house, client, socket, target, () => undefined);
}

/** An intercepted host by its name; anything else as the client had it, whatever it calls itself. */
function whereTo(house: House, { serverName }: Opening, { destination }: Origin): Authority {
  const named = serverName === undefined ? undefined : parseAuthority(serverName, destination?.port ?? HTTPS_PORT);
  if (named && house.options.policy().providerFor(named)) return named;
  if (!destination) throw new Fault('misdirected', 'no intercepted host is named, and where it was to go is not known');
  const { host, port } = destination;
  return parseAuthority(host.includes(':') ? `[${host}]` : host, port);
}

/** A fatal alert in clear (RFC 8446 5.1, 6): the handshake has not begun for us. */
function alertRecord(description: number): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, description]);
}
