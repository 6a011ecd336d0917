// A listener's address as text, and where it is found.
// Must not open anything, nor know who listens.

/** `host:port`, with brackets round IPv6. */
export function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where a client on this machine finds a listener: an unspecified address listens on loopback too. */
export function near(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}
