// How clients reach a listener, as text.
// Must not open anything.
import { hostPort, near } from '../src/host-port.ts';

/** Where a client on this machine finds a listener: an unspecified address listens on loopback too. */
export function reachable({ host, port }: { readonly host: string; readonly port: number }): string {
  return hostPort({ host: near(host), port });
}

/** `http://user:password@host:port`, percent-encoded. `auth` is `user:password`. */
export function proxyUrl(where: string, auth: string | undefined): string {
  if (auth === undefined) return `http://${where}`;
  const at = auth.indexOf(':');
  return `http://${encodeURIComponent(auth.slice(0, at))}:${encodeURIComponent(auth.slice(at + 1))}@${where}`;
}

/** The same proxy with a token in place of what it was reached with. */
export function withToken(url: string, token: string): string {
  return proxyUrl(new URL(url).host, `any:${token}`);
}
