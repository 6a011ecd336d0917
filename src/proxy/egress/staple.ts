// The OCSP reply an upstream may staple to its handshake (RFC 6960): a revoked certificate is refused, and one that promises
// a staple (RFC 7633, "must-staple") must come with a sound one. Nothing is ever fetched.
import { createHash, verify, X509Certificate } from 'node:crypto';
import { Fault } from '../../fault.ts';
import { type CheckedChain, STRONG_SIGNATURES } from './chain.ts';
import { type Der, derAt, generalizedTimeMs, oidText, readDer } from './der.ts';

const TLS_FEATURE = Buffer.from('06082b06010505070118', 'hex');
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
const CLOCK_SLACK_MS = 300_000;
const HASHES = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
]);

/**
 * Judges the staple (DER, undefined when none came) for a chain that passed. Throws Fault `upstream-untrusted` when it says revoked, or when the
 * leaf demands a staple and this is not a current, signed "good" for it. `nowMs` is the wall clock.
 */
export function checkStaple({ leaf, issuer }: CheckedChain, staple: Buffer | undefined, nowMs: number): void {
  const demanded = leaf.raw.includes(TLS_FEATURE);
  let status: Status | undefined;
  try {
    status = staple && readStatus(staple, leaf, issuer, nowMs);
  } catch {
    // An unreadable staple counts as none: it can neither vouch nor accuse.
  }
  // An accusation needs no signature: whoever could forge it could as well cut the connection.
  if (status?.verdict === 'revoked') throw new Fault('upstream-untrusted', 'certificate has been revoked');
  if (!demanded) return;
  const fresh = status && status.fromMs <= nowMs + CLOCK_SLACK_MS && nowMs - CLOCK_SLACK_MS <= status.untilMs;
  if (status?.verdict === 'good' && fresh && status.signed()) return;
  throw new Fault('upstream-untrusted', 'certificate demands a stapled OCSP reply and no sound one came');
}

interface Status {
  readonly verdict: 'good' | 'revoked' | 'unknown';
  readonly fromMs: number;
  readonly untilMs: number;
  readonly signed: () => boolean;
}

function readStatus(staple: Buffer, leaf: X509Certificate, issuer: X509Certificate, nowMs: number): Status | undefined {
  const [basic] = readDer(derAt(staple, 0, 1, 0, 1).content);
  const [data, algorithm, signature, certificates] = readDer(basic!.content);
  const responses = readDer(data!.content).find((field) => field.tag === 0x30);
  for (const response of readDer(responses!.content)) {
    const [id, status, from, until] = readDer(response.content);
    if (!names(id!, leaf, issuer)) continue;
    const verdict = status!.tag === 0x80 ? 'good' : status!.tag === 0xa1 ? 'revoked' : 'unknown';
    return {
      verdict,
      fromMs: generalizedTimeMs(from!.content),
      untilMs: until?.tag === 0xa0 ? generalizedTimeMs(derAt(until.content, 0).content) : Number.NaN,
      signed: () => signedBy(signers(certificates, issuer, nowMs), data!.whole, algorithm!, signature!),
    };
  }
  return undefined;
}

/** CertID: issuer name and key hashed, and the serial number (RFC 6960 4.1.1). */
function names(id: Der, leaf: X509Certificate, issuer: X509Certificate): boolean {
  const [algorithm, nameHash, keyHash, serial] = readDer(id.content);
  const hash = HASHES.get(oidText(derAt(algorithm!.content, 0).content));
  if (!hash) return false;
  const digest = (bytes: Buffer) => createHash(hash).update(bytes).digest();
  const tbs = readDer(derAt(issuer.raw, 0, 0).content);
  const at = tbs[0]!.tag === 0xa0 ? 1 : 0;
  const keyBits = derAt(tbs[at + 5]!.content, 1).content.subarray(1);
  return (
    BigInt(`0x${serial!.content.toString('hex')}`) === BigInt(`0x${leaf.serialNumber}`) &&
    digest(tbs[at + 4]!.whole).equals(nameHash!.content) &&
    digest(keyBits).equals(keyHash!.content)
  );
}

/** The issuer itself, and responders it has appointed (RFC 6960 4.2.2.2). */
function signers(certificates: Der | undefined, issuer: X509Certificate, nowMs: number): X509Certificate[] {
  const sent = certificates?.tag === 0xa0 ? readDer(derAt(certificates.content, 0).content) : [];
  const appointed = sent
    .map(({ whole }) => new X509Certificate(whole))
    .filter((c) => c.keyUsage?.includes(OCSP_SIGNING) && c.validFromDate.getTime() <= nowMs && nowMs <= c.validToDate.getTime())
    .filter((c) => c.checkIssued(issuer) && c.verify(issuer.publicKey));
  return [issuer, ...appointed];
}

function signedBy(candidates: readonly X509Certificate[], data: Buffer, algorithm: Der, signature: Der): boolean {
  const hash = STRONG_SIGNATURES.get(oidText(derAt(algorithm.content, 0).content));
  if (hash === undefined) return false;
  return candidates.some((c) => verify(hash, data, c.publicKey, signature.content.subarray(1)));
}
