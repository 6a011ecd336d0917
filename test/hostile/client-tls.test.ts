// Checklist C36 to C40: whatever a client says inside its tunnel, it is served for the CONNECT name or refused, and nothing goes out in clear.
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ByteReader } from '../support/byte-reader.ts';
import { type Client, connectPlain, connectTlsTunnel, connectTunnel } from '../support/client.ts';
import { helloOf, intoRecords, u16, withExtensions } from '../support/hellos.ts';
import { hostileStage, VICTIM } from '../support/hostile-stage.ts';
import { headBytes, requestBytes } from '../support/http1.ts';

const stage = hostileStage();
const target = `${VICTIM}:443`;

function kept(client: Client): Client {
  onTestFinished(() => client.destroy());
  return client;
}
const tls = async (more: object) =>
  kept(await connectTlsTunnel(stage.daemon, target, { ca: stage.daemon.ca, alpn: ['http/1.1'], waitMs: 6_000, ...more }));
const tunnel = async () => kept(await connectTunnel(stage.daemon, target, { waitMs: 6_000 }));
const ask = (client: Client) => client.request('GET /x', ['Host', VICTIM]);
const seenUpstream = () => stage.secure.connections.map((c) => c.reader.received().length).reduce((a, b) => a + b, 0);

describe('SNI', () => {
  test('none: served for the CONNECT name', async () => {
    const client = await tls({ serverName: false });
    expect((await ask(client)).status).toBe(200);
    expect(stage.secure.connections.at(-1)!.hello?.serverName).toBe(VICTIM);
  });

  test('in capitals: the same name', async () => {
    expect((await ask(await tls({ serverName: VICTIM.toUpperCase(), checkName: VICTIM }))).status).toBe(200);
  });

  test('with its port, as a Go program sends it: the same name', async () => {
    const client = await tls({ serverName: `${VICTIM}:443`, checkName: VICTIM });
    expect((await ask(client)).status).toBe(200);
    expect(stage.secure.connections.at(-1)!.hello?.serverName).toBe(VICTIM);
  });

  test.each(['evil.example', `x.${VICTIM}`, `${VICTIM}.evil.example`, 'example.test', 'api.anthropic.com', 'localhost'])(
    'another (%s): the certificate is for the CONNECT name, each request is refused, upstream hears nothing',
    async (serverName) => {
      const before = seenUpstream();
      const connections = stage.secure.connections.length;
      const client = await tls({ serverName, checkName: VICTIM });
      await client.write(requestBytes('POST /x', ['Host', VICTIM, 'Authorization', 'Bearer x'], 'hello'));
      expect((await client.reply()).status).toBe(421);
      await client.reader.rest();
      const again = await tls({ serverName, checkName: VICTIM });
      expect((await again.request('GET /x', ['Host', serverName])).status).toBe(421);
      expect(seenUpstream()).toBe(before);
      expect(stage.secure.connections.length).toBe(connections);
      await stage.others('tunnel');
    },
  );
});

const HELLO = helloOf({ servername: VICTIM, ALPNProtocols: ['http/1.1'] });
const withNames = (...names: readonly (readonly [number, string])[]) =>
  withExtensions(HELLO, (all) =>
    all.map(([id, data]) => {
      if (id !== 0) return [id, data];
      const list = Buffer.concat(
        names.map(([type, name]) => Buffer.concat([Buffer.from([type]), u16(name.length), Buffer.from(name, 'latin1')])),
      );
      return [0, Buffer.concat([u16(list.length), list])];
    }),
  );

describe('refused, and upstream hears nothing', () => {
  test.each([
    ['a NUL in the name', withNames([0, `${VICTIM}\0.evil.example`])],
    ['a dot behind the name', withNames([0, `${VICTIM}.`])],
    ['a port of letters in the name', withNames([0, `${VICTIM}:https`])],
    ['an address in brackets', withNames([0, '[::1]'])],
    ['a blank in the name', withNames([0, `${VICTIM} `])],
    ['CR LF in the name', withNames([0, `${VICTIM}\r\nX: y`])],
    ['a path in the name', withNames([0, `../${VICTIM}`])],
    ['no name in the list', withNames()],
    ['an empty name', withNames([0, ''])],
    ['two names', withNames([0, VICTIM], [0, 'evil.example'])],
    ['the same name twice', withNames([0, VICTIM], [0, VICTIM])],
    ['a name of another type', withNames([1, VICTIM])],
    ['the extension twice', withExtensions(HELLO, (all) => all.flatMap((e) => (e[0] === 0 ? [e, e] : [e])))],
    ['a length that lies', Buffer.concat([HELLO.subarray(0, 43), Buffer.from([0xff]), HELLO.subarray(44)])],
    ['a hello of version 2', Buffer.concat([HELLO.subarray(0, 9), Buffer.from([2, 0]), HELLO.subarray(11)])],
    ['a hello of SSL 2.0', Buffer.from([0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80])],
    ['a ServerHello', Buffer.concat([HELLO.subarray(0, 5), Buffer.from([2]), HELLO.subarray(6)])],
    ['an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40])],
    ['application data', Buffer.from([23, 3, 3, 0, 5, 1, 2, 3, 4, 5])],
    ['a record of nothing', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 1, 0xff, 0xff, 1])],
    ['a hello of 16 MB', Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]), Buffer.alloc(200_000)])],
    ['HTTP in clear', headBytes('GET /x HTTP/1.1', ['Host', VICTIM])],
    ['a POST in clear', requestBytes('POST /x', ['Host', VICTIM, 'Authorization', 'Bearer x'], 'hello')],
    ['an absolute target in clear', headBytes(`GET http://${VICTIM}/x HTTP/1.1`, ['Host', VICTIM])],
    ['CONNECT in clear', headBytes(`CONNECT ${VICTIM}:443 HTTP/1.1`, ['Host', VICTIM])],
    ['the HTTP/2 preface in clear', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.9\r\n')],
    ['SMTP', Buffer.from('EHLO x\r\n')],
    ['noughts', Buffer.alloc(300)],
  ])('%s', async (_name, bytes) => {
    const before = seenUpstream();
    const client = await tunnel();
    await client.write(bytes);
    const said = (await client.reader.rest()).toString('latin1');
    expect(said).not.toContain(' 200 ');
    expect(seenUpstream()).toBe(before);
    await stage.others('tunnel');
  });

  test.each([
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['suites without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES256-GCM-SHA384:@SECLEVEL=0' }],
    ['CBC suites', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES256-SHA384:@SECLEVEL=0' }],
    ['anonymous suites', { maxVersion: 'TLSv1.2', ciphers: 'aNULL:@SECLEVEL=0' }],
    ['NULL suites', { maxVersion: 'TLSv1.2', ciphers: 'eNULL:@SECLEVEL=0' }],
  ] as [string, ConnectionOptions][])('the handshake: %s', async (_name, options) => {
    await expect(tls({ tls: options })).rejects.toThrow();
    await stage.others('tunnel');
  });
});

describe('a hello that comes as it likes', () => {
  test.each([1, 2, 5, 100])('in writes of %s bytes', async (fragmentBytes) => {
    const client = await tls({ fragmentBytes });
    expect((await ask(client)).body.toString()).toBe('GET /x ');
  });

  test.each([1, 4, 64, 300])('in TLS records of %s bytes', async (size) => {
    const client = await tunnel();
    client.reader.detach();
    const socket = connectTls({
      socket: cutFirst(client.stream, size),
      ca: stage.daemon.ca,
      servername: VICTIM,
      ALPNProtocols: ['http/1.1'],
    });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect');
    socket.write(headBytes('GET /x HTTP/1.1', ['Host', VICTIM]));
    expect(await new ByteReader(socket).until('GET /x ')).toBeDefined();
  });

  test('in one write with its CONNECT', async () => {
    const client = kept(await connectPlain(stage.daemon, { waitMs: 6_000 }));
    await client.write(Buffer.concat([headBytes(`CONNECT ${target} HTTP/1.1`, ['Host', target]), HELLO]));
    expect((await client.reader.until('\r\n\r\n'))?.toString()).toMatch(/^HTTP\/1\.1 200 /);
    // A ServerHello in a handshake record.
    expect([...(await client.reader.exactly(6))].filter((_, i) => i === 0 || i === 5)).toEqual([22, 2]);
  });

  test.each([0, 1, 5, 6, 50])('cut off behind %s bytes', async (length) => {
    const before = seenUpstream();
    const client = await tunnel();
    await client.write(HELLO.subarray(0, length));
    client.end();
    await client.reader.rest();
    expect(seenUpstream()).toBe(before);
    await stage.others('tunnel');
  });

  test('no application protocol at all is HTTP/1.1', async () => {
    expect((await ask(await tls({ alpn: undefined }))).status).toBe(200);
  });

  test('an application protocol nobody speaks is refused or not agreed', async () => {
    const client = await tls({ alpn: ['spdy/3'] }).catch(() => undefined);
    expect(client?.tls?.alpnProtocol || undefined).toBeUndefined();
    await stage.others('tunnel');
  });
});

/** The first write, which is the hello, leaves in records of `size` bytes. */
function cutFirst(under: Duplex, size: number): Duplex {
  let first = true;
  const over = new Duplex({
    read: () => void under.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      under.write(first ? intoRecords(chunk, [size]) : chunk, done);
      first = false;
    },
  });
  under.on('data', (chunk: Buffer) => over.push(chunk));
  under.on('end', () => over.push(null));
  under.resume();
  return over;
}
