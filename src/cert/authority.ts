// The CA of this installation: opened or made, renewed before it ends, and the only one who signs leaves.
// Dates renew the certificate and keep key and name, so a client that knows only the previous certificate goes on working;
// a changed list of hosts makes a new key, so nothing is left that could sign for what was taken off the list.
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { Authority } from '../authority.ts';
import { Fault } from '../fault.ts';
import { isProbe } from '../probe-host.ts';
import { type HostPattern, matchesHost } from '../rules/host-pattern.ts';
import { CertFault } from './cert-fault.ts';
import { caExtensions, certificatePem, distinguishedName, keyIdentifier, readIssuer, signCertificate } from './certificate.ts';
import { type Constraints, constraintsFor, constraintsNode } from './constraint.ts';
import { encode, type Node } from './der.ts';
import type { KeySeal } from './key-seal.ts';
import { type Issuer, type Leaf, type LeafCache, ORGANISATION, openLeafCache, wholeSeconds } from './leaf.ts';
import { type CaPair, certsPath, createPair, readPair, readSealed, replaceCertificates, replacePair } from './pair-file.ts';

export type { Leaf } from './leaf.ts';

/** What a CA is opened with. */
export interface CertAuthorityOptions {
  /** Folder of `ca.key` and `ca.pem`; made (0700) if it is not there. */
  readonly home: string;
  /** The intercepted hosts: the CA's name constraints, and the only hosts a leaf is issued for. */
  readonly hosts: readonly HostPattern[];
  /** Wall clock, ms since the epoch; may jump either way. */
  readonly now: () => number;
  /** How the key is written down; left out: as it is. */
  readonly seal?: KeySeal;
  /** While nothing can be sealed, a key that is sealed makes an authority that is locked, in place of a CertFault. */
  readonly mayBeLocked?: true;
  /** A new key and name in place of those there are, which nobody is to trust any more. */
  readonly isRotation?: true;
  /** Leaves kept, 1000 unless given. */
  readonly maxLeaves?: number;
}

/** An open CA. Its properties change when it renews itself. */
export interface CertAuthority {
  /** The certificates to trust as PEM: the current one first, then the previous one until it has expired. */
  readonly pem: string;
  /** Where the same text lies. */
  readonly caPath: string;
  readonly expiresAtMs: number;
  /** SHA-256 of the current certificate, upper-case hex with colons. */
  readonly fingerprint256: string;
  /** Subject of the CA on one line. */
  readonly subject: string;
  /** What the user should know: renewals, and patterns that leave the CA without limits. One sentence each. */
  readonly notices: readonly string[];
  /** Its key does not open, so no leaf is issued. */
  readonly isLocked: boolean;
  /** Whether a leaf may be issued for this host. */
  covers(authority: Authority): boolean;
  /** The leaf for this host, valid now and for a day at least. Faults `target-refused` for hosts not on the list, `vault-locked`. */
  leafFor(authority: Authority): Promise<Leaf>;
  /** Waits for a renewal under way; no leaf is issued afterwards. */
  close(): Promise<void>;
}

interface Ca extends CaPair {
  readonly issuer: Issuer;
  readonly constraints: Buffer | undefined;
  readonly current: X509Certificate;
  /** When the first of the previous certificates ends; infinite without one. */
  readonly previousEndsAtMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LIFE_MS = 365 * DAY_MS;
const RENEW_MS = 30 * DAY_MS;
const MAX_LEAVES = 1000;
const REPLACED =
  'The list of intercepted hosts changed, so a new CA was made: sallyport ca install puts it where the old one was; restart running clients.';

/**
 * Opens the CA in `home`, makes it if there is none, and renews it when it is due or its constraints are not those of `hosts`.
 * CertFault when the files are unsafe, incomplete, do not belong together, or cannot be written.
 */
export async function openCertAuthority(options: CertAuthorityOptions): Promise<CertAuthority> {
  const { now, home, seal, mayBeLocked } = options;
  const lockedPems = mayBeLocked && seal && !seal.seal ? await readSealed(home) : undefined;
  if (lockedPems) return lockedAuthority(lockedPems, options);
  const constraints = constraintsFor(options.hosts);
  const node = constraintsNode(constraints);
  const notices = constraints.unlimited.length > 0 ? [unlimitedNotice(constraints)] : [];
  let ca = await openOrCreate(options, node);
  const fits = ca.constraints?.equals(encode(node)) === true;
  if (!fits || options.isRotation) {
    ca = await replaced(options, node, ca, now());
    if (!fits) notices.push(REPLACED);
  } else if (due(ca, now())) {
    const before = ca.certPems[0];
    ca = await renewed(options, node, ca, now());
    if (ca.certPems[0] !== before) notices.push(renewalNotice(ca));
  }
  return new OpenAuthority(options, ca, node, notices, await openLeafCache(options.maxLeaves ?? MAX_LEAVES));
}

class OpenAuthority implements CertAuthority {
  readonly caPath: string;
  readonly notices: string[];
  readonly isLocked = false;
  readonly #options: CertAuthorityOptions;
  readonly #constraints: Node;
  readonly #leaves: LeafCache;
  #ca: Ca;
  #renewal: Promise<void> | undefined;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: CertAuthorityOptions, ca: Ca, constraints: Node, notices: string[], leaves: LeafCache) {
    this.caPath = certsPath(options.home);
    this.notices = notices;
    this.#options = options;
    this.#constraints = constraints;
    this.#leaves = leaves;
    this.#ca = ca;
  }

  get pem(): string {
    return this.#ca.certPems.join('');
  }
  get expiresAtMs(): number {
    return this.#ca.current.validToDate.getTime();
  }
  get fingerprint256(): string {
    return this.#ca.current.fingerprint256;
  }
  get subject(): string {
    return onOneLine(this.#ca.current);
  }

  covers(authority: Authority): boolean {
    return coversHost(this.#options, authority);
  }

  async leafFor(authority: Authority): Promise<Leaf> {
    if (this.#closed) throw new Error('the CA is closed');
    if (!isProbe(authority) && !this.covers(authority))
      throw new Fault('target-refused', 'the host is not on the list of intercepted hosts');
    const nowMs = this.#options.now();
    if (due(this.#ca, nowMs)) this.#renew(nowMs);
    return this.#leaves.get(authority, this.#ca.issuer, nowMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#renewal;
  }

  /** In the background: key and name stay, so leaves need not wait for it. A failure is tried again after an hour, on either side of a clock's jump. */
  #renew(nowMs: number): void {
    if (this.#renewal || Math.abs(nowMs - this.#retryAtMs) < HOUR_MS) return;
    const before = this.#ca.certPems[0];
    this.#renewal = renewed(this.#options, this.#constraints, this.#ca, nowMs)
      .then(
        (ca) => {
          this.#ca = ca;
          if (ca.certPems[0] !== before) this.#notice(renewalNotice(ca));
        },
        (error: Error) => {
          this.#retryAtMs = nowMs;
          this.#notice(`The CA is due but was not renewed: ${error.message}`);
        },
      )
      .finally(() => {
        this.#renewal = undefined;
      });
  }

  #notice(text: string): void {
    if (!this.notices.includes(text)) this.notices.push(text);
  }
}

/** What can be told of a CA from its certificates alone. */
function lockedAuthority(certPems: readonly string[], options: CertAuthorityOptions): CertAuthority {
  const current = new X509Certificate(certPems[0]!);
  return {
    pem: certPems.join(''),
    caPath: certsPath(options.home),
    expiresAtMs: current.validToDate.getTime(),
    fingerprint256: current.fingerprint256,
    subject: onOneLine(current),
    notices: [],
    isLocked: true,
    covers: (authority) => coversHost(options, authority),
    leafFor: () => Promise.reject(new Fault('vault-locked')),
    close: () => Promise.resolve(),
  };
}

function coversHost({ hosts }: CertAuthorityOptions, authority: Authority): boolean {
  return hosts.some((pattern) => matchesHost(pattern, authority));
}

function onOneLine({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}

async function openOrCreate({ home, seal, now }: CertAuthorityOptions, constraints: Node): Promise<Ca> {
  const pair = await readPair(home, seal);
  if (pair) return load(pair, home);
  const fresh = await newPair(constraints, now());
  if (await createPair(home, fresh, seal)) return load(fresh, home);
  const theirs = await readPair(home, seal);
  if (!theirs) throw new CertFault(`The CA in ${home} was removed while it was opened.`);
  return load(theirs, home);
}

/** Another key; the certificate of the one before stays beside it while it is valid, for clients that run, unless nobody is to trust it any more. */
async function replaced({ home, seal, isRotation }: CertAuthorityOptions, constraints: Node, old: Ca, nowMs: number): Promise<Ca> {
  const fresh = await newPair(constraints, nowMs);
  const previous = isRotation ? [] : old.certPems.slice(0, 1).filter((pem) => endsAtMs(pem) > nowMs);
  const pair = { keyPem: fresh.keyPem, certPems: [...fresh.certPems, ...previous] };
  await replacePair(home, pair, seal);
  return load(pair, home);
}

/** The same key with a certificate that is not due; the one it replaces stays beside it while it is valid. */
async function renewed({ home, seal }: CertAuthorityOptions, constraints: Node, old: Ca, nowMs: number): Promise<Ca> {
  const renew = ends(old.current, nowMs);
  const first = renew ? selfSigned(old.issuer.key, old.issuer.name, constraints, nowMs) : old.certPems[0]!;
  const previous = renew ? old.certPems.slice(0, 1) : old.certPems.slice(1);
  const pair = { keyPem: old.keyPem, certPems: [first, ...previous.filter((pem) => endsAtMs(pem) > nowMs)] };
  await replaceCertificates(home, pair, seal);
  return load(pair, home);
}

async function newPair(constraints: Node, nowMs: number): Promise<CaPair> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'prime256v1' });
  const id = keyIdentifier(createPublicKey(privateKey)).toString('hex', 0, 4);
  const name = distinguishedName(ORGANISATION, `Sallyport CA ${id}`);
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { keyPem, certPems: [selfSigned(privateKey, name, constraints, nowMs)] };
}

function selfSigned(key: KeyObject, name: Node, constraints: Node, nowMs: number): string {
  const publicKey = createPublicKey(key);
  const notBeforeMs = wholeSeconds(nowMs - HOUR_MS);
  const dates = { notBeforeMs, notAfterMs: notBeforeMs + LIFE_MS };
  return certificatePem(
    signCertificate({ issuer: name, subject: name, ...dates, publicKey, extensions: caExtensions(publicKey, constraints) }, key),
  );
}

function load(pair: CaPair, home: string): Ca {
  try {
    const current = new X509Certificate(pair.certPems[0]!);
    if (!current.ca || !current.verify(current.publicKey)) throw new Error('not a self-signed CA');
    if (!current.subject.startsWith(`O=${ORGANISATION}\nCN=`)) throw new Error('made by somebody else');
    if (current.publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('not a P-256 key');
    const { subject, constraints } = readIssuer(current.raw);
    const issuer = { name: subject, key: createPrivateKey(pair.keyPem), keyId: keyIdentifier(current.publicKey) };
    return { ...pair, issuer, constraints, current, previousEndsAtMs: Math.min(...pair.certPems.slice(1).map(endsAtMs)) };
  } catch (cause) {
    throw new CertFault(`${certsPath(home)} does not hold a CA of Sallyport: remove it and ca.key to have a new CA made.`, { cause });
  }
}

/** Whether the file has to change: its first certificate ends, or a previous one has ended. */
function due(ca: Ca, nowMs: number): boolean {
  return ends(ca.current, nowMs) || ca.previousEndsAtMs <= nowMs;
}

/** Less than 30 days left, or not valid yet because the clock was set back. */
function ends(certificate: X509Certificate, nowMs: number): boolean {
  return nowMs < certificate.validFromDate.getTime() || nowMs >= certificate.validToDate.getTime() - RENEW_MS;
}

function endsAtMs(pem: string): number {
  return new X509Certificate(pem).validToDate.getTime();
}

function renewalNotice(ca: Ca): string {
  const day = ca.current.validToDate.toISOString().slice(0, 10);
  return `The CA certificate was renewed until ${day}: sallyport ca install puts it beside the old one, both are valid until that one ends.`;
}

function unlimitedNotice(constraints: Constraints): string {
  const list = constraints.unlimited.join(', ');
  return `No domain is fixed in ${list}, so the CA is not limited to certain names: keep its key and the trust in it to this machine.`;
}
