// Checklist A13, A17, A19, E54 to E56: inside a tunnel there is one origin; a request that names another gets nowhere, nor does what follows it.
import { expect, onTestFinished, test } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { CLEAR, expectPassed, expectRefused, hostileStage, VICTIM } from '../support/hostile-stage.ts';
import { headBytes } from '../support/http1.ts';

const stage = hostileStage({ daemon: { settings: { intercept: [VICTIM, 'evil.example'] } } });
const MORE = `GET /smuggled HTTP/1.1\r\nHost: ${VICTIM}\r\n\r\n`;

test.each(['CONNECT evil.example:443', `CONNECT ${VICTIM}:443`, 'CONNECT 127.0.0.1:443', 'CONNECT /x', 'connect evil.example:443'])(
  'refused: %s',
  async (line) => {
    await expectRefused(stage, 'tunnel', `${line} HTTP/1.1\r\nHost: ${VICTIM}\r\n\r\n${MORE}`);
  },
);

test.each([
  'https://evil.example/x',
  `https://${VICTIM}.evil.example/x`,
  `https://${VICTIM}:8443/x`,
  `http://${VICTIM}/x`,
  `http://${VICTIM}:443/x`,
  `http://${CLEAR}/x`,
  'http://127.0.0.1/x',
  'http://169.254.169.254/latest/meta-data/',
  'https://[::1]/x',
])('misdirected: the absolute target %s', async (target) => {
  await expectRefused(stage, 'tunnel', `GET ${target} HTTP/1.1\r\nHost: ${VICTIM}\r\n\r\n${MORE}`, 421);
  expect(stage.clear.connections).toEqual([]);
});

test.each([
  'evil.example',
  `${VICTIM}.`,
  `${VICTIM}:80`,
  `${VICTIM}:8443`,
  `x.${VICTIM}`,
  `${VICTIM}.evil.example`,
  'example.test',
  'localhost',
  '127.0.0.1',
  '[::1]',
])('misdirected or malformed: Host %s', async (host) => {
  const status = host.endsWith('.') ? 400 : 421;
  await expectRefused(stage, 'tunnel', `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n${MORE}`, status);
  await expectRefused(stage, 'tunnel', `POST /x HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\n\r\nhello${MORE}`, status);
});

// RFC 9112 3.2 asks for a Host in HTTP/1.1 only; the tunnel and its server name say already who is meant. keys.test.ts: it gets no key.
test('no Host at all passes in HTTP/1.0, and in HTTP/1.0 alone', async () => {
  const head = 'GET /x HTTP/1.0\r\n\r\n';
  await expectPassed(stage, 'tunnel', head, head);
  await expectRefused(stage, 'tunnel', `GET /x HTTP/1.1\r\n\r\n${MORE}`, 400);
});

test('an absolute target and a Host that disagree, both ways', async () => {
  await expectRefused(stage, 'tunnel', `GET https://${VICTIM}/x HTTP/1.1\r\nHost: evil.example\r\n\r\n${MORE}`, 421);
  await expectRefused(stage, 'tunnel', `GET https://evil.example/x HTTP/1.1\r\nHost: ${VICTIM}\r\n\r\n${MORE}`, 421);
});

test.each([VICTIM, `${VICTIM}:443`, VICTIM.toUpperCase()])('the same host in the spelling %s passes as it came', async (host) => {
  const head = `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  await expectPassed(stage, 'tunnel', head, head);
});

test('the same origin spelled out becomes a path', async () => {
  await expectPassed(
    stage,
    'tunnel',
    `GET https://${VICTIM}/x?y HTTP/1.1\r\nHost: ${VICTIM}\r\n\r\n`,
    `GET /x?y HTTP/1.1\r\nHost: ${VICTIM}\r\n\r\n`,
  );
});

test('each request of a tunnel is asked for its host again', async () => {
  const sound = `GET /1 HTTP/1.1\r\nHost: ${VICTIM}\r\n\r\n`;
  const seen = await stage.send('tunnel', `${sound}GET /2 HTTP/1.1\r\nHost: evil.example\r\n\r\n${MORE}`, 2);
  expect(seen.replies.map((r) => r.status)).toEqual([200, 421]);
  expect(seen.upstream).toEqual([sound]);
  expect(seen.rest).toBe('');
});

test('TRACE is the origin’s to answer, never ours', async () => {
  const head = `TRACE /x HTTP/1.1\r\nHost: ${VICTIM}\r\nMax-Forwards: 0\r\n\r\n`;
  const seen = await expectPassed(stage, 'tunnel', head, head);
  expect(seen.replies[0]!.body.toString()).toBe('TRACE /x ');
});

test.each([
  ['h2c with its option', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n', ''],
  ['h2c without', 'Upgrade: h2c\r\n', ''],
  ['TLS', 'Connection: upgrade\r\nUpgrade: TLS/1.2, HTTP/1.1\r\n', ''],
  ['WebSocket by POST', 'Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n', 'Content-Length: 0\r\n'],
  ['WebSocket without the option', 'Upgrade: websocket\r\n', ''],
])('an upgrade is not passed on: %s', async (name, fields, left) => {
  const method = name.includes('POST') ? 'POST' : 'GET';
  const start = `${method} /x HTTP/1.1\r\nHost: ${VICTIM}\r\n`;
  await expectPassed(stage, 'tunnel', `${start}${fields}\r\n`, `${start}${left}\r\n`);
});

test('the HTTP/2 preface where HTTP/1.1 was agreed', async () => {
  await expectRefused(stage, 'tunnel', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
});

test('where h2 was agreed, HTTP/1.1 gets no answer from anybody', async () => {
  const c = await connectTlsTunnel(stage.daemon, `${VICTIM}:443`, { ca: stage.daemon.ca, alpn: ['h2'] }).catch(() => undefined);
  onTestFinished(() => c?.destroy());
  await c?.write(headBytes('GET /x HTTP/1.1', ['Host', VICTIM]));
  await c?.reader.rest();
  expect(c?.reader.received().toString('latin1') ?? '').not.toContain('HTTP/1.1');
  await stage.others('tunnel');
});
