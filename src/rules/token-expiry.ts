// When a token says that it ends (JWT, RFC 7519 4.1.4). Nobody has checked its signature: good for a hint, and for nothing else.
// Must not decide anything.

/** Ms since the epoch; undefined for a token that does not say. */
export function tokenExpiry(token: string): number | undefined {
  const [, claims] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token) ?? [];
  if (claims === undefined) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly exp?: unknown };
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
