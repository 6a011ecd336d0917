// The encoding itself, against known bytes and Node's own reading of it.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  caExtensions,
  certificatePem,
  distinguishedName,
  keyIdentifier,
  readIssuer,
  serverExtensions,
  signCertificate,
} from '../../../src/cert/certificate.ts';
import {
  bitString,
  children,
  content,
  decode,
  encode,
  integer,
  octets,
  oid,
  sequence,
  taggedBytes,
  time,
  utf8,
  yes,
} from '../../../src/cert/der.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const name = distinguishedName('Orga', 'Näme');

function certificate(notBeforeMs: number, notAfterMs: number): X509Certificate {
  const body = { issuer: name, subject: name, notBeforeMs, notAfterMs, publicKey: pair.publicKey };
  return new X509Certificate(signCertificate({ ...body, extensions: caExtensions(pair.publicKey, undefined) }, pair.privateKey));
}

describe('DER', () => {
  it.each([
    [sequence(), '3000'],
    [yes(), '0101ff'],
    [integer(Buffer.of(2)), '020102'],
    [oid('1.2.840.10045.3.1.7'), '06082a8648ce3d030107'],
    [octets(Buffer.of(0, 255)), '040200ff'],
    [bitString(Buffer.of(0x04), 2), '03020204'],
    [utf8('ä'), '0c02c3a4'],
    [taggedBytes(2, Buffer.from('a')), '820161'],
    [octets(Buffer.alloc(200)), `0481c8${'00'.repeat(200)}`],
    [time(Date.UTC(2049, 11, 31, 23, 59, 59, 999)), `170d${Buffer.from('491231235959Z').toString('hex')}`],
    [time(Date.UTC(2050, 0, 1)), `180f${Buffer.from('20500101000000Z').toString('hex')}`],
  ])('encodes %#', (node, hex) => {
    expect(encode(node).toString('hex')).toBe(hex);
  });

  it('reads back parts, and nothing where there is nothing', () => {
    const outer = decode(encode(sequence(octets(Buffer.of(7)), sequence())));
    expect(content(children(outer)[0])).toEqual(Buffer.of(7));
    expect(children(children(outer)[0])).toEqual([]);
    expect(content(outer)).toEqual(Buffer.alloc(0));
    expect(children(undefined)).toEqual([]);
    expect(content(undefined)).toEqual(Buffer.alloc(0));
    expect(() => decode(Buffer.of(0x30, 0x05, 0x00))).toThrow();
  });
});

describe('a certificate', () => {
  it('says what it was given, also beyond 2049', () => {
    const from = Date.UTC(2049, 5, 1, 12, 0, 0);
    const to = Date.UTC(2050, 5, 1, 12, 0, 0);
    const x509 = certificate(from, to);
    expect(x509.validFromDate.getTime()).toBe(from);
    expect(x509.validToDate.getTime()).toBe(to);
    expect(x509.subject).toBe('O=Orga\nCN=Näme');
    expect(x509.verify(pair.publicKey)).toBe(true);
    expect(x509.publicKey.equals(pair.publicKey)).toBe(true);
  });

  it('has a serial of its own each time: positive, 16 octets', () => {
    const serials = Array.from({ length: 64 }, () => certificate(0, 1000).serialNumber);
    expect(new Set(serials).size).toBe(64);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it('is read back for signing under it', () => {
    const constraints = sequence(octets(Buffer.of(1)));
    const extensions = caExtensions(pair.publicKey, constraints);
    const der = signCertificate(
      { issuer: name, subject: name, notBeforeMs: 0, notAfterMs: 1000, publicKey: pair.publicKey, extensions },
      pair.privateKey,
    );
    expect(encode(readIssuer(der).subject)).toEqual(encode(name));
    expect(readIssuer(der).constraints).toEqual(encode(constraints));
    expect(readIssuer(certificate(0, 1000).raw).constraints).toBeUndefined();
    expect(() => readIssuer(encode(sequence(sequence())))).toThrow('not a certificate');
  });

  it('is written as PEM that Node reads, in lines of 64', () => {
    const x509 = certificate(0, 1000);
    expect(certificatePem(x509.raw)).toBe(x509.toString());
    const short = certificatePem(Buffer.alloc(48, 1));
    expect(short.split('\n')).toEqual(['-----BEGIN CERTIFICATE-----', 'AQEB'.repeat(16), '-----END CERTIFICATE-----', '']);
  });

  it('of a CA says in critical extensions that it signs leaves, and nothing else', () => {
    const found = caExtensions(pair.publicKey, sequence()).map((e) => encode(e).toString('hex'));
    const id = keyIdentifier(pair.publicKey).toString('hex');
    expect(found).toEqual([
      '30120603551d130101ff040830060101ff020100',
      '300e0603551d0f0101ff040403020204',
      `301d0603551d0e04160414${id}`,
      `301f0603551d23041830168014${id}`,
      '300c0603551d1e0101ff04023000',
    ]);
  });

  it('of a server is for servers, is no CA, and names the key of its issuer and its own', () => {
    const issuerId = Buffer.alloc(20, 9);
    const found = serverExtensions(pair.publicKey, issuerId, [taggedBytes(2, Buffer.from('a.b'))]).map((e) => encode(e).toString('hex'));
    expect(found).toEqual([
      '300c0603551d130101ff04023000',
      '300e0603551d0f0101ff040403020780',
      '30130603551d25040c300a06082b06010505070301',
      `301d0603551d0e04160414${keyIdentifier(pair.publicKey).toString('hex')}`,
      `301f0603551d23041830168014${issuerId.toString('hex')}`,
      '300e0603551d11040730058203612e62',
    ]);
  });
});
