// Phase 1: a socket comes in on the one port. HTTP proxy requests and SOCKS5 are told apart by the first byte, credentials
// are asked for, and everything else is refused in one line. Nothing is dialled from here.
import type { Socket } from 'node:net';
import { type Authority, parseAuthority } from '../../authority.ts';
import { asFault, Fault } from '../../fault.ts';
import { firstValue } from '../../headers.ts';
import { hostPort } from '../../host-port.ts';
import { pacFile } from '../../rules/pac.ts';
import type { ConnectionMarks, Guest } from '../exchange.ts';
import type { House } from '../house.ts';
import { type ParsedRequest, parseRequestHead, renderHead } from '../wire/head.ts';
import { within } from '../wire/patience.ts';
import { readHeadBytes } from '../wire/read-head.ts';
import type { Wire } from '../wire/wire.ts';
import { admit, type Credentials, givenCredentials, programOf, userOf } from './admission.ts';
import { aim } from './aim.ts';
import { clientWire, logRefusal } from './client-wire.ts';
import { enter } from './enter.ts';
import { plainReply } from './error-reply.ts';
import { linger } from './h1.ts';
import { servePlain } from './plain.ts';
import {
  methodReply,
  offersNothing,
  offersPassword,
  parseGreeting,
  parsePassword,
  parseTarget,
  passwordReply,
  SOCKS_VERSION,
  SocksRefusal,
  targetReply,
} from './socks.ts';

const ESTABLISHED = Buffer.from('HTTP/1.1 200 Connection Established\r\n\r\n', 'latin1');
const TLS_HANDSHAKE = 0x16;

/** Serves one client socket to its end. Never throws. */
export async function accept(house: House, socket: Socket): Promise<void> {
  const client = clientWire(house, socket);
  try {
    await greet(house, client, socket);
  } catch (thrown) {
    const fault = asFault(thrown);
    // A socket that was opened and never used (a probe, a browser's spare) is closed without a word.
    if (fault.detail === 'idle') return client.destroy();
    logRefusal(house, fault);
    client.write(plainReply(fault));
    linger(client, house.options.limits().idleMs);
  }
}

async function greet(house: House, client: Wire, socket: Socket): Promise<void> {
  const { headMs } = house.options.limits();
  const openedAt = performance.now();
  const first = await within(client.read(), headMs, 'client-slow', 'idle');
  if (!first) return client.destroy();
  client.unread(first);
  const user = userOf(house, socket);
  const program = programOf(house, socket);
  const marks: ConnectionMarks = { openedAt, accept: undefined, aim: undefined, unwrap: undefined };
  const welcome = async (given: Credentials | undefined): Promise<Guest> => {
    const guest = await admit(house, given, user);
    marks.accept ??= performance.now();
    return { ...guest, marks, ...(program && { program }) };
  };
  if (first[0] === SOCKS_VERSION) return socks(house, client, socket, welcome);
  if (first[0] === TLS_HANDSHAKE) throw new Fault('bad-request', 'this is an HTTP proxy: use http:// in the proxy URL, not https://');
  const bytes = await readHeadBytes(client, {
    sender: 'client',
    firstByteMs: headMs,
    headMs,
    late: 'client-slow',
    cutOff: 'bad-request',
    tooLarge: 'head-too-large',
  });
  if (!bytes) return client.destroy();
  const head = parseRequestHead(bytes, 80);
  if (head.form === 'origin' && isPacRequest(house, head)) return givePac(house, client);
  const guest = await welcome(givenCredentials(head.headers));
  if (head.method === 'CONNECT') return connect(house, client, socket, head, guest);
  if (head.form !== 'absolute') throw new Fault('bad-request', 'this is a proxy: it takes CONNECT and absolute-form requests');
  await servePlain(house, client, head, (parsed) => welcome(givenCredentials(parsed.headers)));
}

async function connect(house: House, client: Wire, socket: Socket, head: ParsedRequest, guest: Guest): Promise<void> {
  const authority = parseAuthority(head.target);
  if (head.framing.kind !== 'none' && !(head.framing.kind === 'length' && head.framing.length === 0))
    throw new Fault('bad-request', 'a CONNECT has no body');
  const target = await aim(house, authority, guest, client);
  await enter(house, client, socket, target, () => client.write(ESTABLISHED));
}

/** Fields by which a browser says that a page asks, and not the proxy settings. */
const ASKED_BY_A_PAGE = ['origin', 'referer', 'sec-fetch-site'];

/** The PAC file is the one page of this port, and only for a caller that names this port by its address (no rebinding). */
function isPacRequest(house: House, head: ParsedRequest): boolean {
  if (head.method !== 'GET' || head.target !== '/proxy.pac') return false;
  if (ASKED_BY_A_PAGE.some((name) => firstValue(head.headers, name) !== undefined)) return false;
  const host = firstValue(head.headers, 'host');
  return house.own().some((a) => host === hostPort(a) || (a.host === '127.0.0.1' && host === `localhost:${a.port}`));
}

function givePac(house: House, client: Wire): void {
  const body = Buffer.from(pacFile(hostPort(house.own()[0]!), house.options.policy().interceptedHosts));
  const headers = [
    'Content-Type',
    'application/x-ns-proxy-autoconfig',
    'X-Content-Type-Options',
    'nosniff',
    'Content-Length',
    String(body.length),
    'Connection',
    'close',
  ];
  client.write(Buffer.concat([renderHead('HTTP/1.1 200 OK', headers), body]));
  linger(client, house.options.limits().idleMs);
}

type Welcome = (given: Credentials | undefined) => Promise<Guest>;

async function socks(house: House, client: Wire, socket: Socket, welcome: Welcome): Promise<void> {
  const guest = await socksGuest(house, client, welcome);
  if (!guest) return linger(client, 1000);
  let target: Awaited<ReturnType<typeof aim>>;
  try {
    const authority: Authority = await step(house, client, parseTarget);
    target = await aim(house, authority, guest, client);
  } catch (thrown) {
    const fault = asFault(thrown);
    const byCause = fault.source === 'rule' ? 2 : fault.source === 'upstream' ? 5 : 1;
    client.write(targetReply(fault instanceof SocksRefusal ? fault.reply : byCause));
    return linger(client, 1000);
  }
  await enter(house, client, socket, target, () => client.write(targetReply(0)));
}

/** Undefined: refused, and told so. */
async function socksGuest(house: House, client: Wire, welcome: Welcome): Promise<Guest | undefined> {
  const offered = await step(house, client, parseGreeting);
  const admitted = (given: Credentials | undefined) => welcome(given).catch(refusal);
  if (offersPassword(offered)) {
    client.write(methodReply('password'));
    const guest = await admitted(await step(house, client, parsePassword));
    client.write(passwordReply(guest !== undefined));
    return guest;
  }
  const guest = offersNothing(offered) ? await admitted(undefined) : undefined;
  client.write(methodReply(guest && 'nothing'));
  return guest;
}

/** SOCKS5 has no words for why. */
function refusal(thrown: unknown): undefined {
  if (!(thrown instanceof Fault && thrown.code === 'proxy-auth')) throw thrown;
}

async function step<T>(
  house: House,
  client: Wire,
  parse: (bytes: Buffer) => { readonly value: T; readonly used: number } | undefined,
): Promise<T> {
  const deadline = performance.now() + house.options.limits().headMs;
  let bytes = Buffer.alloc(0);
  for (;;) {
    const more = await within(client.read(), Math.max(1, deadline - performance.now()), 'client-slow');
    if (!more || bytes.length > 1024) throw new Fault('bad-request', 'malformed SOCKS5');
    bytes = Buffer.concat([bytes, more]);
    const parsed = parse(bytes);
    if (!parsed) continue;
    client.unread(bytes.subarray(parsed.used));
    return parsed.value;
  }
}
