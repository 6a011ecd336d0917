// A certificate builder for tests, able to make what no honest CA signs: expired, weak, wrong, contradictory. Nothing here verifies.
//
//   const root = issue({ name: 'root', ca: true });                       self-signed, P-256, SHA-256
//   const good = issue({ names: ['a.test', 'ip:127.0.0.1'], issuer: root });
//   const weak = issue({ names: ['a.test'], issuer: root, key: 'rsa1024', hash: 'sha1' });
//   tls.createServer({ cert: chainPem(good, middle), key: good.keyPem })  leaf first; see startOrigin for weak ones
//   for (const bad of badChains('a.test', root)) …                        the whole table of certificates to refuse
//   ocspReply(good, root, 'revoked')                                      what a server may staple
//
// Keys are made once for each kind and `as` label, because RSA keys take long to find.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';

export type KeyKind = 'p256' | 'p384' | 'p224' | 'rsa1024' | 'rsa2048' | 'ed25519' | 'x25519';

/** What to put into a certificate. Everything has a harmless default. */
export interface IssueOptions {
  /** Common name. Default: the first of `names`, else `unnamed`. */
  readonly name?: string;
  /** SAN: DNS names as they are (NUL allowed), `ip:` and an address (IPv4 or ::1). Undefined or empty: no SAN at all. */
  readonly names?: readonly string[];
  /** Undefined: self-signed. */
  readonly issuer?: Party;
  readonly key?: KeyKind;
  /** Parties with the same kind and label share a key. Default: one label for CAs, one for leaves. */
  readonly as?: string;
  readonly hash?: 'sha256' | 'sha384' | 'sha1' | 'md5' | 'pss-sha1' | 'pss-sha256';
  /** Basic constraints CA flag; undefined leaves the extension out. Default: true for self-signed without names, else false. */
  readonly ca?: boolean | undefined;
  readonly pathLength?: number;
  /** Days from now. Default -1 and 30. */
  readonly fromDays?: number;
  readonly toDays?: number;
  /** Extended key usage, dotted OIDs. Default serverAuth for leaves; [] leaves it out. */
  readonly usages?: readonly string[];
  /** Key usage bits; default keyCertSign and cRLSign for CAs, digitalSignature for leaves. `none` leaves it out. */
  readonly keyUsage?: number | 'none';
  readonly permitted?: readonly string[];
  readonly excluded?: readonly string[];
  readonly mustStaple?: boolean;
  /** Claims this party's key identifier for itself. Default: the one of its own key. */
  readonly keyIdOf?: Party;
  /** An extension nobody knows, marked critical. */
  readonly unknownCritical?: boolean;
}

/** A certificate with its key. */
export interface Party {
  readonly certificate: X509Certificate;
  readonly pem: string;
  readonly keyPem: string;
  readonly key: KeyObject;
  readonly subject: Buffer;
}

export const USAGE = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2', ocsp: '1.3.6.1.5.5.7.3.9' } as const;
const DAY_MS = 86_400_000;
const keys = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>();

/** Makes one certificate (RFC 5280 4.1), signed by `issuer` or by itself. */
export function issue(options: IssueOptions): Party {
  const { names = [], issuer, hash = 'sha256' } = options;
  const ca = 'ca' in options ? options.ca : issuer === undefined && names.length === 0;
  const pair = keyPair(options.key ?? 'p256', options.as ?? (ca ? 'ca' : 'leaf'));
  const signer = issuer?.key ?? pair.privateKey;
  const algorithm = signatureAlgorithm(signer, hash);
  const subject = commonName(options.name ?? names[0] ?? 'unnamed');
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
  const days = (n: number) => time(Date.now() + n * DAY_MS);
  const tbs = sequence(
    tlv(0xa0, integer(2)),
    tlv(2, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    issuer?.subject ?? subject,
    sequence(days(options.fromDays ?? -1), days(options.toDays ?? 30)),
    subject,
    spki,
    tlv(0xa3, sequence(...extensions(options, ca, spki, issuer))),
  );
  const der = sequence(tbs, algorithm, bits(signWith(signer, hash, tbs)));
  const certificate = new X509Certificate(der);
  const keyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certificate, pem: certificate.toString(), keyPem, key: pair.privateKey, subject };
}

/** PEM of several parties in the order given: leaf first, then its issuers. */
export function chainPem(...parties: readonly Party[]): string {
  return parties.map((p) => p.pem).join('');
}

/** A server's certificate and key, with what a client has to refuse about it. */
export interface BadChain {
  /** What is wrong, for the test's name. */
  readonly name: string;
  readonly cert: string;
  readonly keyPem: string;
  /** The public words of the refusal. */
  readonly says: RegExp;
}

/** Certificates for `host` that must be refused although `root` is trusted (reliability checklist 41 to 44). */
export function badChains(host: string, root: Party): BadChain[] {
  const parent = host.slice(host.indexOf('.') + 1);
  const one = (name: string, says: RegExp, options: IssueOptions): BadChain => {
    const leaf = issue({ names: [host], issuer: root, ...options });
    return { name, cert: leaf.pem, keyPem: leaf.keyPem, says };
  };
  const under = (name: string, says: RegExp, middle: IssueOptions, leaf: IssueOptions = {}): BadChain => {
    const between = issue({ name: `middle of ${name}`, issuer: root, ca: true, as: 'middle', ...middle });
    const party = issue({ names: [host], issuer: between, ...leaf });
    return { name, cert: chainPem(party, between), keyPem: party.keyPem, says };
  };
  const stranger = issue({ name: 'a root nobody knows', as: 'stranger' });
  const named = (name: string, names: string[]) => one(name, /name does not match/, { names, name: host });
  const middle = issue({ name: 'middle left out', issuer: root, ca: true, as: 'middle' });
  const alone = issue({ names: [host], issuer: middle });
  const shortCa = issue({ name: 'ca with path length 0', issuer: root, ca: true, pathLength: 0, as: 'short' });
  const below = issue({ name: 'ca below it', issuer: shortCa, ca: true, as: 'middle' });
  const tooLong = issue({ names: [host], issuer: below });
  return [
    one('expired', /expired/, { fromDays: -30, toDays: -1 }),
    one('not yet valid', /not yet valid/, { fromDays: 2 }),
    named('another host', ['other.example']),
    named('only the parent domain', [parent]),
    one('self-signed', /self-signed/, { issuer: undefined as never, ca: false }),
    one('unknown root', /unknown issuer/, { issuer: stranger }),
    { name: 'unknown root, sent along', cert: alone.pem + stranger.pem, keyPem: alone.keyPem, says: /unknown issuer/ },
    { name: 'incomplete chain', cert: alone.pem, keyPem: alone.keyPem, says: /unknown issuer/ },
    under('expired intermediate', /expired/, { fromDays: -30, toDays: -1 }),
    one('no SAN, right common name', /name does not match/, { names: [], name: host, ca: false }),
    one('SHA-1', /weak/, { hash: 'sha1' }),
    under('MD5', /weak/, { key: 'rsa2048' }, { hash: 'md5' }),
    under('SHA-1 in the intermediate', /weak/, { hash: 'sha1' }),
    one('RSA 1024', /weak/, { key: 'rsa1024' }),
    under('RSA 1024 in the intermediate', /weak/, { key: 'rsa1024' }),
    under('P-224 in the intermediate', /weak/, { key: 'p224' }),
    under('PSS with SHA-1', /weak/, { key: 'rsa2048' }, { hash: 'pss-sha1' }),
    one('only for clients', /not meant for/, { usages: [USAGE.client] }),
    under('intermediate only for clients', /not meant for/, { usages: [USAGE.client] }),
    { name: 'path length', cert: chainPem(tooLong, below, shortCa), keyPem: tooLong.keyPem, says: /chain longer/ },
    under('name constraints, permitted', /subtree/, { permitted: ['other.example'] }),
    under('name constraints, excluded', /subtree/, { excluded: [parent] }),
    under('intermediate is no CA', /not meant for/, { ca: false, usages: [], keyUsage: 0x06 }),
    under('intermediate without basic constraints', /not meant for/, { ca: undefined, usages: [], keyUsage: 'none' }),
    under('intermediate may not sign certificates', /no CA/, { keyUsage: 0x80 }),
    one('unknown critical extension', /critical/, { unknownCritical: true }),
    one('NUL in the name', /NUL|does not match/, { names: [`${host}\0.evil.example`] }),
    one('NUL in another name', /NUL/, { names: [host, `${host}\0.evil.example`] }),
    named('wildcard over a top level', [`*.${host.split('.').at(-1)}`]),
    named('wildcard in the middle of a label', [`${host[0]}*${host.slice(2)}`]),
    named('wildcard at the end of a label', [`${host.slice(0, 2)}*.${parent}`]),
    named('wildcard at the start of a label', [`*${host.slice(1)}`]),
    named('two wildcards', [`*.*.${parent.slice(parent.indexOf('.') + 1)}`]),
    named('wildcard in the second label', [`${host.split('.')[0]}.*.${parent.slice(parent.indexOf('.') + 1)}`]),
    named('bare wildcard', ['*']),
    named('wildcard for a deeper name', [`*.${parent.slice(parent.indexOf('.') + 1)}`]),
    one('must-staple without staple', /OCSP/, { mustStaple: true }),
  ];
}

/** A reply to staple (RFC 6960 4.2.1) about `leaf`, signed by `signer` or by the issuer itself. */
export function ocspReply(
  leaf: Party,
  issuer: Party,
  status: 'good' | 'revoked' | 'unknown',
  { signer = issuer, send = [], fromDays = -1, toDays = 3 }: { signer?: Party; send?: Party[]; fromDays?: number; toDays?: number } = {},
): Buffer {
  const at = (days: number) => generalizedTime(Date.now() + days * DAY_MS);
  const sha1 = (data: Buffer) => tlv(4, createHash('sha1').update(data).digest());
  const serial = Buffer.from(leaf.certificate.serialNumber, 'hex');
  const id = sequence(sequence(oid('1.3.14.3.2.26'), tlv(5)), sha1(issuer.subject), sha1(keyBits(issuer)), tlv(2, serial));
  const state = { good: tlv(0x80), revoked: tlv(0xa1, at(-2)), unknown: tlv(0x82) }[status];
  const single = sequence(id, state, at(fromDays), tlv(0xa0, at(toDays)));
  const data = sequence(tlv(0xa1, signer.subject), at(fromDays), sequence(single));
  const certificates = send.length > 0 ? [tlv(0xa0, sequence(...send.map((p) => p.certificate.raw)))] : [];
  const basic = sequence(data, signatureAlgorithm(signer.key, 'sha256'), bits(signWith(signer.key, 'sha256', data)), ...certificates);
  return sequence(tlv(10, Buffer.from([0])), tlv(0xa0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), tlv(4, basic))));
}

function extensions(options: IssueOptions, ca: boolean | undefined, spki: Buffer, issuer: Party | undefined): Buffer[] {
  const out: Buffer[] = [];
  const add = (id: string, value: Buffer, critical = false) =>
    out.push(sequence(oid(id), ...(critical ? [Buffer.from([1, 1, 0xff])] : []), tlv(4, value)));
  const usages = options.usages ?? (ca ? [] : [USAGE.server]);
  const usage = options.keyUsage ?? (ca ? 0x06 : 0x80);
  const general = (names: readonly string[]) =>
    names.map((n) => (n.startsWith('ip:') ? tlv(0x87, ipBytes(n.slice(3))) : tlv(0x82, Buffer.from(n, 'latin1'))));
  const subtrees = (names: readonly string[]) => general(names).map((n) => sequence(n));
  if (ca !== undefined) {
    const length = options.pathLength === undefined ? [] : [integer(options.pathLength)];
    add('2.5.29.19', ca ? sequence(Buffer.from([1, 1, 0xff]), ...length) : sequence(), true);
  }
  if (usage !== 'none') add('2.5.29.15', tlv(3, Buffer.from([0, usage])), true);
  if (usages.length > 0) add('2.5.29.37', sequence(...usages.map(oid)));
  if (options.names && options.names.length > 0) add('2.5.29.17', sequence(...general(options.names)));
  if (options.permitted || options.excluded) {
    const permitted = options.permitted ? [tlv(0xa0, Buffer.concat(subtrees(options.permitted)))] : [];
    const excluded = options.excluded ? [tlv(0xa1, Buffer.concat(subtrees(options.excluded)))] : [];
    add('2.5.29.30', sequence(...permitted, ...excluded), true);
  }
  const spkiOf = (party: Party) => party.certificate.publicKey.export({ type: 'spki', format: 'der' });
  add('2.5.29.14', tlv(4, keyId(options.keyIdOf ? spkiOf(options.keyIdOf) : spki)));
  if (issuer) add('2.5.29.35', sequence(tlv(0x80, keyId(spkiOf(issuer)))));
  if (options.mustStaple) add('1.3.6.1.5.5.7.1.24', sequence(integer(5)));
  if (options.unknownCritical) add('1.3.6.1.4.1.55555.1', tlv(5), true);
  return out;
}

function keyPair(kind: KeyKind, label: string) {
  const id = `${kind} ${label}`;
  let pair = keys.get(id);
  if (!pair) {
    const curve = { p256: 'P-256', p384: 'P-384', p224: 'secp224r1' }[kind as 'p256'];
    if (curve) pair = generateKeyPairSync('ec', { namedCurve: curve });
    else if (kind === 'ed25519') pair = generateKeyPairSync('ed25519');
    else if (kind === 'x25519') pair = generateKeyPairSync('x25519');
    else pair = generateKeyPairSync('rsa', { modulusLength: kind === 'rsa1024' ? 1024 : 2048 });
    keys.set(id, pair);
  }
  return pair;
}

type Hash = NonNullable<IssueOptions['hash']>;

function signatureAlgorithm(key: KeyObject, hash: Hash): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sequence(oid('1.3.101.112'));
  if (hash.startsWith('pss')) {
    const digest = sequence(oid(hash === 'pss-sha1' ? '1.3.14.3.2.26' : '2.16.840.1.101.3.4.2.1'));
    const mask = sequence(oid('1.2.840.113549.1.1.8'), digest);
    const salt = integer(hash === 'pss-sha1' ? 20 : 32);
    return sequence(oid('1.2.840.113549.1.1.10'), sequence(tlv(0xa0, digest), tlv(0xa1, mask), tlv(0xa2, salt)));
  }
  const ids =
    key.asymmetricKeyType === 'ec'
      ? { sha1: '1.2.840.10045.4.1', sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3' }
      : { md5: '1.2.840.113549.1.1.4', sha1: '1.2.840.113549.1.1.5', sha256: '1.2.840.113549.1.1.11', sha384: '1.2.840.113549.1.1.12' };
  const id = (ids as Record<string, string>)[hash];
  if (!id) throw new Error(`no ${hash} signatures with this kind of key`);
  return key.asymmetricKeyType === 'ec' ? sequence(oid(id)) : sequence(oid(id), tlv(5));
}

function signWith(key: KeyObject, hash: Hash, data: Buffer): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, data, key);
  if (hash.startsWith('pss')) return sign(hash.slice(4), data, { key, padding: 6, saltLength: hash === 'pss-sha1' ? 20 : 32 });
  return sign(hash, data, key);
}

function keyBits(party: Party): Buffer {
  const spki = party.certificate.publicKey.export({ type: 'spki', format: 'der' });
  // SubjectPublicKeyInfo is SEQUENCE { SEQUENCE algorithm, BIT STRING }; what is hashed is the latter's content.
  const outer = spki[1]! < 128 ? 2 : spki[1]! === 0x81 ? 3 : 4;
  const key = outer + 2 + spki[outer + 1]!;
  const header = spki[key + 1]! < 128 ? 2 : spki[key + 1]! === 0x81 ? 3 : 4;
  return spki.subarray(key + header + 1);
}

function keyId(spki: Buffer): Buffer {
  return createHash('sha256').update(spki).digest().subarray(0, 20);
}

function commonName(text: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(12, Buffer.from(text)))));
}

function generalizedTime(ms: number): Buffer {
  return tlv(24, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

function time(ms: number): Buffer {
  return tlv(23, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}

function ipBytes(text: string): Buffer {
  return text === '::1' ? Buffer.concat([Buffer.alloc(15), Buffer.from([1])]) : Buffer.from(text.split('.').map(Number));
}

function integer(value: number): Buffer {
  return tlv(2, Buffer.from([value]));
}

function bits(content: Buffer): Buffer {
  return tlv(3, Buffer.concat([Buffer.from([0]), content]));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(tag: number, content: Buffer = Buffer.alloc(0)): Buffer {
  const n = content.length;
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function oid(dotted: string): Buffer {
  const [a, b, ...rest] = dotted.split('.').map(Number);
  const bytes = [a! * 40 + b!];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tlv(6, Buffer.from(bytes));
}
