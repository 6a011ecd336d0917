// The CA and its leaves, judged by OpenSSL (through node:tls and X509Certificate) and never by the code that made them.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Authority, parseAuthority } from '../../../src/authority.ts';
import { type CertAuthority, openCertAuthority } from '../../../src/cert/authority.ts';
import {
  caExtensions,
  certificatePem,
  distinguishedName,
  keyIdentifier,
  readIssuer,
  serverExtensions,
  signCertificate,
} from '../../../src/cert/certificate.ts';
import { addressBytes } from '../../../src/cert/constraint.ts';
import { bitString, decode, encode, integer, oid, sequence, tagged, taggedBytes, time } from '../../../src/cert/der.ts';
import type { Issuer, Leaf } from '../../../src/cert/leaf.ts';
import { Fault } from '../../../src/fault.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HOSTS = ['api.example.test', '*.wild.test', 'bedrock-runtime.*.cloud.test', '*-region.places.test'];

let folder: string;
let home: string;
let open: CertAuthority[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-ca-'));
  home = join(folder, 'home');
  open = [];
});
afterEach(async () => {
  for (const ca of open) await ca.close();
  await rm(folder, { recursive: true, force: true });
});

async function openCa(hosts: readonly string[] = HOSTS, now: () => number = Date.now, maxLeaves?: number): Promise<CertAuthority> {
  const ca = await openCertAuthority({ home, hosts, now, ...(maxLeaves === undefined ? {} : { maxLeaves }) });
  open.push(ca);
  return ca;
}

const name = (host: string): Authority => parseAuthority(host, 443);
const certificates = (pem: string) => pem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g)!.map((p) => new X509Certificate(p));
const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

/** 'ok', or the reason for which a client that trusts only `ca` turns the server down. */
async function handshake(ca: string, leaf: Pick<Leaf, 'certPem' | 'keyPem'>, host: string): Promise<string> {
  const server = tls.createServer({ key: leaf.keyPem, cert: leaf.certPem });
  server.on('tlsClientError', () => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const isIp = /^[\d.]+$|:/.test(host);
  const client = tls.connect({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    ca: [ca],
    ...(isIp ? {} : { servername: host }),
    checkServerIdentity: (_, certificate) => tls.checkServerIdentity(host, certificate),
  });
  try {
    return await new Promise<string>((done) => {
      client.once('secureConnect', () => done('ok'));
      client.once('error', (error: NodeJS.ErrnoException) =>
        done(error.code === 'UNSPECIFIED' ? error.message : (error.code ?? error.message)),
      );
    });
  } finally {
    client.destroy();
    await new Promise((done) => server.close(done));
  }
}

/** A leaf signed with the CA's real key, as its thief would: for a host, whatever the list says. */
async function forged(host: string): Promise<Leaf> {
  const issuer = await stolenIssuer();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const publicKey = createPublicKey(privateKey);
  const { kind } = name(host.includes(':') ? `[${host}]` : host);
  const san = kind === 'name' ? taggedBytes(2, Buffer.from(host)) : taggedBytes(7, addressBytes(host));
  const der = signCertificate(
    {
      issuer: issuer.name,
      subject: distinguishedName('Elsewhere'),
      notBeforeMs: Date.now() - HOUR,
      notAfterMs: Date.now() + DAY,
      publicKey,
      extensions: serverExtensions(publicKey, issuer.keyId, [san]),
    },
    issuer.key,
  );
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { keyPem, certPem: certificatePem(der), notAfterMs: 0 };
}

async function stolenIssuer(): Promise<Issuer> {
  const key = createPrivateKey(await readFile(join(home, 'ca.key'), 'utf8'));
  const current = certificates(await readFile(join(home, 'ca.pem'), 'utf8'))[0]!;
  return { name: readIssuer(current.raw).subject, key, keyId: keyIdentifier(current.publicKey) };
}

describe('the files', () => {
  it.each([0o000, 0o022, 0o077, 0o777])('have their modes under umask %o', async (umask) => {
    const before = process.umask(umask);
    try {
      await openCa();
    } finally {
      process.umask(before);
    }
    expect(await mode(join(home, 'ca.key'))).toBe('600');
    expect(await mode(join(home, 'ca.pem'))).toBe('644');
    expect(await mode(home)).toBe('700');
    expect((await readdir(home)).sort()).toEqual(['ca.key', 'ca.pem']);
  });

  it('give the same CA when opened again', async () => {
    const first = await openCa();
    const again = await openCa([...HOSTS].reverse());
    expect(again.fingerprint256).toBe(first.fingerprint256);
    expect(again.pem).toBe(await readFile(join(home, 'ca.pem'), 'utf8'));
    expect(again.caPath).toBe(join(home, 'ca.pem'));
    expect(again.notices).toEqual([]);
  });

  it('hold one CA when several processes make it at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => openCa()));
    const onDisk = certificates(await readFile(join(home, 'ca.pem'), 'utf8'));
    expect(onDisk).toHaveLength(1);
    expect(new Set(all.map((ca) => ca.fingerprint256))).toEqual(new Set([onDisk[0]!.fingerprint256]));
  });

  // A CA of somebody else's, of our own kind of key, was once taken for ours with other hosts: it was replaced, and its key lost.
  it.each([
    ['a leaf', 'Sallyport local', (key: KeyObject) => serverExtensions(key, Buffer.alloc(20), [])],
    ["somebody else's CA", 'Elsewhere', (key: KeyObject) => caExtensions(key, undefined)],
  ])('are refused when they hold %s', async (_what, name, extensions) => {
    await mkdir(home, { mode: 0o700 });
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const self = distinguishedName(name, 'Sallyport CA 0badcafe');
    const dates = { notBeforeMs: Date.now(), notAfterMs: Date.now() + DAY };
    const der = signCertificate({ issuer: self, subject: self, ...dates, publicKey, extensions: extensions(publicKey) }, privateKey);
    const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(join(home, 'ca.key'), keyPem, { mode: 0o600 });
    await writeFile(join(home, 'ca.pem'), certificatePem(der), { mode: 0o644 });
    await expect(openCa()).rejects.toThrow(/ca\.pem does not hold a CA of Sallyport/);
    expect(await readFile(join(home, 'ca.key'), 'utf8')).toBe(keyPem);
  });

  it('are refused when the key is of another kind', async () => {
    await mkdir(home, { mode: 0o700 });
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    const self = distinguishedName('Elsewhere');
    const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
    const toBeSigned = sequence(
      tagged(0, integer(Buffer.of(2))),
      integer(Buffer.of(1)),
      algorithm,
      self,
      sequence(time(Date.now() - HOUR), time(Date.now() + DAY)),
      self,
      decode(publicKey.export({ type: 'spki', format: 'der' })),
      tagged(3, sequence(...caExtensions(publicKey, undefined))),
    );
    const der = encode(sequence(toBeSigned, algorithm, bitString(sign('sha256', encode(toBeSigned), privateKey))));
    expect(new X509Certificate(der).verify(publicKey)).toBe(true);
    await writeFile(join(home, 'ca.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await writeFile(join(home, 'ca.pem'), certificatePem(der), { mode: 0o644 });
    await expect(openCa()).rejects.toThrow(/ca\.pem does not hold a CA of Sallyport/);
  });
});

describe('the CA certificate', () => {
  it('is its own, random, short-lived and good for signing leaves only', async () => {
    const ca = await openCa();
    const [x509] = certificates(ca.pem);
    expect(x509!.ca).toBe(true);
    expect(x509!.verify(x509!.publicKey)).toBe(true);
    expect(x509!.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(ca.subject).toMatch(/^O=Sallyport local, CN=Sallyport CA [0-9a-f]{8}$/);
    expect(ca.fingerprint256).toBe(x509!.fingerprint256);
    expect(ca.expiresAtMs).toBe(x509!.validToDate.getTime());
    expect(ca.expiresAtMs - x509!.validFromDate.getTime()).toBeLessThanOrEqual(365 * DAY);
    expect(Date.now() - x509!.validFromDate.getTime()).toBeLessThan(HOUR + 60_000);
    expect(x509!.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);

    const other = await openCertAuthority({ home: join(folder, 'other'), hosts: HOSTS, now: Date.now });
    const [x509b] = certificates(other.pem);
    expect(other.subject).not.toBe(ca.subject);
    expect(x509b!.serialNumber).not.toBe(x509!.serialNumber);
    expect(x509b!.publicKey.equals(x509!.publicKey)).toBe(false);
  });

  it('does not make CAs: path length 0', async () => {
    const ca = await openCa();
    const issuer = await stolenIssuer();
    const dates = { notBeforeMs: Date.now() - HOUR, notAfterMs: Date.now() + DAY };
    const middle = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const middleName = distinguishedName('Middle');
    const middleDer = signCertificate(
      {
        issuer: issuer.name,
        subject: middleName,
        ...dates,
        publicKey: middle.publicKey,
        extensions: caExtensions(middle.publicKey, undefined),
      },
      issuer.key,
    );
    const end = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const san = [taggedBytes(2, Buffer.from('api.example.test'))];
    const extensions = serverExtensions(end.publicKey, Buffer.alloc(20, 1), san);
    const endDer = signCertificate(
      { issuer: middleName, subject: distinguishedName('End'), ...dates, publicKey: end.publicKey, extensions },
      middle.privateKey,
    );
    const leaf = {
      keyPem: end.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      certPem: certificatePem(endDer) + certificatePem(middleDer),
    };
    expect(await handshake(ca.pem, leaf, 'api.example.test')).not.toBe('ok');
  });

  it.each([
    ['api.example.test', 'ok'],
    ['sub.api.example.test', 'ok'],
    ['wild.test', 'ok'],
    ['deep.below.wild.test', 'ok'],
    ['bedrock-runtime.eu-1.cloud.test', 'ok'],
    ['example.test', 'permitted subtree violation'],
    ['xapi.example.test', 'permitted subtree violation'],
    ['wild.test.evil.test', 'permitted subtree violation'],
    ['bank.test', 'permitted subtree violation'],
    ['127.0.0.1', 'excluded subtree violation'],
    ['::1', 'excluded subtree violation'],
  ])('limits what its key is good for: %s gives %s', async (host, outcome) => {
    const ca = await openCa();
    expect(await handshake(ca.pem, await forged(host), host)).toBe(outcome);
  });

  it.each([
    ['127.0.0.1', 'ok'],
    ['127.0.0.2', 'permitted subtree violation'],
    ['::1', 'permitted subtree violation'],
    ['bank.test', 'permitted subtree violation'],
  ])('limits a list of one IPv4 address: %s gives %s', async (host, outcome) => {
    const ca = await openCa(['127.0.0.1']);
    expect(await handshake(ca.pem, await forged(host), host)).toBe(outcome);
  });

  it.each([
    ['::1', 'ok'],
    ['::2', 'permitted subtree violation'],
    ['127.0.0.1', 'permitted subtree violation'],
  ])('limits a list of one IPv6 address and a name: %s gives %s', async (host, outcome) => {
    const ca = await openCa(['::1', 'api.example.test']);
    expect(await handshake(ca.pem, await forged(host), host)).toBe(outcome);
  });

  it('says so when a pattern leaves it without limits on names', async () => {
    const ca = await openCa(['api.example.test', '*']);
    expect(ca.notices).toHaveLength(1);
    expect(ca.notices[0]).toMatch(/^No domain is fixed in \*, /);
    expect(await handshake(ca.pem, await ca.leafFor(name('any.name.test')), 'any.name.test')).toBe('ok');
    expect(await handshake(ca.pem, await forged('127.0.0.1'), '127.0.0.1')).toBe('excluded subtree violation');
  });
});

describe('a leaf', () => {
  it.each(['api.example.test', 'a.b.wild.test', 'bedrock-runtime.eu-1.cloud.test', 'eu-region.places.test'])(
    'chains for %s',
    async (host) => {
      const ca = await openCa();
      expect(await handshake(ca.pem, await ca.leafFor(name(host)), host)).toBe('ok');
    },
  );

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['[2001:db8::7]', '2001:db8::7'],
  ])('chains for the address %s', async (text, host) => {
    const ca = await openCa(['127.0.0.1', '2001:db8::7']);
    const leaf = await ca.leafFor(name(text));
    expect(await handshake(ca.pem, leaf, host)).toBe('ok');
    expect(await handshake(ca.pem, leaf, '127.0.0.9')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('is good for its one name only', async () => {
    const ca = await openCa();
    const leaf = await ca.leafFor(name('a.wild.test'));
    expect(await handshake(ca.pem, leaf, 'b.wild.test')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await handshake(ca.pem, leaf, 'sub.a.wild.test')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('says nothing else than it must', async () => {
    const ca = await openCa();
    const leaf = await ca.leafFor(name('api.example.test'));
    expect(certificates(leaf.certPem)).toHaveLength(1);
    const x509 = new X509Certificate(leaf.certPem);
    expect(x509.subjectAltName).toBe('DNS:api.example.test');
    expect(x509.subject).toBe('O=Sallyport local');
    expect(x509.ca).toBe(false);
    expect(x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(x509.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(x509.checkIssued(certificates(ca.pem)[0]!)).toBe(true);
    expect(x509.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(leaf.notAfterMs).toBe(x509.validToDate.getTime());
    expect(leaf.notAfterMs - x509.validFromDate.getTime()).toBeLessThanOrEqual(7 * DAY);
    expect(Date.now() - x509.validFromDate.getTime()).toBeGreaterThanOrEqual(HOUR);
  });

  it('has a key of its own, one for each start and never that of the CA', async () => {
    const ca = await openCa();
    const [a, b] = [await ca.leafFor(name('a.wild.test')), await ca.leafFor(name('b.wild.test'))];
    const again = await (await openCa()).leafFor(name('a.wild.test'));
    const caKey = certificates(ca.pem)[0]!.publicKey;
    expect(a.keyPem).toBe(b.keyPem);
    expect(again.keyPem).not.toBe(a.keyPem);
    expect(new X509Certificate(a.certPem).publicKey.equals(caKey)).toBe(false);
    expect(a.keyPem).not.toBe(await readFile(join(home, 'ca.key'), 'utf8'));
  });

  it('is issued for hosts on the list only', async () => {
    const ca = await openCa(['api.example.test', '*']);
    for (const host of ['127.0.0.1', '[::1]', 'localhost', 'a.localhost']) {
      expect(ca.covers(name(host))).toBe(false);
      await expect(ca.leafFor(name(host))).rejects.toMatchObject({ code: 'target-refused' });
    }
    const narrow = await openCa(['*.wild.test']);
    for (const host of ['wild.test', 'wild.test.evil.test', 'notwild.test']) {
      expect(narrow.covers(name(host))).toBe(false);
      await expect(narrow.leafFor(name(host))).rejects.toBeInstanceOf(Fault);
    }
    expect(narrow.covers(name('x.wild.test'))).toBe(true);
  });

  it('is made once for calls at the same time, and kept by its whole name whatever the port', async () => {
    const ca = await openCa();
    const many = await Promise.all(Array.from({ length: 20 }, () => ca.leafFor(name('a.wild.test'))));
    expect(new Set(many).size).toBe(1);
    expect(await ca.leafFor(parseAuthority('A.wild.TEST:8443'))).toBe(many[0]);
    expect(await ca.leafFor(name('aa.wild.test'))).not.toBe(many[0]);
  });

  it('is forgotten when it was used least recently and the cache is full', async () => {
    const ca = await openCa(HOSTS, Date.now, 2);
    const a = await ca.leafFor(name('a.wild.test'));
    const b = await ca.leafFor(name('b.wild.test'));
    expect(await ca.leafFor(name('a.wild.test'))).toBe(a);
    await ca.leafFor(name('c.wild.test'));
    expect(await ca.leafFor(name('a.wild.test'))).toBe(a);
    expect(await ca.leafFor(name('b.wild.test'))).not.toBe(b);
  });

  it('is not issued by a closed CA', async () => {
    const ca = await openCa();
    await ca.close();
    await expect(ca.leafFor(name('a.wild.test'))).rejects.toThrow('the CA is closed');
  });
});
