// SOCKS5 on the proxy port (RFC 1928; user and password by RFC 1929): CONNECT only. Parsing and replies; it opens nothing.
// It must not decide whether a target is allowed.
import { type Authority, parseAuthority } from '../../authority.ts';
import { Fault } from '../../fault.ts';

/** First byte of a SOCKS5 client. */
export const SOCKS_VERSION = 5;

const NO_AUTH = 0;
const PASSWORD = 2;
const NONE_ACCEPTABLE = 0xff;

/** A parsed step and how many bytes it took; undefined while bytes are missing. */
interface Step<T> {
  readonly value: T;
  readonly used: number;
}

/** The methods a client offers. Fault bad-request when it is not SOCKS5. */
export function parseGreeting(bytes: Buffer): Step<readonly number[]> | undefined {
  if (bytes.length < 2) return undefined;
  const used = 2 + bytes[1]!;
  return bytes.length < used ? undefined : { value: [...bytes.subarray(2, used)], used };
}

/** Whether user and password will follow: who offers them has them, and they may be a token. */
export function offersPassword(offered: readonly number[]): boolean {
  return offered.includes(PASSWORD);
}

/** Whether the client would go on without any. */
export function offersNothing(offered: readonly number[]): boolean {
  return offered.includes(NO_AUTH);
}

/** The method that was chosen of an offer; undefined: none of them will do. */
export function methodReply(chosen: 'password' | 'nothing' | undefined): Buffer {
  return Buffer.from([SOCKS_VERSION, chosen === 'password' ? PASSWORD : chosen === 'nothing' ? NO_AUTH : NONE_ACCEPTABLE]);
}

/** `user:password` of RFC 1929. */
export function parsePassword(bytes: Buffer): Step<string> | undefined {
  if (bytes.length < 2) return undefined;
  const userEnd = 2 + bytes[1]!;
  if (bytes.length < userEnd + 1) return undefined;
  const used = userEnd + 1 + bytes[userEnd]!;
  if (bytes.length < used) return undefined;
  return { value: `${bytes.subarray(2, userEnd).toString()}:${bytes.subarray(userEnd + 1, used).toString()}`, used };
}

/** A request that RFC 1928 has a reply for: 7 command not supported, 8 address type not supported. */
export class SocksRefusal extends Fault {
  readonly reply: 7 | 8;
  constructor(reply: 7 | 8, detail: string) {
    super('bad-request', detail);
    this.reply = reply;
  }
}

/** The target of a CONNECT request. Throws SocksRefusal for other commands and address types, Fault bad-request for what is no request. */
export function parseTarget(bytes: Buffer): Step<Authority> | undefined {
  if (bytes.length < 5) return undefined;
  if (bytes[0] !== SOCKS_VERSION) throw new Fault('bad-request', 'malformed SOCKS5');
  if (bytes[1] !== 1) throw new SocksRefusal(7, 'only SOCKS5 CONNECT is served');
  const type = bytes[3]!;
  const length = type === 1 ? 4 : type === 4 ? 16 : type === 3 ? 1 + bytes[4]! : undefined;
  if (length === undefined) throw new SocksRefusal(8, 'unknown SOCKS5 address type');
  const used = 4 + length + 2;
  if (bytes.length < used) return undefined;
  const raw = bytes.subarray(4, 4 + length);
  const host = type === 1 ? raw.join('.') : type === 3 ? raw.subarray(1).toString('latin1') : `[${ipv6Text(raw)}]`;
  return { value: parseAuthority(`${host}:${bytes.readUInt16BE(4 + length)}`), used };
}

/** The reply to a request: 0 granted, 1 failed, 2 not allowed, 5 refused, 7 and 8 not supported. */
export function targetReply(code: 0 | 1 | 2 | 5 | 7 | 8): Buffer {
  return Buffer.from([SOCKS_VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]);
}

/** RFC 1929: 0 is success. */
export function passwordReply(ok: boolean): Buffer {
  return Buffer.from([1, ok ? 0 : 1]);
}

function ipv6Text(raw: Buffer): string {
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(raw.readUInt16BE(i).toString(16));
  return groups.join(':');
}
