// The corporate parent proxy: whom it is for (no_proxy), and the CONNECT that asks it for a tunnel (RFC 9110 9.3.6).
// Must not resolve names, nor put credentials into an error.
import type { Socket } from 'node:net';
import { type Authority, authorityText } from '../../authority.ts';
import { Fault } from '../../fault.ts';
import { inBlock } from '../../rules/address.ts';

/** As configured. `url` is `http://[user:password@]host[:port]`. */
export interface ParentProxy {
  readonly url: string;
  /** Hosts that are dialled directly; see `bypasses`. */
  readonly noProxy: readonly string[];
}

/** As dialled. */
export interface ParentHop {
  readonly host: string;
  readonly port: number;
  /** Value of Proxy-Authorization; undefined without credentials. */
  readonly authorization: string | undefined;
}

const MAX_REPLY_BYTES = 16 * 1024;

/** The hop that a URL names; port 80 unless it says another. Fault `internal` for anything but an http:// URL: the configuration was wrong, not the request. */
export function parseParentProxy(url: string): ParentHop {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== 'http:' || parsed.hostname === '') throw new Fault('internal', 'parent_proxy is not an http:// URL');
  const credentials = `${decoded(parsed.username)}:${decoded(parsed.password)}`;
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(parsed.port || 80),
    authorization: credentials === ':' ? undefined : `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`,
  };
}

/**
 * Whether the target is dialled directly. Entries as curl reads NO_PROXY: a domain (with or without leading dot or `*.`) stands for itself and
 * all below it, `*` for everything, an address for itself, `10.0.0.0/8` for its block; `:port` behind an entry limits it to that port.
 */
export function bypasses(noProxy: readonly string[], authority: Authority): boolean {
  return noProxy.some((text) => {
    const entry = text.trim().toLowerCase();
    if (entry === '*') return true;
    const { host, port } = entryParts(entry);
    if (port !== undefined && Number(port) !== authority.port) return false;
    if (authority.kind !== 'name') return inBlock(authority.host, host);
    const domain = host.replace(/^\*?\./, '').replace(/\.$/, '');
    return domain !== '' && (authority.host === domain || authority.host.endsWith(`.${domain}`));
  });
}

/**
 * Asks the proxy at the other end of `socket` for a tunnel to the target. Bytes behind the reply's head stay in the socket.
 * Fault upstream-unreachable when it answers anything but 2xx, nothing like HTTP, more than 16 KiB, or closes; `signal` bounds the time
 * and what it aborts with is thrown as it is. The socket is destroyed on every failure.
 */
export async function openTunnel(socket: Socket, hop: ParentHop, authority: Authority, signal: AbortSignal): Promise<void> {
  const target = authorityText(authority);
  const credentials = hop.authorization === undefined ? '' : `Proxy-Authorization: ${hop.authorization}\r\n`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${credentials}\r\n`);
  try {
    const head = await readReplyHead(socket, signal);
    const status = /^HTTP\/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n/.exec(head)?.[1];
    if (status === undefined) throw new Fault('upstream-unreachable', 'the parent proxy did not answer in HTTP');
    if (status === '407') throw new Fault('upstream-unreachable', credentialsAdvice(hop));
    if (!status.startsWith('2')) throw new Fault('upstream-unreachable', `the parent proxy answered ${status}`);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, or a bare IPv6 address or block, whose colons are its own. */
function entryParts(entry: string): { readonly host: string; readonly port: string | undefined } {
  const withPort = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(entry);
  return withPort ? { host: withPort[1] ?? withPort[2]!, port: withPort[3] } : { host: entry, port: undefined };
}

function credentialsAdvice(hop: ParentHop): string {
  return hop.authorization === undefined
    ? 'the parent proxy asks for credentials (407): put them into the URL of parent_proxy'
    : 'the parent proxy did not accept the credentials in the URL of parent_proxy (407)';
}

function readReplyHead(socket: Socket, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const settle = (act: () => void) => {
      socket.off('readable', read).off('end', cut).off('close', cut).off('error', failed);
      signal.removeEventListener('abort', aborted);
      act();
    };
    const fail = (detail: string, cause?: unknown) => settle(() => reject(new Fault('upstream-unreachable', detail, { cause })));
    const cut = () => fail('the parent proxy closed the connection');
    const failed = (cause: Error) => fail('the connection to the parent proxy broke', cause);
    const aborted = () => settle(() => reject(signal.reason));
    const read = () => {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) received = Buffer.concat([received, chunk as Buffer]);
      const end = /\r?\n\r?\n/.exec(received.toString('latin1'));
      const headBytes = end ? end.index + end[0].length : received.length;
      if (headBytes > MAX_REPLY_BYTES) return fail('the answer of the parent proxy is too long');
      if (!end) return;
      settle(() => {
        if (headBytes < received.length) socket.unshift(received.subarray(headBytes));
        resolve(received.toString('latin1', 0, headBytes));
      });
    };
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    socket.on('readable', read).on('end', cut).on('close', cut).on('error', failed);
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A bare percent sign in a password that nobody encoded.
    return text;
  }
}
