// Phase 1: who may use the proxy. A client token or `proxy_auth` says so; without either, the user whose program is at the other end of a
// loopback connection. What let a client in is asked again for each exchange. Must not know where tokens are kept.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { Fault } from '../../fault.ts';
import { allValues, type RawHeaders } from '../../headers.ts';
import { meansToken, type TokenStanding } from '../../rules/client-token.ts';
import { DEFAULT_PROFILE } from '../../rules/profile.ts';
import type { Guest, Program } from '../exchange.ts';
import type { House } from '../house.ts';
import type { PeerUser } from './ends.ts';

/** What a client brought: `user:password`, or a token alone. */
export type Credentials = string;

const REFUSED: Readonly<Record<Exclude<TokenStanding['state'], 'valid'>, string>> = {
  mistyped: 'the token is mistyped: its checksum does not fit',
  unknown: 'the token is not known here',
  revoked: 'the token was revoked',
  expired: 'the token has expired',
  unchecked: 'the vault is locked, so no token can be checked',
};

/** What Proxy-Authorization holds (RFC 7617, RFC 6750); undefined without one that can be read. */
export function givenCredentials(headers: RawHeaders): Credentials | undefined {
  const given = allValues(headers, 'proxy-authorization');
  if (given.length !== 1) return undefined;
  const [, scheme, value] = /^(basic|bearer) +([\w.~+/-]+=*) *$/i.exec(given[0]!) ?? [];
  if (value === undefined) return undefined;
  return scheme!.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString() : value;
}

/** Lets a client in, or throws Fault proxy-auth that says why not, without what it brought. `user` is asked for only where nothing else decides. */
export async function admit(house: House, given: Credentials | undefined, user: () => Promise<PeerUser>): Promise<Guest> {
  const { proxyAuth, tokens, needsNoToken } = house.options;
  const guest = (profile: string, recheck: () => void): Guest => {
    recheck();
    return { profile, recheck };
  };
  const refuse = (why?: string): never => {
    throw new Fault('proxy-auth', why);
  };
  const isPassword = () => {
    const expected = proxyAuth();
    return expected !== undefined && given !== undefined && same(given, expected);
  };
  if (isPassword()) return guest(DEFAULT_PROFILE.name, () => void (isPassword() || refuse()));
  const token = given === undefined ? undefined : tokenIn(given);
  if (token !== undefined) {
    const standing = tokens.check(token);
    if (standing.state !== 'valid') return refuse(REFUSED[standing.state]);
    const { id } = standing;
    return guest(standing.profile, () => {
      const { state } = tokens.standing(id);
      if (state !== 'valid') refuse(REFUSED[state]);
    });
  }
  if (proxyAuth() !== undefined) return refuse();
  const who = await user();
  return guest(DEFAULT_PROFILE.name, () => {
    if (proxyAuth() !== undefined || !needsNoToken(who)) refuse(whyTokenIsNeeded(who));
  });
}

/** Asks once who is at the other end of a socket; an address beyond loopback is nobody's. */
export function userOf(house: House, socket: Socket): () => Promise<PeerUser> {
  let answer: Promise<PeerUser> | undefined;
  return () => (answer ??= isLoopback(socket.remoteAddress) ? house.options.peerUser(socket) : Promise.resolve('absent'));
}

/** The program at the other end of a socket; one beyond loopback is not looked for. */
export function programOf({ options }: House, socket: Socket): Program | undefined {
  const ask = isLoopback(socket.remoteAddress) ? options.peerProcess : undefined;
  if (!ask) return undefined;
  let asked = false;
  let found: Program['found'];
  return {
    ask() {
      if (asked) return;
      asked = true;
      void ask(socket).then((one) => {
        found = one;
      });
    },
    get found() {
      return found;
    },
  };
}

/** The token among `user:password`, in either place. */
function tokenIn(given: Credentials): string | undefined {
  const colon = given.indexOf(':');
  if (colon < 0) return meansToken(given) ? given : undefined;
  return [given.slice(colon + 1), given.slice(0, colon)].find(meansToken);
}

function whyTokenIsNeeded(who: PeerUser): string {
  return typeof who === 'number' ? `user ${who} needs a token` : 'a token is needed';
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:::ffff:)?127\.|^::1$/.test(address);
}

/** Comparison in constant time, whatever the lengths. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
