// Which requests ask for the next access token with the same refresh token (RFC 6749 6), so that they can share one answer.
// Must not keep or give away a token: what it gives is a hash.
import { createHash } from 'node:crypto';
import type { ContentKind } from './content.ts';

/**
 * The same text (hex) for the same refresh: equal `refresh_token`, `client_id` and `client_secret`. Undefined for whatever is no refresh, and
 * where a field stands twice in a form or is no text.
 */
export function refreshKey(method: string, kind: ContentKind, body: Uint8Array): string | undefined {
  if (method !== 'POST') return undefined;
  const field = kind === 'json' ? jsonFields(body) : kind === 'form' ? formFields(body) : undefined;
  if (field?.('grant_type') !== 'refresh_token') return undefined;
  const names = ['refresh_token', 'client_id', 'client_secret'];
  const [token, ...client] = names.map(field);
  if (!token || client.includes(null)) return undefined;
  return createHash('sha256')
    .update(JSON.stringify([token, ...client.map((text) => text ?? '')]))
    .digest('hex');
}

/** Its text; undefined where there is none, null where it cannot be told. */
type Field = (name: string) => string | undefined | null;

function jsonFields(body: Uint8Array): Field | undefined {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
  if (typeof document !== 'object' || document === null) return undefined;
  const members = new Map<string, unknown>(Object.entries(document));
  return (name) => {
    const value = members.get(name);
    return value === undefined || typeof value === 'string' ? value : null;
  };
}

function formFields(body: Uint8Array): Field {
  const pairs = new URLSearchParams(Buffer.from(body).toString());
  return (name) => {
    const [value, ...more] = pairs.getAll(name);
    return more.length === 0 ? value : null;
  };
}
