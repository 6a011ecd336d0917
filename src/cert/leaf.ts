// Leaf certificates: one name each, short-lived, all on one key that lives as long as the process.
// Must not know which names may be issued for, nor where the CA comes from.
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Authority } from '../authority.ts';
import { certificatePem, distinguishedName, serverExtensions, signCertificate } from './certificate.ts';
import { addressBytes } from './constraint.ts';
import { type Node, taggedBytes } from './der.ts';

/** What a TLS server shows for one host. The same object is given out until it is due again, so it can key a cache of contexts. */
export interface Leaf {
  /** PKCS #8. */
  readonly keyPem: string;
  /** The leaf alone: its issuer is a root, which a server need not send (RFC 8446 4.4.2). */
  readonly certPem: string;
  readonly notAfterMs: number;
}

/** The CA's side of a signature. */
export interface Issuer {
  readonly name: Node;
  readonly key: KeyObject;
  readonly keyId: Buffer;
}

/** Leaves by host, the least recently used forgotten first. */
export interface LeafCache {
  /** The host's leaf, valid at `nowMs` and for a day after it. Synchronous, a fraction of a millisecond; calls for one host share one leaf. */
  get(authority: Authority, issuer: Issuer, nowMs: number): Leaf;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LIFE_MS = 7 * DAY_MS;
/** In the name of everything that is made here. */
export const ORGANISATION = 'Sallyport local';

const SUBJECT = distinguishedName(ORGANISATION);

/** A cache of at most `limit` leaves with a P-256 key of its own. */
export async function openLeafCache(limit: number): Promise<LeafCache> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'prime256v1' });
  const publicKey = createPublicKey(privateKey);
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const leaves = new Map<string, Leaf & { readonly notBeforeMs: number }>();

  return {
    get(authority, issuer, nowMs) {
      const { host } = authority;
      const known = leaves.get(host);
      leaves.delete(host);
      // A clock that was set back may stand before the leaf's first second.
      if (known && known.notBeforeMs <= nowMs && nowMs < known.notAfterMs - DAY_MS) {
        leaves.set(host, known);
        return known;
      }
      // Backdated for clients whose clock is behind; the whole life stays within seven days.
      const notBeforeMs = wholeSeconds(nowMs - HOUR_MS);
      const notAfterMs = notBeforeMs + LIFE_MS;
      const extensions = serverExtensions(publicKey, issuer.keyId, [nameOf(authority)]);
      const der = signCertificate({ issuer: issuer.name, subject: SUBJECT, notBeforeMs, notAfterMs, publicKey, extensions }, issuer.key);
      const leaf = { keyPem, certPem: certificatePem(der), notBeforeMs, notAfterMs };
      leaves.set(host, leaf);
      if (leaves.size > limit) leaves.delete(leaves.keys().next().value!);
      return leaf;
    },
  };
}

/** Cut to the second, as dates in certificates are. */
export function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function nameOf(authority: Authority): Node {
  return authority.kind === 'name' ? taggedBytes(2, Buffer.from(authority.host, 'latin1')) : taggedBytes(7, addressBytes(authority.host));
}
