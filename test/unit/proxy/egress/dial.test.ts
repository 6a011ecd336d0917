import { getDiffieHellman } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type tls from 'node:tls';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import { Fault } from '../../../../src/fault.ts';
import { type Dialled, type DialOptions, dial } from '../../../../src/proxy/egress/dial.ts';
import { openMirror } from '../../../../src/proxy/egress/mirror.ts';
import { openTrust } from '../../../../src/proxy/egress/trust.ts';
import { readHello } from '../../../../src/proxy/ingress/hello.ts';
import { HELLOS, helloOf, withExtensions } from '../../../support/hellos.ts';
import { badChains, chainPem, issue, ocspReply, type Party, USAGE } from '../../../support/pki.ts';
import { startTlsOrigin, type TlsOrigin } from '../../../support/tls-origin.ts';

const HOST = 'api.vendor.example';
const root = issue({ name: 'root of the tests', ca: true });
const good = issue({ names: [HOST, 'ip:127.0.0.1'], issuer: root });
const folder = mkdtempSync(join(tmpdir(), 'dial-'));
const rootFile = join(folder, 'root.pem');
writeFileSync(rootFile, root.pem);
const trust = openTrust({ extraCaFiles: [rootFile], ownCa: () => '' });
afterAll(() => rmSync(folder, { recursive: true }));

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});
const origin = async (party: { cert: string; keyPem: string } | Party, options: tls.TlsOptions = {}): Promise<TlsOrigin> => {
  const started = await startTlsOrigin({ cert: 'pem' in party ? party.pem : party.cert, key: party.keyPem, ...options });
  open.push(() => started.close());
  return started;
};
type Client = Buffer | undefined;
const reach = async (to: TlsOrigin, client: Client, more: Partial<DialOptions> = {}): Promise<Dialled> => {
  const hello = client && readHello(client);
  const done = await dial({
    socket: await to.connect(),
    authority: parseAuthority(`${HOST}:443`),
    hello,
    trust,
    timeoutMs: 5_000,
    ...more,
  });
  open.push(() => done.socket.destroy());
  return done;
};
const refusal = async (attempt: Promise<Dialled>): Promise<Fault> => {
  const thrown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(Fault);
  return thrown as Fault;
};

// What the two security levels do is different code in OpenSSL, so every case runs on both, and on the engine without mirroring.
const COLUMNS: [string, Client, Partial<DialOptions>][] = [
  ['secure', HELLOS.copilot, {}],
  ['lowered for 00ff', HELLOS.codex, {}],
  ['lowered for 00ff, curl', HELLOS.curl, {}],
  ['plain', undefined, {}],
  ['plain, for a client with 00ff', HELLOS.codex, { mirror: openMirror(trust, undefined) }],
];

describe.each(COLUMNS)('certificates, %s', (_column, client, more) => {
  test('a sound one is accepted', async () => {
    const to = await origin(good);
    const arrives = new Promise((resolve) =>
      to.server.once('secureConnection', (peer) => peer.once('data', (chunk) => resolve(String(chunk)))),
    );
    const { socket, version, cipher, alpn } = await reach(to, client, more);
    expect({ version, cipher }).toEqual({ version: 'TLSv1.3', cipher: expect.stringMatching(/^TLS_/) });
    expect(alpn).toBe(client === HELLOS.codex || client === HELLOS.curl ? 'h2' : 'http/1.1');
    expect(socket.authorized).toBe(true);
    socket.write('hello');
    expect(await arrives).toBe('hello');
  });

  test.each([
    ['RSA 2048 under an intermediate', { key: 'rsa2048', names: [HOST] }, { key: 'rsa2048' }],
    ['Ed25519', { key: 'ed25519', names: [HOST] }, {}],
    ['P-384 and SHA-384', { key: 'p384', names: [HOST] }, { hash: 'sha384' }],
    ['PSS with SHA-256', { names: [HOST], hash: 'pss-sha256' }, { key: 'rsa2048' }],
    ['a wildcard for the first label', { names: ['*.vendor.example'] }, {}],
    ['a name in other case', { names: ['API.Vendor.EXAMPLE'] }, {}],
  ] as const)('%s is accepted', async (_name, leaf, middle) => {
    const between = issue({ name: 'middle', issuer: root, ca: true, as: 'middle', ...middle });
    const party = issue({ issuer: between, ...leaf });
    const to = await origin({ cert: chainPem(party, between), keyPem: party.keyPem });
    expect((await reach(to, client, more)).version).toBe('TLSv1.3');
  });

  test.each(badChains(HOST, root).map((bad) => [bad.name, bad] as const))('%s is refused', async (_name, bad) => {
    const to = await origin(bad);
    const socket = await to.connect();
    const fault = await refusal(
      dial({ socket, authority: parseAuthority(`${HOST}:443`), hello: client && readHello(client), trust, ...more }),
    );
    expect(fault.code).toBe('upstream-untrusted');
    expect(fault.detail).toMatch(bad.says);
    expect(to.data()).toHaveLength(0);
    await to.idle();
    expect(socket.destroyed).toBe(true);
  });

  // OpenSSL takes the first issuer that is valid now, Node shows the first of that name and key: at the lowered level the one that was
  // judged, strong but expired, was not the one that was used, signed with SHA-1.
  test('an intermediate signed with SHA-1 is refused behind its expired sound double', async () => {
    const double = { name: 'middle', issuer: root, ca: true, as: 'middle' } as const;
    const expired = issue({ ...double, fromDays: -90, toDays: -1 });
    const weak = issue({ ...double, hash: 'sha1' });
    const party = issue({ names: [HOST], issuer: weak });
    const to = await origin({ cert: chainPem(party, expired, weak), keyPem: party.keyPem });
    expect((await refusal(reach(to, client, more))).code).toBe('upstream-untrusted');
    expect(to.data()).toHaveLength(0);
  });

  test.each(['SHA-1', 'RSA 1024', 'SHA-1 in the intermediate', 'expired', 'another host'])(
    '%s is refused over TLS 1.2 as well',
    async (name) => {
      const to = await origin(badChains(HOST, root).find((bad) => bad.name === name)!, { maxVersion: 'TLSv1.2' });
      expect((await refusal(reach(to, client, more))).code).toBe('upstream-untrusted');
    },
  );

  test('our own CA is no root, though it is installed', async () => {
    const aware = openTrust({ extraCaFiles: [rootFile], ownCa: () => root.pem });
    const fault = await refusal(reach(await origin(good), client, { trust: aware }));
    expect(fault).toMatchObject({ code: 'upstream-untrusted', detail: expect.stringMatching(/^unknown issuer/) });
  });

  test('our own CA is no intermediate either', async () => {
    const own = issue({ name: 'our own', ca: true, as: 'own' });
    const crossed = issue({ name: 'our own', ca: true, as: 'own', issuer: root });
    const leaf = issue({ names: [HOST], issuer: crossed });
    const aware = openTrust({ extraCaFiles: [rootFile], ownCa: () => own.pem });
    const to = await origin({ cert: chainPem(leaf, crossed), keyPem: leaf.keyPem });
    const fault = await refusal(reach(to, client, { trust: aware }));
    expect(fault).toMatchObject({ code: 'upstream-untrusted', detail: 'issued by this proxy itself' });
  });

  test('one that turns bad is refused on the next connection: nothing is resumed', async () => {
    const to = await origin(good);
    for (let i = 0; i < 3; i++) {
      const { socket } = await reach(to, client, more);
      // A ticket arrives with the first data; wait for it so that there would be something to resume.
      await new Promise((resolve) => socket.once('session', resolve));
    }
    expect(to.resumed).toBe(0);
    const expired = issue({ names: [HOST], issuer: root, fromDays: -9, toDays: -1 });
    to.server.setSecureContext({ cert: expired.pem, key: expired.keyPem });
    expect((await refusal(reach(to, client, more))).detail).toBe('certificate has expired');
  });

  test('an address is matched against addresses in the certificate, and sent as no server name', async () => {
    const to = await origin(good);
    await reach(to, client, { ...more, authority: parseAuthority('127.0.0.1:443') });
    expect(readHello(to.hellos[0]!)!.sni).toBeUndefined();
    const other = await refusal(reach(to, client, { ...more, authority: parseAuthority('127.0.0.2:443') }));
    expect(other.detail).toBe('name does not match');
  });
});

test("Node's own switch for accepting anything changes nothing", async () => {
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  open.push(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  });
  const expired = issue({ names: [HOST], issuer: root, fromDays: -9, toDays: -1 });
  for (const client of [HELLOS.copilot, HELLOS.codex, undefined]) {
    expect((await refusal(reach(await origin(expired), client))).detail).toBe('certificate has expired');
  }
});

describe('stapled OCSP replies', () => {
  const leaf = issue({ names: [HOST], issuer: root, mustStaple: true });
  const responder = issue({ name: 'responder', issuer: root, usages: [USAGE.ocsp], as: 'responder' });
  const stranger = issue({ name: 'stranger', as: 'stranger', ca: true });
  const with_ = async (party: Party, reply: Buffer) => {
    const to = await origin(party);
    to.server.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, reply));
    return reach(to, HELLOS.claudeCode);
  };

  test('a current good one satisfies must-staple, whether the CA or its responder signed it', async () => {
    await with_(leaf, ocspReply(leaf, root, 'good'));
    await with_(leaf, ocspReply(leaf, root, 'good', { signer: responder, send: [responder] }));
  });

  test.each([
    ['revoked', ocspReply(leaf, root, 'revoked'), /has been revoked/],
    ['unknown', ocspReply(leaf, root, 'unknown'), /no sound one/],
    ['out of date', ocspReply(leaf, root, 'good', { fromDays: -9, toDays: -2 }), /no sound one/],
    ['from the future', ocspReply(leaf, root, 'good', { fromDays: 2 }), /no sound one/],
    ['signed by somebody else', ocspReply(leaf, root, 'good', { signer: stranger, send: [stranger] }), /no sound one/],
    ['signed by a leaf that is no responder', ocspReply(leaf, root, 'good', { signer: good, send: [good] }), /no sound one/],
    ['about another certificate', ocspReply(good, root, 'good'), /no sound one/],
    ['of another CA', ocspReply(leaf, stranger, 'good'), /no sound one/],
    ['garbage', Buffer.from('3003020101', 'hex'), /no sound one/],
  ])('%s is refused', async (_name, reply, says) => {
    const fault = await refusal(with_(leaf, reply));
    expect(fault.code).toBe('upstream-untrusted');
    expect(fault.detail).toMatch(says);
  });

  test('revoked is refused without must-staple too, garbage is not', async () => {
    const fault = await refusal(with_(good, ocspReply(good, root, 'revoked')));
    expect(fault.detail).toBe('certificate has been revoked');
    await with_(good, Buffer.from('nonsense'));
  });
});

describe('handshakes', () => {
  const rsa = issue({ names: [HOST], issuer: root, key: 'rsa2048' });
  const old = (options: tls.TlsOptions) => origin(rsa, { maxVersion: 'TLSv1.2', ...options });
  const dh = (group: string) => {
    const prime = getDiffieHellman(group).getPrime();
    const int = (b: Buffer) => Buffer.concat([Buffer.from([2, 0x82, (b.length + 1) >> 8, (b.length + 1) & 255, 0]), b]);
    const body = Buffer.concat([int(prime), Buffer.from([2, 1, 2])]);
    const der = Buffer.concat([Buffer.from([0x30, 0x82, body.length >> 8, body.length & 255]), body]);
    return `-----BEGIN DH PARAMETERS-----\n${der.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END DH PARAMETERS-----\n`;
  };

  test.each([
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }],
    ['no encryption', { ciphers: 'eNULL:@SECLEVEL=0' }],
    ['no authentication', { ciphers: 'aNULL:@SECLEVEL=0' }],
    ['a 1024-bit Diffie-Hellman group', { ciphers: 'DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0', dhparam: dh('modp2') }],
    ['a handshake signed with SHA-1', { sigalgs: 'RSA+SHA1' }],
  ] as const)('%s is refused', async (_name, options) => {
    for (const client of [HELLOS.copilot, HELLOS.node24, HELLOS.claudeCode, HELLOS.curl, HELLOS.codex, undefined]) {
      expect((await refusal(reach(await old(options as tls.TlsOptions), client))).code).toBe('upstream-tls');
    }
  });

  test.each(['AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA', 'ECDHE-RSA-AES256-SHA384'])(
    "at the lowered level %s is refused, at the other it is the client's choice",
    async (ciphers) => {
      const to = await old({ ciphers: `${ciphers}:@SECLEVEL=0` });
      expect(await refusal(reach(to, HELLOS.curl))).toMatchObject({ code: 'upstream-tls', detail: 'cipher suite too weak' });
      expect((await reach(to, HELLOS.node24)).version).toBe('TLSv1.2');
    },
  );

  test('TLS 1.2 with ECDHE and AEAD is fine at both levels', async () => {
    const to = await old({});
    for (const client of [HELLOS.curl, HELLOS.codex, HELLOS.copilot]) {
      expect(await reach(to, client)).toMatchObject({
        version: 'TLSv1.2',
        cipher: expect.stringMatching(/^TLS_ECDHE_RSA_WITH_(AES|CHACHA)/),
      });
    }
  });

  // At the lowered level the suites of ChaCha20, whose name begins where that of AES has its key length, were too weak: Codex and curl
  // got a 502 from every TLS 1.2 upstream that prefers them.
  test.each([
    ['ECDHE-RSA-AES128-GCM-SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
    ['ECDHE-RSA-AES256-GCM-SHA384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
    ['ECDHE-RSA-CHACHA20-POLY1305', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
    ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
    ['ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
    ['ECDHE-ECDSA-CHACHA20-POLY1305', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
  ])('at both levels %s is fine', async (ciphers, cipher) => {
    const to = await origin(ciphers.includes('-RSA-') ? rsa : good, { maxVersion: 'TLSv1.2', ciphers });
    for (const client of [HELLOS.curl, HELLOS.codex, HELLOS.copilot]) expect((await reach(to, client)).cipher).toBe(cipher);
  });

  test('a large Diffie-Hellman group is accepted where the client offers it', async () => {
    const to = await old({ ciphers: 'DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0', dhparam: dh('modp14') });
    expect((await reach(to, HELLOS.copilot)).cipher).toBe('TLS_DHE_RSA_WITH_AES_128_GCM_SHA256');
  });

  test('a client that speaks only TLS 1.3 is not served over 1.2, one that speaks only 1.2 is not shown 1.3', async () => {
    const modern = helloOf({ minVersion: 'TLSv1.3', servername: HOST });
    expect((await refusal(reach(await old({}), modern))).code).toBe('upstream-tls');
    const plain = await refusal(reach(await old({}), modern, { mirror: openMirror(trust, undefined) }));
    expect(plain).toMatchObject({ code: 'upstream-tls', detail: 'TLS version too old' });
    const dated = helloOf({ maxVersion: 'TLSv1.2', servername: HOST });
    const to = await origin(good);
    expect((await reach(to, dated)).version).toBe('TLSv1.2');
    expect(readHello(to.hellos[0]!)!.versions).toEqual([0x0303]);
  });

  test('takes the protocol upstream chose, or none', async () => {
    expect((await reach(await origin(good, { ALPNProtocols: ['http/1.1'] }), HELLOS.codex)).alpn).toBe('http/1.1');
    expect((await reach(await origin(good, { ALPNProtocols: ['h2'] }), HELLOS.codex)).alpn).toBe('h2');
    expect((await reach(await origin(good, { ALPNProtocols: [] }), HELLOS.codex)).alpn).toBeUndefined();
    expect((await reach(await origin(good), HELLOS.codexWebSocket)).alpn).toBeUndefined();
  });

  test('data that came with the handshake is there for the caller, and errors later end nothing', async () => {
    const to = await origin(good);
    to.server.on('secureConnection', (socket) => socket.write('settings'));
    const { socket } = await reach(to, HELLOS.codex);
    const first = await new Promise((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
    expect(first).toBe('settings');
    socket.destroy(new Error('later'));
    await new Promise((resolve) => socket.once('close', resolve));
    await to.idle();
  });
});

describe('ends', () => {
  const silent = async (talk: (socket: net.Socket) => void = () => undefined) => {
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      talk(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(() => {
      for (const s of sockets) s.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    return { socket, sockets };
  };
  const start = (socket: net.Socket, more: Partial<DialOptions> = {}) =>
    dial({ socket, authority: parseAuthority(`${HOST}:443`), hello: readHello(HELLOS.codex), trust, ...more });

  test('a silent upstream ends at the limit', async () => {
    const { socket } = await silent();
    const fault = await refusal(start(socket, { timeoutMs: 40 }));
    expect(fault).toMatchObject({ code: 'upstream-tls', detail: 'no handshake within 0.04 s', status: 502 });
    expect(socket.destroyed).toBe(true);
  });

  test('an abort ends it at once, with the reason when that is a Fault', async () => {
    const arrived: (() => void)[] = [];
    const { socket, sockets } = await silent((s) => s.once('data', () => arrived.shift()?.()));
    const abort = new AbortController();
    const first = new Promise<void>((resolve) => arrived.push(resolve));
    const attempt = refusal(start(socket, { signal: abort.signal }));
    await first;
    const gone = new Promise((resolve) => sockets[0]!.once('close', resolve));
    abort.abort(new Fault('draining'));
    expect((await attempt).code).toBe('draining');
    await gone;

    const late = await silent();
    expect((await refusal(start(late.socket, { signal: AbortSignal.abort() }))).code).toBe('client-gone');
    expect(late.socket.destroyed).toBe(true);
  });

  test('the limit is for the handshake alone', async () => {
    const to = await origin(good);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    open.push(() => vi.useRealTimers());
    const { socket } = await reach(to, HELLOS.codex);
    vi.advanceTimersByTime(60_000);
    expect(socket.destroyed).toBe(false);
  });

  test('a signal that is not used leaves no listener behind', async () => {
    const abort = new AbortController();
    const to = await origin(good);
    const { socket } = await reach(to, HELLOS.codex, { signal: abort.signal });
    abort.abort();
    expect(socket.destroyed).toBe(false);
  });

  test.each([
    ['closes', (s: net.Socket) => s.once('data', () => s.end()), 'closed during the handshake'],
    ['resets', (s: net.Socket) => s.once('data', () => s.resetAndDestroy()), 'closed during the handshake'],
    ['speaks HTTP', (s: net.Socket) => s.end('HTTP/1.1 400 Bad Request\r\n\r\n'), 'the answer was not TLS'],
  ])('an upstream that %s', async (_name, talk, detail) => {
    const { socket } = await silent(talk);
    expect(await refusal(start(socket))).toMatchObject({ code: 'upstream-tls', detail });
    expect(socket.destroyed).toBe(true);
  });

  test('a carrier that is already gone', async () => {
    const { socket } = await silent();
    socket.destroy();
    await new Promise((resolve) => socket.once('close', resolve));
    expect((await refusal(start(socket))).code).toBe('upstream-tls');
  });
});

describe('equality', () => {
  test.each([
    ['claudeCode', 'ja4'],
    ['claudeCodeHttps', 'ja4'],
    ['codex', 'ja4'],
    ['codexAgain', 'ja4'],
    ['codexWebSocket', 'ja4'],
    ['opencode', 'ja4'],
    ['copilot', 'exact'],
    ['copilotHttp2', 'exact'],
    ['node24', 'exact'],
    ['curl', 'ja4'],
    ['git', 'partial'],
  ] as const)('%s is %s, and what is said was really sent', async (name, grade) => {
    const to = await origin(good);
    const { equality } = await reach(to, HELLOS[name]);
    const arrived = readHello(to.hellos[0]!)!;
    const client = readHello(HELLOS[name])!;
    expect(equality).toMatchObject({
      grade,
      client: { ja3: client.ja3.hash, ja4: client.ja4 },
      upstream: { ja3: arrived.ja3.hash, ja4: arrived.ja4 },
    });
    expect(arrived.ja4 === client.ja4).toBe(grade !== 'partial');
    expect(arrived).toMatchObject({ sni: HOST, groups: client.groups, keyShareGroups: client.keyShareGroups });
    if (grade === 'exact') expect(arrived.ja3).toEqual(client.ja3);
    expect(equality.differs.length > 0).toBe(grade !== 'exact');
  });

  test('the second connection of a shape says the same as the first, in whatever order the client sends', async () => {
    const to = await origin(good);
    const first = await reach(to, HELLOS.codex);
    const second = await reach(to, HELLOS.codexAgain);
    expect(second.equality.upstream).toEqual(first.equality.upstream);
    expect(second.equality.client!.ja3).not.toBe(first.equality.client!.ja3);
    expect(second.equality.grade).toBe('ja4');
  });

  test('without a client there is nothing to compare', async () => {
    const { equality } = await reach(await origin(good), undefined);
    expect(equality).toMatchObject({ grade: 'none', client: undefined, differs: [] });
  });

  test('without the engine it says so, and JA4 is at most partial', async () => {
    const to = await origin(good);
    const { equality } = await reach(to, HELLOS.claudeCode, { mirror: openMirror(trust, undefined) });
    expect(equality.grade).toBe('partial');
    expect(equality.differs).toEqual(expect.arrayContaining(['cipher suites', 'not mirrored: sent as Node sends it']));
    expect(equality.upstream!.ja4).toBe(readHello(to.hellos[0]!)!.ja4);
  });

  test('protocols we cannot speak are not offered, and that is said', async () => {
    const more = withExtensions(HELLOS.node24, (all) =>
      all.map(([id, data]) => [id, id === 16 ? Buffer.from('\0\x10\x06spdy/3\x08http/1.1', 'latin1') : data]),
    );
    const to = await origin(good);
    const { alpn, equality } = await reach(to, more);
    expect(alpn).toBe('http/1.1');
    expect(equality.differs).toEqual(['application protocols']);
    expect(readHello(to.hellos[0]!)!.alpn).toEqual(['http/1.1']);
  });

  test("the client's resumption cannot be repeated, and that is said", async () => {
    const resuming = withExtensions(HELLOS.node24, (all) => [...all, [41, Buffer.alloc(12)]]);
    const { equality } = await reach(await origin(good), resuming);
    expect(equality.grade).toBe('partial');
    expect(equality.differs).toEqual(['extensions', 'session resumption']);
  });
});
