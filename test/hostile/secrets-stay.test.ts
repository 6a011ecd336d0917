// Checklist E64, E66 and the failures of http-mitm-proxy on disk: the real daemon, asked in every way it can be asked wrongly, and then
// searched: its output, its files and their modes, its command line.
import { createHash, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectPlain, connectTlsTunnel, connectTunnel } from '../support/client.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { scratchFolder } from '../support/folder.ts';
import { requestBytes } from '../support/http1.ts';
import { EMAIL, TOKEN } from '../support/samples.ts';
import { leaksOf } from '../support/secret-forms.ts';

const HOST = 'api.anthropic.com';
const REAL = ['sk', 'ant', 'real-Zq81xV0aM7tR2yKp'].join('-');
const DUMMY = ['sk', 'ant', 'dummy-Lw3nB5'].join('-');
const PROXY_PASSWORD = 'gate-Pw9Xk2';
const SECRETS = { REAL, DUMMY, EMAIL, TOKEN, PROXY_PASSWORD };

function everyFile(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => join(entry.parentPath, entry.name));
}
const isFile = (path: string) => statSync(path).isFile();

async function start(provider: FakeProvider, args: readonly string[]): Promise<DaemonProcess> {
  const daemon = await startDaemonProcess({
    home: join(scratchFolder(), 'home'),
    upstream: provider,
    upstreamCa: provider.authority.pem,
    args: [...args, '--log-level', 'debug'],
    env: { REAL_KEY: REAL },
  });
  onTestFinished(async () => void (await daemon.stop('SIGKILL')));
  return daemon;
}

const inject = JSON.stringify({ host: HOST, header: 'x-api-key', value: ['$', '{env:REAL_KEY}'].join(''), replaces: DUMMY });
const authorization = `Basic ${Buffer.from(`me:${PROXY_PASSWORD}`).toString('base64')}`;

test('nothing that was given in trust is in any output or file', async () => {
  const provider = await startFakeProvider({ failFirst: 1 });
  onTestFinished(() => provider.close());
  const daemon = await start(provider, ['--inject', inject]);
  const body = JSON.stringify({ messages: [{ role: 'user', content: `mail ${EMAIL}, token ${TOKEN}` }] });
  const answers: string[] = [];
  const ask = async (host: string, line: string, headers: readonly string[], text = '') => {
    const connectHeaders = ['Host', `${host}:443`, 'Proxy-Authorization', authorization];
    const c = await connectTlsTunnel(daemon, `${host}:443`, { ca: daemon.ca, alpn: ['http/1.1'], connectHeaders });
    onTestFinished(() => c.destroy());
    await c.write(requestBytes(line, ['Host', host, ...headers], text));
    const reply = await c.reply();
    return { status: reply.status, text: reply.head.toString() + reply.body.toString() };
  };
  const refused = async (host: string, line: string, headers: readonly string[], text = '') => {
    const { status, text: answer } = await ask(host, line, headers, text);
    expect(status).toBeGreaterThanOrEqual(400);
    answers.push(answer);
  };
  const json = ['Content-Type', 'application/json', 'X-Api-Key', DUMMY];

  await refused(HOST, 'POST /v1/messages', json, body);
  expect((await ask(HOST, 'POST /v1/messages', json, body)).status).toBe(200);
  expect((await ask(HOST, `GET /v1/users/${EMAIL}?token=${TOKEN}`, json)).status).toBe(404);
  expect(provider.capture.requests.map((r) => r.headers.join()).join()).toContain(REAL);
  expect(leaksOf(EMAIL, provider.capture.requests.map((r) => r.body.toString()).join())).toEqual([]);

  await refused('api.mistral.ai', `POST /v1/${EMAIL}`, json, body);
  await refused('api.mistral.ai', `GET /v1/${DUMMY}?k=${DUMMY}`, ['X-Y', DUMMY]);
  await refused(HOST, 'POST /v1/messages', [...json, 'Content-Length', '1', 'Content-Length', '2'], body);
  await refused(HOST, 'POST /v1/messages', [...json, `X ${EMAIL}`, TOKEN], body);
  await refused(HOST, `POST http://${EMAIL}/`, json, body);
  await refused(HOST, 'POST /v1/messages', ['Content-Type', 'application/json', 'Content-Encoding', 'gzip', 'X-Api-Key', DUMMY], body);
  for (const line of [`GET http://${EMAIL}:80/${TOKEN}`, `GET http://127.0.0.1/${TOKEN}?${EMAIL}`, `GET /${EMAIL}`]) {
    const c = await connectPlain(daemon);
    await c.write(requestBytes(line, ['Host', EMAIL, 'Authorization', `Bearer ${DUMMY}`, 'Proxy-Authorization', authorization]));
    answers.push((await c.reader.rest()).toString());
    c.destroy();
  }
  await provider.close();
  await refused(HOST, 'POST /v1/messages', json, body);

  const kept = (text: string) =>
    Object.entries(SECRETS).flatMap(([name, secret]) => leaksOf(secret, text).map((form) => `${name} ${form}`));
  expect(answers.flatMap(kept)).toEqual([]);
  if (process.platform === 'linux')
    expect(kept(readFileSync(`/proc/${daemon.child.pid}/cmdline`, 'latin1')).filter((leak) => !leak.startsWith('DUMMY'))).toEqual([]);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.output()).toContain('"level"');
  expect(kept(daemon.output())).toEqual([]);
  const files = everyFile(daemon.home).filter(isFile);
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) expect(kept(readFileSync(file, 'latin1')), file).toEqual([]);
});

test('names that are paths, and the CA’s own, touch no file', async () => {
  const provider = await startFakeProvider();
  onTestFinished(() => provider.close());
  const daemon = await start(provider, ['--intercept', '*']);
  const outside = join(daemon.home, '..');
  const state = () =>
    everyFile(outside)
      .filter((path) => isFile(path) && /\.(pem|key|crt|cer)$|key/.test(path))
      .sort()
      .map(
        (path) => `${path} ${(statSync(path).mode & 0o777).toString(8)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`,
      );
  const names = () =>
    everyFile(outside)
      .filter((path) => !/-(wal|shm)$/.test(path))
      .sort();
  const [before, namesBefore] = [state(), names()];
  expect(before.length).toBeGreaterThan(0);

  const hosts = [
    'ca',
    'ca.private',
    'ca.public',
    'ca.pem',
    'ca-key',
    'key',
    'home',
    'constructor',
    '__proto__',
    'tostring',
    'hasownproperty',
    'con',
    'nul',
  ];
  for (const host of hosts) {
    const c = await connectTlsTunnel(daemon, `${host}:443`, { ca: daemon.ca, alpn: ['http/1.1'] });
    expect(c.tls!.getPeerX509Certificate()!.ca).toBe(false);
    expect((await c.request('GET /', ['Host', host])).status).toBe(404);
    c.destroy();
  }
  for (const host of [
    '../ca',
    '../../ca',
    'x/../../ca',
    '..',
    '.',
    '../../../tmp/x',
    '..\\ca',
    '%2e%2e%2fca',
    '..%2fca',
    '/etc/passwd',
    '~',
    '$HOME',
    'a\0b',
  ]) {
    const c = await connectTunnel(daemon, 'x', { connectLine: `CONNECT ${host}:443 HTTP/1.1`, connectHeaders: ['Host', 'x.test'] });
    expect(c.tunnelReply?.status).toBe(400);
    c.destroy();
    const named = await connectTlsTunnel(daemon, 'fine.example.test:443', {
      ca: daemon.ca,
      serverName: host,
      checkName: 'fine.example.test',
    }).catch(() => undefined);
    named?.destroy();
  }
  expect(state()).toEqual(before);
  expect(names()).toEqual(namesBefore);
  expect(readFileSync(join(daemon.home, 'ca.pem'), 'utf8')).toBe(daemon.ca);

  for (const path of everyFile(daemon.home)) {
    const isPublic = path.endsWith('ca.pem');
    if (!isPublic) expect((statSync(path).mode & 0o077).toString(8), path).toBe('0');
  }
  expect((statSync(daemon.home).mode & 0o777).toString(8)).toBe('700');
  const ca = new X509Certificate(daemon.ca);
  expect(ca.serialNumber.length).toBeGreaterThanOrEqual(16);
});
