// A throw-away certificate authority for tests: signs a P-256 leaf for any name at once, all leaves on one key.
// Writes its few DER structures by hand so that no test depends on the code under test or on an openssl binary.
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

const OID = {
  commonName: '550403',
  ecdsaSha256: '2a8648ce3d040302',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
  subjectAltName: '551d11',
  subjectKeyId: '551d0e',
  authorityKeyId: '551d23',
} as const;

const DAY_MS = 86_400_000;

/** A test authority and the leaves it has signed. */
export interface TestAuthority {
  /** The CA certificate, PEM. */
  readonly pem: string;
  /** Leaf for a DNS name or IP address text: PEM certificate chain and PEM key. Kept per name. */
  leaf(name: string): { readonly cert: string; readonly key: string };
  /** The same, ready for a TLS server's SNICallback. */
  context(name: string): SecureContext;
}

/** Makes a fresh authority. `commonName` is only for reading in error messages. */
export function makeTestAuthority(commonName = 'sallyport test authority'): TestAuthority {
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const leafKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const caKeyId = keyId(ca.publicKey);
  const pem = toPem(
    certificate({
      subject: commonName,
      issuer: commonName,
      publicKey: ca.publicKey,
      signer: ca.privateKey,
      days: 30,
      extensions: [
        extension(OID.basicConstraints, sequence(Buffer.from([1, 1, 0xff])), true),
        extension(OID.keyUsage, Buffer.from([3, 2, 1, 0x06]), true),
        extension(OID.subjectKeyId, tlv(4, caKeyId)),
      ],
    }),
  );
  const key = leafKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const leaves = new Map<string, { cert: string; key: string }>();
  const contexts = new Map<string, SecureContext>();

  const leaf = (name: string) => {
    let found = leaves.get(name);
    if (!found) {
      const der = certificate({
        subject: name.slice(0, 60),
        issuer: commonName,
        publicKey: leafKey.publicKey,
        signer: ca.privateKey,
        days: 7,
        extensions: [
          extension(OID.keyUsage, Buffer.from([3, 2, 7, 0x80]), true),
          extension(OID.extKeyUsage, sequence(oid(OID.serverAuth))),
          extension(OID.subjectAltName, sequence(altName(name))),
          extension(OID.subjectKeyId, tlv(4, keyId(leafKey.publicKey))),
          extension(OID.authorityKeyId, sequence(tlv(0x80, caKeyId))),
        ],
      });
      found = { cert: toPem(der) + pem, key };
      leaves.set(name, found);
    }
    return found;
  };
  const context = (name: string) => {
    let found = contexts.get(name);
    if (!found) {
      found = createSecureContext(leaf(name));
      contexts.set(name, found);
    }
    return found;
  };
  return { pem, leaf, context };
}

interface CertificateParts {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly days: number;
  readonly extensions: readonly Buffer[];
}

// RFC 5280 4.1.
function certificate(p: CertificateParts): Buffer {
  const algorithm = sequence(oid(OID.ecdsaSha256));
  const now = Date.now();
  const tbs = sequence(
    tlv(0xa0, Buffer.from([2, 1, 2])),
    tlv(2, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    name(p.issuer),
    sequence(time(now - DAY_MS), time(now + p.days * DAY_MS)),
    name(p.subject),
    p.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...p.extensions)),
  );
  const signature = sign('sha256', tbs, createPrivateKey(p.signer.export({ type: 'pkcs8', format: 'pem' })));
  return sequence(tbs, algorithm, tlv(3, Buffer.concat([Buffer.from([0]), signature])));
}

function tlv(tag: number, content: Buffer): Buffer {
  const n = content.length;
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return tlv(6, Buffer.from(hex, 'hex'));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [Buffer.from([1, 1, 0xff])] : []), tlv(4, value));
}

function name(text: string): Buffer {
  return sequence(tlv(0x31, sequence(oid(OID.commonName), tlv(12, Buffer.from(text)))));
}

function time(ms: number): Buffer {
  const t = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tlv(23, Buffer.from(`${t}Z`));
}

function altName(text: string): Buffer {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) return tlv(0x87, Buffer.from(text.split('.').map(Number)));
  if (text === '::1') return tlv(0x87, Buffer.concat([Buffer.alloc(15), Buffer.from([1])]));
  return tlv(0x82, Buffer.from(text));
}

function keyId(key: KeyObject): Buffer {
  const raw = key.export({ format: 'jwk' });
  return Buffer.from(`${raw.x}`, 'base64url').subarray(0, 20);
}

function toPem(der: Buffer): string {
  return new X509Certificate(der).toString();
}
