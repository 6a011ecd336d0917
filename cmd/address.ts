// Addresses as text: how a listener is written and how a client reaches it.
// Must not open anything.

/** `host:port`, with brackets round IPv6. */
export function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where a client on this machine finds a listener: an unspecified address listens on loopback too. */
export function reachable({ host, port }: { readonly host: string; readonly port: number }): string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return hostPort({ host: near, port });
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
