import { afterEach, describe, expect, test } from 'vitest';
import { makeTestAuthority } from '../../support/certificates.ts';
import { connectPlain, connectTlsDirect, connectTlsTunnel, connectTunnel } from '../../support/client.ts';
import { callH2, startH2 } from '../../support/h2-client.ts';
import { startH2Origin } from '../../support/h2-origin.ts';
import { chunk, headerOf, replyBytes, requestBytes } from '../../support/http1.ts';
import { type OriginConnection, startOrigin } from '../../support/origin.ts';
import { startRelay } from '../../support/relay.ts';
import { nextEvent } from '../../support/sse.ts';

const authority = makeTestAuthority();
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) await s.close();
});

async function origin(play: (c: OriginConnection) => unknown, alpn = ['http/1.1']) {
  const o = await startOrigin({ authority, alpn, play });
  open.push(o);
  return o;
}
const tls = { ca: authority.pem, alpn: ['http/1.1'] };

describe('a scripted origin and a raw client', () => {
  test('exact bytes both ways, any name, JA4 of the hello', async () => {
    const o = await origin(async (c) => {
      const q = await c.request();
      await c.write(replyBytes('200 Fine', ['X-Order', '1', 'x-order', '2'], q!.body));
    });
    const c = await connectTlsDirect(o, 'some.example.test', tls);
    const sent = requestBytes('POST /a?b=c', ['hOst', 'some.example.test', 'X-A', '1', 'x-a', '2'], 'body');
    await c.write(sent);
    const reply = await c.reply('POST');
    expect(reply.headers).toEqual(['X-Order', '1', 'x-order', '2', 'Content-Length', '4']);
    expect(`${reply.status} ${reply.reason} ${reply.body}`).toBe('200 Fine body');
    expect(o.connections[0]!.reader.received()).toEqual(sent);
    expect(o.connections[0]!.hello?.serverName).toBe('some.example.test');
    expect(o.connections[0]!.hello?.ja4).toMatch(/^t13d\d{4}h1_/);
    c.end();
  });

  test.each([
    ['end', 'fin', true, true],
    ['fin', 'fin', false, true],
    ['reset', 'reset', false, false],
  ] as const)('%s in the middle of a chunk is told apart', async (act, how, closeNotify, ends) => {
    const o = await origin(async (c) => {
      await c.request();
      await c.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('whole')}5\r\npar`);
      c[act]();
    });
    const c = await connectTlsDirect(o, 'a.test', tls);
    const reply = await c.request('GET /', ['Host', 'a.test']);
    expect({ complete: reply.complete, body: reply.body.toString() }).toEqual({
      complete: false,
      body: ends ? 'wholepar' : reply.body.toString(),
    });
    expect(await c.over).toEqual({ how, closeNotify });
  });

  test('the origin sees how the client left', async () => {
    // A reset that arrives while Node still writes its session tickets reads as an end: let one byte through first.
    const o = await origin((c) => c.write('.'));
    const a = await connectTlsDirect(o, 'a.test', tls);
    await a.reader.some();
    const first = await o.connection(1);
    a.reset();
    expect(await first.reader.ended).toMatchObject({ how: 'reset' });
    const b = await connectTlsDirect(o, 'a.test', tls);
    b.end();
    expect(await (await o.connection(2)).reader.ended).toEqual({ how: 'end' });
  });

  test('half-closed clients still get an answer', async () => {
    const o = await origin(async (c) => {
      await c.request();
      await c.reader.ended;
      await c.write(replyBytes('200 OK', [], 'late'));
      c.end();
    });
    const c = await connectTlsDirect(o, 'a.test', tls);
    await c.write(requestBytes('GET /', ['Host', 'a.test']));
    c.end();
    expect((await c.reply()).body.toString()).toBe('late');
  });

  test('no server name, no ALPN, hello in single bytes', async () => {
    const o = await origin((c) => c.write(replyBytes('200 OK')));
    const c = await connectTlsDirect(o, 'localhost', { ca: authority.pem, serverName: false, fragmentBytes: 1 });
    expect((await c.reply()).status).toBe(200);
    expect(o.connections[0]!.hello?.serverName).toBeUndefined();
    expect(o.connections[0]!.hello?.alpn).toEqual([]);
    expect(o.connections[0]!.hello?.bytes.length).toBeGreaterThan(200);
  });

  test('a wrong name or root is noticed, by both', async () => {
    const o = await origin(() => {});
    await expect(connectTlsDirect(o, 'a.test', { ...tls, checkName: 'b.test' })).rejects.toThrow('not b.test');
    await expect(connectTlsDirect(o, 'a.test', { ...tls, ca: makeTestAuthority().pem })).rejects.toThrow();
  });

  test('a mute origin never starts a handshake', async () => {
    const o = await startOrigin({ authority, mute: true, play: () => {} });
    open.push(o);
    await expect(connectTlsDirect(o, 'a.test', { ...tls, waitMs: 150 })).rejects.toThrow('timed out');
    expect(o.accepted()).toBe(1);
  });

  test('plain TCP, dripped', async () => {
    const o = await startOrigin({ play: (c) => c.drip(replyBytes('200 OK', [], 'drop by drop'), 5, 1) });
    open.push(o);
    const c = await connectPlain(o);
    expect((await c.reply()).body.toString()).toBe('drop by drop');
  });

  test('events of a chunked SSE reply come one by one', async () => {
    const o = await origin(async (c) => {
      await c.request();
      await c.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (const n of [1, 2]) {
        await c.write(chunk(`event: e\ndata: {"n":${n}}\n\n`));
        await c.request();
      }
      await c.write(chunk(''));
    });
    const c = await connectTlsDirect(o, 'a.test', tls);
    await c.write(requestBytes('GET /', ['Host', 'a.test']));
    const { body } = await c.openReply();
    for (const n of [1, 2]) {
      expect((await nextEvent(body))?.json).toEqual({ n });
      await c.write(requestBytes('GET /next', ['Host', 'a.test']));
    }
    expect(await nextEvent(body)).toBeUndefined();
    expect(body.ending).toEqual({ how: 'end' });
  });

  test('h2: raw pairs in order, a reset and GOAWAY', async () => {
    const o = await startH2Origin({
      authority,
      play: async (call) => {
        if (call.headers.includes('/reset')) return call.stream.close(8);
        call.stream.respond({ ':status': 200, 'x-b': '1', 'x-a': '2' });
        call.stream.end(await call.body);
      },
    });
    open.push(o);
    const c = await connectTlsDirect(o, 'h2.test', { ca: authority.pem, alpn: ['h2', 'http/1.1'] });
    const session = await startH2(c, { settings: { enablePush: false } });
    const reply = await callH2(
      session,
      { ':method': 'POST', ':scheme': 'https', ':authority': 'h2.test', ':path': '/', 'x-2': 'b', 'x-1': 'a' },
      'up',
    );
    expect(reply).toMatchObject({ status: 200, cut: undefined });
    expect(reply.body.toString()).toBe('up');
    expect(reply.headers.slice(0, 6)).toEqual([':status', '200', 'x-b', '1', 'x-a', '2']);
    expect(o.calls[0]!.headers.slice(8)).toEqual(['x-2', 'b', 'x-1', 'a']);
    expect(o.sessions[0]!.settings()?.enablePush).toBe(false);
    expect((await callH2(session, { ':path': '/reset', ':authority': 'h2.test' })).cut).toBe(8);
    const gone = new Promise((resolve) => session.on('goaway', resolve));
    o.sessions[0]!.session.goaway(11);
    expect(await gone).toBe(11);
    c.destroy();
  });

  test('a relay tunnels blindly, or asks for credentials', async () => {
    const o = await origin((c) => c.write(replyBytes('200 OK')));
    const relay = await startRelay({ target: o, credentials: 'me:secret' });
    open.push(relay);
    const refused = await connectTunnel(relay, 'a.test:443');
    expect(refused.tunnelReply?.status).toBe(407);
    expect(headerOf(refused.tunnelReply!, 'proxy-authenticate')).toContain('Basic');
    const auth = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    const c = await connectTlsTunnel(relay, 'a.test:443', { ...tls, connectHeaders: ['Host', 'a.test:443', 'Proxy-Authorization', auth] });
    expect((await c.reply()).status).toBe(200);
    expect(relay.asked.map((q) => q.target)).toEqual(['a.test:443', 'a.test:443']);
  });
});
