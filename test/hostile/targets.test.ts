// Checklist F72, F75, F78, F79: where nobody may be led: this machine, this proxy, other ports, and what is no target at all.
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectPlain, connectTunnel } from '../support/client.ts';
import { CLEAR, hostileStage, VICTIM } from '../support/hostile-stage.ts';
import { headBytes } from '../support/http1.ts';
import { type Origin, startOrigin } from '../support/origin.ts';

const stage = hostileStage();
let bait: Origin;
beforeAll(async () => {
  bait = await startOrigin({ play: (c) => c.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nBAIT') });
  // The port is allowed, so that only the address can be the reason.
  stage.daemon.reload({ connectPorts: [bait.port, stage.daemon.port] });
});
afterAll(() => bait.close());

/** The answer to one head on the proxy port. */
async function ask(startLine: string, headers: readonly string[] = ['Host', 'x.test']): Promise<number> {
  const client = await connectPlain(stage.daemon, { waitMs: 6_000 });
  try {
    await client.write(headBytes(`${startLine} HTTP/1.1`, headers));
    const reply = await client.reply(startLine.split(' ')[0]);
    expect(reply.body.toString()).not.toContain('BAIT');
    return reply.status;
  } finally {
    client.destroy();
  }
}

const LOOPBACK = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.0.0.2',
  '127.255.255.254',
  '0127.0.0.1',
  '0177.0.0.1',
  '017700000001',
  '0x7f.0.0.1',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '0',
  '0.0.0.0',
  '0.0.0.1',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::0001]',
  '[::127.0.0.1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  'localhost',
  'LOCALHOST',
  'LocalHost',
  'localhost.',
  'localhost.localdomain',
  'x.localhost',
  'ip6-localhost',
  'ip6-loopback',
  '127.0.0.1.',
];

describe('loopback in every spelling', () => {
  test.each(LOOPBACK)('%s', async (host) => {
    const before = bait.accepted();
    for (const port of [bait.port, 443]) expect([400, 403]).toContain(await ask(`CONNECT ${host}:${port}`));
    expect([400, 403]).toContain(await ask(`GET http://${host}:${bait.port}/`));
    expect([400, 403]).toContain(await ask(`GET http://${host}/`));
    expect([400, 403]).toContain(await ask(`POST https://${host}:${bait.port}/`, ['Host', VICTIM, 'Content-Length', '0']));
    // A Host that is harmless makes the target no better, and one that is not makes none of a harmless target.
    expect([400, 403]).toContain(await ask(`GET http://${host}:${bait.port}/`, ['Host', CLEAR]));
    expect(await ask(`GET http://${CLEAR}/x`, ['Host', host.endsWith('.') ? 'localhost' : host])).not.toBe(403);
    expect(bait.accepted()).toBe(before);
  });
});

describe('with a mapping of every name', () => {
  beforeAll(() => stage.daemon.reload({ connectTo: [{ pattern: '*', host: '127.0.0.1', port: bait.port }], connectPorts: [] }));
  afterAll(() => stage.daemon.reload({ connectPorts: [bait.port, stage.daemon.port] }));

  test.each([...LOOPBACK, 'metadata.google.internal', 'metadata.goog'])('%s is not meant by it', async (host) => {
    const before = bait.accepted();
    expect([400, 403]).toContain(await ask(`CONNECT ${host}:443`));
    expect([400, 403]).toContain(await ask(`GET http://${host}/`));
    expect([400, 403]).toContain(await ask(`GET https://${host}/`));
    expect(bait.accepted()).toBe(before);
  });

  test.each([22, 25, 80, 8443])('it opens no further port: %s', async (port) => {
    expect(await ask(`CONNECT plain.example.test:${port}`)).toBe(403);
  });
});

describe('this proxy itself', () => {
  const spellings = ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0.0.0.0', '127.1'];

  test.each(spellings)('as a target: %s', async (host) => {
    const own = `${host}:${stage.daemon.port}`;
    expect([400, 403]).toContain(await ask(`CONNECT ${own}`, ['Host', own]));
    expect([400, 403]).toContain(await ask(`GET http://${own}/`, ['Host', own]));
    expect([400, 403]).toContain(await ask(`GET https://${own}/`, ['Host', own]));
    expect([400, 403]).toContain(await ask(`GET http://${own}/http://${own}/`, ['Host', own]));
  });

  test.each(['127.0.0.1', '0.0.0.0', '::1', 'localhost'])('behind a name that leads to %s', async (host) => {
    stage.daemon.reload({ connectTo: [{ pattern: 'loop.example.test', host, port: stage.daemon.port }] });
    const before = stage.daemon.proxy.status().connections;
    const open: Socket[] = [];
    for (let i = 0; i < 20; i++) {
      const socket = connect(stage.daemon.port, '127.0.0.1');
      socket.on('error', () => undefined);
      open.push(socket);
      socket.write('CONNECT loop.example.test:443 HTTP/1.1\r\nHost: loop.example.test:443\r\n\r\n');
    }
    const answers = await Promise.all(
      open.map((s) => new Promise<string>((resolve) => s.once('data', (d) => resolve(d.toString('latin1', 0, 12))))),
    );
    // ::1 is not where we listen, so there it is nobody at all.
    expect(new Set(answers)).toEqual(new Set([host === '::1' ? 'HTTP/1.1 502' : 'HTTP/1.1 403']));
    expect(stage.daemon.proxy.status().connections).toBeLessThanOrEqual(before + open.length);
    for (const socket of open) socket.destroy();
    expect(await ask('GET http://loop.example.test/')).toBe(host === '::1' ? 502 : 403);
    stage.daemon.reload({ connectPorts: [bait.port, stage.daemon.port] });
  });
});

test.each([1, 22, 25, 80, 444, 993, 6379, 8080, 8443, 65_535])('a tunnel to port %s', async (port) => {
  expect(await ask(`CONNECT plain.example.test:${port}`)).toBe(403);
  expect(await ask(`GET https://plain.example.test:${port}/`)).toBe(403);
});

const MALFORMED = [
  '',
  ':443',
  VICTIM,
  `${VICTIM}:`,
  `${VICTIM}:0`,
  `${VICTIM}:65536`,
  `${VICTIM}:443443443`,
  `${VICTIM}:-443`,
  `${VICTIM}:+443`,
  `${VICTIM}:443x`,
  `${VICTIM}:0x1bb`,
  `${VICTIM}:https`,
  `${VICTIM}:443:443`,
  `${VICTIM}:443/`,
  `${VICTIM}:443/x`,
  `${VICTIM}:443?x`,
  `${VICTIM}:443#x`,
  `${VICTIM}/x:443`,
  `/${VICTIM}:443`,
  `//${VICTIM}:443`,
  `http://${VICTIM}:443`,
  `https://${VICTIM}:443`,
  `a@${VICTIM}:443`,
  `a:b@${VICTIM}:443`,
  `evil.example@${VICTIM}:443`,
  `evil.example\\@${VICTIM}:443`,
  `evil.example#@${VICTIM}:443`,
  `%61.example.test:443`,
  `${VICTIM}%00.evil.example:443`,
  `${VICTIM}%2eevil.example:443`,
  `${VICTIM}%0d%0aX:443`,
  '127.0.0.1%00:443',
  '..:443',
  '../../etc/passwd:443',
  '..%2f..%2fetc:443',
  '..\\..\\x:443',
  '.example.test:443',
  'example..test:443',
  `${VICTIM}.:443`,
  `${VICTIM}..:443`,
  '-x.example.test:443',
  'x-.example.test:443',
  '*:443',
  '*.example.test:443',
  'a,b.example.test:443',
  'a;b.example.test:443',
  'a"b.example.test:443',
  "a'b.example.test:443",
  '$(id).example.test:443',
  '`id`.example.test:443',
  'a|b.example.test:443',
  'vict\xedm.example.test:443',
  `${'a'.repeat(64)}.example.test:443`,
  `${'a.'.repeat(130)}test:443`,
  '1.2.3:443',
  '1.2.3.4.5:443',
  '256.1.1.1:443',
  '1.2.3.04:443',
  '0x1.2.3.4:443',
  '16909060:443',
  '::1:443',
  '[::1:443',
  '[::1]443',
  '[]:443',
  '[::1]]:443',
  '[:::1]:443',
  '[1::2::3]:443',
  '[12345::]:443',
  '[1:2:3:4:5:6:7]:443',
  '[::256.0.0.1]:443',
  '[fe80::1%eth0]:443',
  '[fe80::1%25eth0]:443',
  '[v1.x]:443',
  `[${VICTIM}]:443`,
];

describe('malformed targets, refused before any 200', () => {
  test.each(MALFORMED)('CONNECT %j', async (target) => {
    const before = stage.secure.accepted();
    const client = await connectTunnel(stage.daemon, VICTIM, {
      connectLine: `CONNECT ${target} HTTP/1.1`,
      connectHeaders: ['Host', VICTIM],
      waitMs: 6_000,
    });
    expect(client.tunnelReply?.status).toBe(400);
    client.destroy();
    expect(stage.secure.accepted()).toBe(before);
  });

  test.each([
    ['two Hosts', ['Host', `${VICTIM}:443`, 'Host', 'evil.example:443']],
    ['no Host', []],
    ['an empty Host', ['Host', '']],
    ['a length', ['Host', VICTIM, 'Content-Length', '5']],
    ['chunks', ['Host', VICTIM, 'Transfer-Encoding', 'chunked']],
    ['two lengths', ['Host', VICTIM, 'Content-Length', '0', 'Content-Length', '0']],
    ['both', ['Host', VICTIM, 'Content-Length', '0', 'Transfer-Encoding', 'chunked']],
    ['a bad name', ['Host', VICTIM, 'X Y', 'z']],
    ['a NUL', ['Host', VICTIM, 'X', 'a\0b']],
  ])('CONNECT with %s', async (_name, headers) => {
    expect(await ask(`CONNECT ${VICTIM}:443`, headers)).toBe(400);
  });

  test('a Host that names another does not turn the tunnel', async () => {
    const client = await connectTunnel(stage.daemon, `${VICTIM}:443`, { connectHeaders: ['Host', '127.0.0.1:22'] });
    expect(client.tunnelReply?.status).toBe(200);
    client.destroy();
    await stage.others('tunnel');
    await stage.others('clear');
  });
});
