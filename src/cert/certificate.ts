// X.509 v3 certificates (RFC 5280): the TBSCertificate is put together here, node:crypto hashes and signs it.
// Must not know about hosts, files or the clock.
import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bitString,
  children,
  content,
  decode,
  encode,
  integer,
  isOid,
  isTagged,
  type Node,
  octets,
  oid,
  sequence,
  set,
  tagged,
  taggedBytes,
  time,
  utf8,
  yes,
} from './der.ts';

const OID = {
  ecPublicKey: '1.2.840.10045.2.1',
  prime256v1: '1.2.840.10045.3.1.7',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

/** What a certificate says; the version, serial number and signature are added by `signCertificate`. */
export interface CertificateBody {
  readonly issuer: Node;
  readonly subject: Node;
  /** Inclusive, ms since the epoch; cut to whole seconds. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** P-256. */
  readonly publicKey: KeyObject;
  readonly extensions: readonly Node[];
}

/** Signs with ECDSA P-256 and SHA-256 and gives the DER. The serial is random, of 16 octets, never zero or negative. */
export function signCertificate(body: CertificateBody, issuerKey: KeyObject): Buffer {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const toBeSigned = sequence(
    tagged(0, integer(Buffer.of(2))),
    integer(randomSerial()),
    algorithm,
    body.issuer,
    sequence(time(body.notBeforeMs), time(body.notAfterMs)),
    body.subject,
    sequence(sequence(oid(OID.ecPublicKey), oid(OID.prime256v1)), bitString(pointOf(body.publicKey))),
    tagged(3, sequence(...body.extensions)),
  );
  const signature = sign('sha256', encode(toBeSigned), { key: issuerKey, dsaEncoding: 'der' });
  return encode(sequence(toBeSigned, algorithm, bitString(signature)));
}

/** A Name of an organisation and, if given, a common name. */
export function distinguishedName(organization: string, commonName?: string): Node {
  const part = (type: string, text: string) => set(sequence(oid(type), utf8(text)));
  const rest = commonName === undefined ? [] : [part(OID.commonName, commonName)];
  return sequence(part(OID.organization, organization), ...rest);
}

/** Key identifier: the first 160 bits of the SHA-256 of the public point (RFC 7093 2, method 1). */
export function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha256').update(pointOf(publicKey)).digest().subarray(0, 20);
}

/** The extensions of a CA that may sign leaves only (path length 0, keyCertSign), with its name constraints if it has any. */
export function caExtensions(publicKey: KeyObject, constraints: Node | undefined): Node[] {
  const id = keyIdentifier(publicKey);
  return [
    extension(OID.basicConstraints, sequence(yes(), integer(Buffer.of(0))), 'critical'),
    // keyCertSign is bit 5.
    extension(OID.keyUsage, bitString(Buffer.of(0x04), 2), 'critical'),
    extension(OID.subjectKeyIdentifier, octets(id)),
    extension(OID.authorityKeyIdentifier, sequence(taggedBytes(0, id))),
    ...(constraints ? [extension(OID.nameConstraints, constraints, 'critical')] : []),
  ];
}

/** The extensions of a TLS server certificate whose only names are `names` (GeneralName values). */
export function serverExtensions(publicKey: KeyObject, issuerKeyId: Buffer, names: readonly Node[]): Node[] {
  return [
    extension(OID.basicConstraints, sequence(), 'critical'),
    // digitalSignature is bit 0.
    extension(OID.keyUsage, bitString(Buffer.of(0x80), 7), 'critical'),
    extension(OID.extKeyUsage, sequence(oid(OID.serverAuth))),
    extension(OID.subjectKeyIdentifier, octets(keyIdentifier(publicKey))),
    extension(OID.authorityKeyIdentifier, sequence(taggedBytes(0, issuerKeyId))),
    extension(OID.subjectAltName, sequence(...names)),
  ];
}

/** What has to be known of a certificate to sign under it: its subject as encoded, and its nameConstraints value. */
export interface IssuerFacts {
  readonly subject: Node;
  readonly constraints: Buffer | undefined;
}

/** Reads `IssuerFacts` from DER. Nothing is verified. Throws an Error when the DER is malformed. */
export function readIssuer(der: Uint8Array): IssuerFacts {
  const fields = children(children(decode(der))[0]);
  const subject = fields[5];
  if (!subject) throw new Error('not a certificate');
  const extensions = fields.find((f) => isTagged(f, 3));
  const found = children(children(extensions)[0]).find((e) => isOid(children(e)[0], OID.nameConstraints));
  return { subject, constraints: found && content(children(found).at(-1)) };
}

/** PEM of a DER certificate, with a final newline. */
export function certificatePem(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function extension(id: string, value: Node, critical?: 'critical'): Node {
  return sequence(oid(id), ...(critical ? [yes()] : []), octets(encode(value)));
}

// The first octet is fixed to 01xxxxxx, so that the number is positive and always 16 octets long: 126 random bits.
function randomSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

// An uncompressed P-256 point is the last 65 octets of its SubjectPublicKeyInfo (RFC 5480 2.2).
function pointOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
}
