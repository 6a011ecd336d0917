import { Readable } from 'node:stream';
import { calculateJa3, calculateJa4, readTlsClientHello } from 'read-tls-client-hello';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { isGrease, MAX_HELLO_BYTES, readHello } from '../../../../src/proxy/ingress/hello.ts';
import { HELLOS, helloOf, intoRecords, record, u16, withExtensions } from '../../../support/hellos.ts';

const refusal = (bytes: Buffer): string => {
  try {
    readHello(bytes);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Fault);
    expect((thrown as Fault).code).toBe('not-tls');
    return (thrown as Fault).detail ?? '';
  }
  throw new Error('not refused');
};
const sniOf = (name: string) =>
  withExtensions(HELLOS.claudeCode, (all) => all.map(([id, data]) => [id, id === 0 ? serverNames(name) : data]));
const serverNames = (...names: string[]) => {
  const list = Buffer.concat(names.map((n) => Buffer.concat([Buffer.from([0]), u16(n.length), Buffer.from(n, 'latin1')])));
  return Buffer.concat([u16(list.length), list]);
};

describe('readHello', () => {
  test.each(Object.entries(HELLOS))('agrees with read-tls-client-hello about %s', async (_name, raw) => {
    const theirs = await readTlsClientHello(Readable.from([raw], { objectMode: false }));
    const hello = readHello(raw)!;
    expect(hello.ja4).toBe(calculateJa4(theirs));
    expect(hello.ja3.hash).toBe(calculateJa3(theirs));
    expect(hello.parsed.extensions.map(({ id, data }) => ({ id, data }))).toEqual(theirs.extensions);
    expect({ ...hello.parsed, extensions: [] }).toEqual({ ...theirs, extensions: [] });
    expect(hello.raw).toEqual(raw);
  });

  // The values of the study of the real clients; they change when a client changes its TLS stack.
  test.each([
    ['claudeCode', 't13d1713h1_5b57614c22b0_7f527383e249', '1523504b38f0fae0d881d4b6554aac1b'],
    ['claudeCodeHttps', 't13d181000_5d04281c6031_25d8bb11352d', '5355e3851d76d069ab8a98fdb51cf1b4'],
    ['opencode', 't13d1714h1_5b57614c22b0_43ade6aba3df', 'd871d02cecbde59abbf8f4806134addf'],
    ['codex', 't13d1011h2_61a7ad8aa9b6_0d308c48d2a3', undefined],
    ['codexWebSocket', 't13d101000_61a7ad8aa9b6_0d308c48d2a3', undefined],
    ['copilot', 't13d3012h1_1d37bd780c83_8e6e362c5eac', 'bb4bfd0ec15f5be2c4225880b93a8b18'],
    ['node24', 't13d5212h1_b262b3658495_8e6e362c5eac', 'd67b094811e5145139d7cea5f014309f'],
  ] as const)('knows %s by its fingerprints', (name, ja4, ja3) => {
    const hello = readHello(HELLOS[name])!;
    expect(hello.ja4).toBe(ja4);
    if (ja3) expect(hello.ja3.hash).toBe(ja3);
  });

  test('says what it read', () => {
    const hello = readHello(HELLOS.claudeCode)!;
    expect(hello).toMatchObject({
      sni: 'api.anthropic.com',
      alpn: ['http/1.1'],
      groups: [4588, 29, 23, 24],
      keyShareGroups: [4588, 29],
      pointFormats: [0],
      versions: [0x0304, 0x0303],
      offersTls13: true,
      resumes: false,
    });
    expect(hello.signatureAlgorithms[0]).toBe(0x0403);
    expect(hello.ja3.text).toMatch(/^771,4865-4866-4867-.*,0-23-65281-10-11-35-16-5-13-18-51-45-43,4588-29-23-24,0$/);
  });

  test('reads a hello of Node itself, without ALPN and SNI, and one of TLS 1.2', () => {
    expect(readHello(helloOf({}))).toMatchObject({ sni: undefined, alpn: [], offersTls13: true });
    const old = readHello(helloOf({ maxVersion: 'TLSv1.2', servername: 'Api.Vendor.Example', ALPNProtocols: ['h2', 'http/1.1'] }))!;
    expect(old).toMatchObject({
      sni: 'api.vendor.example',
      alpn: ['h2', 'http/1.1'],
      offersTls13: false,
      versions: [0x0303],
      keyShareGroups: [],
    });
  });

  test('reads a hello without extensions', () => {
    const body = Buffer.concat([u16(0x0303), Buffer.alloc(32), Buffer.from([0]), u16(2), u16(0xc02f), Buffer.from([1, 0])]);
    expect(readHello(record(body))).toMatchObject({ sni: undefined, versions: [0x0303], extensions: [] });
  });

  test('leaves what follows the hello alone', () => {
    const next = Buffer.from([20, 3, 3, 0, 1, 1]);
    expect(readHello(Buffer.concat([HELLOS.codex, next]))!.raw).toEqual(HELLOS.codex);
  });

  test('keeps the raw bytes of every record of a hello that came in many', () => {
    const cut = intoRecords(HELLOS.copilot, [1, 2, 400]);
    const hello = readHello(cut)!;
    expect(hello.raw).toEqual(cut);
    expect(hello.ja4).toBe(readHello(HELLOS.copilot)!.ja4);
  });

  test('says when the client resumes a session', () => {
    const add = (id: number, data: Buffer) => withExtensions(HELLOS.node24, (all) => [...all.filter((e) => e[0] !== id), [id, data]]);
    expect(readHello(add(41, Buffer.alloc(20)))!.resumes).toBe(true);
    expect(readHello(add(35, Buffer.alloc(9)))!.resumes).toBe(true);
    expect(readHello(add(35, Buffer.alloc(0)))!.resumes).toBe(false);
  });

  test('takes an IPv4 address as a server name, as some clients send it', () => {
    expect(readHello(sniOf('127.0.0.1'))!.sni).toBe('127.0.0.1');
  });

  test('takes a name with its port, as Go programs send it that hand over the whole authority', () => {
    expect(readHello(sniOf('api.test:8443'))!.sni).toBe('api.test');
  });

  test.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'not a TLS handshake'],
    ['one byte of SSH', Buffer.from('S'), 'not a TLS handshake'],
    ['an alert', Buffer.from([21, 3, 1, 0, 2, 2, 40]), 'not a TLS handshake'],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 3, 1]), 'not a TLS handshake'],
    ['another record version', Buffer.from([22, 2]), 'unknown record version'],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0]), 'record of a wrong size'],
    ['an oversized record', Buffer.from([22, 3, 1, 0x40, 1]), 'record of a wrong size'],
    ['a ServerHello', Buffer.from([22, 3, 1, 0, 4, 2]), 'not a ClientHello'],
    [
      'another record in between',
      Buffer.concat([intoRecords(HELLOS.codex, [100]).subarray(0, 105), Buffer.from([23, 3, 3, 0, 1, 0])]),
      'not a TLS handshake',
    ],
    ['a hello of 64 KiB', Buffer.from([22, 3, 1, 1, 0, 1, 1, 0, 0]), 'ClientHello too large'],
    ['bytes behind the hello in its record', extraByte(HELLOS.codex), 'bytes behind the ClientHello in its record'],
    ['a cut body', record(HELLOS.codex.subarray(9, 300)), 'malformed ClientHello'],
    ['no cipher suites', record(Buffer.concat([u16(0x0303), Buffer.alloc(33), u16(0), Buffer.from([1, 0])])), 'malformed ClientHello'],
    [
      'half a cipher suite',
      record(Buffer.concat([u16(0x0303), Buffer.alloc(33), u16(3), Buffer.alloc(3), Buffer.from([1, 0])])),
      'malformed list',
    ],
    ['the same extension twice', withExtensions(HELLOS.codex, (all) => [...all, all[3]!]), 'an extension twice'],
    [
      'two server names',
      withExtensions(HELLOS.codex, (all) => all.map(([id, d]) => [id, id === 0 ? serverNames('a.test', 'b.test') : d])),
      'two server names',
    ],
    [
      'no name in the list',
      withExtensions(HELLOS.codex, (all) => all.map(([id, d]) => [id, id === 0 ? u16(0) : d])),
      'malformed server name',
    ],
    ['a NUL in the name', sniOf('api.test\0.evil.test'), 'malformed server name'],
    ['a port that is none', sniOf('api.test:https'), 'malformed server name'],
    ['a trailing dot', sniOf('api.test.'), 'malformed server name'],
    [
      'an ALPN list that does not fill its extension',
      withExtensions(HELLOS.codex, (all) => all.map(([id, d]) => [id, id === 16 ? Buffer.concat([d, d]) : d])),
      'malformed extension',
    ],
  ])('refuses %s', (_name, bytes, words) => {
    expect(refusal(bytes)).toBe(words);
  });

  test('gives up after 64 KiB of tiny records', () => {
    const huge = record(Buffer.alloc(60_000));
    expect(refusal(intoRecords(huge, [1]).subarray(0, MAX_HELLO_BYTES + 1))).toBe('ClientHello too large');
    expect(readHello(intoRecords(huge, [1]).subarray(0, MAX_HELLO_BYTES - 10))).toBeUndefined();
  });

  test('knows GREASE', () => {
    expect([0x0a0a, 0xfafa, 0x0a1a, 0x1301].map(isGrease)).toEqual([true, true, false, false]);
  });
});

function extraByte(raw: Buffer): Buffer {
  const out = Buffer.concat([raw, Buffer.from([0])]);
  out.writeUInt16BE(raw.length - 5 + 1, 3);
  return out;
}
