// Our own look at an upstream's certificates, beside OpenSSL's: the name (SAN only), key sizes and signature algorithms of the
// whole chain up to a trusted root, retraced signature by signature. Must not know about sockets. Fails closed.
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Authority } from '../../authority.ts';
import { Fault } from '../../fault.ts';
import { derAt, oidText, readDer } from './der.ts';
import type { Trust } from './trust.ts';

/** A chain that passed: leaf, and its issuer. */
export interface CheckedChain {
  readonly leaf: X509Certificate;
  readonly issuer: X509Certificate;
}

const MAX_CHAIN = 10;
/** Looking for issuers among more than these would be work that the upstream gives us. */
const MAX_SENT = 20;
const STRONG_CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1']);
const PSS = '1.2.840.113549.1.1.10';
const STRONG_HASHES = new Set(['2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3']);

/** Hash name for node:crypto's verify by signature algorithm (RFC 5758, RFC 8017, RFC 8410, RFC 9881); null where the key says it all. SHA-256 or better only. */
export const STRONG_SIGNATURES: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.3.101.112', null],
  ['1.3.101.113', null],
  ['2.16.840.1.101.3.4.3.17', null],
  ['2.16.840.1.101.3.4.3.18', null],
  ['2.16.840.1.101.3.4.3.19', null],
]);

/**
 * Checks what the upstream presented (its leaf first, the others in any order, after OpenSSL accepted them at `nowMs`, wall clock) for
 * `authority`. Key usage, path lengths, name constraints and the leaf's dates are OpenSSL's part. Throws Fault `upstream-untrusted` whose
 * detail says in public words what is wrong.
 */
export function checkChain(sent: readonly X509Certificate[], authority: Authority, trust: Trust, nowMs: number): CheckedChain {
  const leaf = sent[0];
  if (!leaf) throw untrusted('no certificate');
  checkName(leaf, authority);
  const others = sent.slice(1, MAX_SENT);
  let below = leaf;
  let issuer: X509Certificate | undefined;
  for (let depth = 0; depth < MAX_CHAIN; depth++) {
    checkStrength(below, trust);
    // OpenSSL prefers a trusted root to one that was sent, so a weak cross-signature above it does not count against anybody.
    const anchor = trust.rootsNamed(below.issuer).find((root) => signs(root, below));
    if (anchor) {
      checkKey(anchor.publicKey);
      return { leaf, issuer: issuer ?? anchor };
    }
    // The very one OpenSSL used: names can be copied, keys cannot; and of doubles with one key it takes the first that is valid now.
    const above = others.find((other) => other !== below && isValid(other, nowMs) && signs(other, below));
    if (!above) break;
    issuer ??= above;
    below = above;
  }
  throw untrusted('unknown issuer');
}

/** The name must be in the SAN: a common name is never looked at, and a wildcard is a whole first label (RFC 9525 6.3). */
function checkName(leaf: X509Certificate, { host, kind }: Authority): void {
  const names = leaf.subjectAltName;
  if (names === undefined) throw untrusted('name does not match: the certificate has no subject alternative name');
  if (names.includes('\\u0000')) throw untrusted('name with a NUL byte in the certificate');
  const matches =
    kind === 'name'
      ? leaf.checkHost(host, { subject: 'never', wildcards: true, partialWildcards: false, multiLabelWildcards: false })
      : leaf.checkIP(host);
  if (matches === undefined) throw untrusted('name does not match');
}

function checkStrength(certificate: X509Certificate, trust: Trust): void {
  if (trust.isOwn(certificate)) throw untrusted('issued by this proxy itself');
  let key: KeyObject;
  try {
    key = certificate.publicKey;
  } catch {
    throw untrusted('unknown kind of key');
  }
  checkKey(key);
  const algorithm = certificate.signatureAlgorithmOid ?? '';
  if (STRONG_SIGNATURES.has(algorithm) || (algorithm === PSS && pssIsStrong(certificate.raw))) return;
  throw untrusted('signed with a weak algorithm');
}

function isValid({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime();
}

function checkKey(key: KeyObject): void {
  const details = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      if ((details.modulusLength ?? 0) >= 2048) return;
      break;
    case 'ec':
      if (STRONG_CURVES.has(details.namedCurve ?? '')) return;
      break;
    case 'ed25519':
    case 'ed448':
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return;
  }
  throw untrusted('key too weak');
}

/** RFC 4055 3.1: the hash is the parameters' first field, and SHA-1 when that is left out. */
function pssIsStrong(raw: Buffer): boolean {
  try {
    const hash = readDer(derAt(raw, 0, 1, 1).content).find((field) => field.tag === 0xa0);
    return hash !== undefined && STRONG_HASHES.has(oidText(derAt(hash.content, 0, 0).content));
  } catch {
    return false;
  }
}

function signs(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function untrusted(detail: string): Fault {
  return new Fault('upstream-untrusted', detail);
}
