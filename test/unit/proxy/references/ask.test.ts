// How stores of secrets are reached: as upstreams are, through the parent proxy where there is one, and verified whatever the environment says.
import type { Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openTrust } from '../../../../src/proxy/egress/trust.ts';
import { ask, type Ways } from '../../../../src/proxy/references/ask.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import { eventually } from '../../../support/eventually.ts';
import { scratchFolder } from '../../../support/folder.ts';
import { writeIn } from '../../../support/references.ts';
import { startRelay } from '../../../support/relay.ts';
import { startSecretServer } from '../../../support/secret-server.ts';
import { startListener } from '../../../support/tls-listener.ts';

const ASKED = { url: 'https://vault.example:8200/v1/x?y=z', headers: { 'x-vault-token': 'hvs.token' } };

async function stage(over: { readonly trusted?: boolean; readonly credentials?: string } = {}) {
  const authority = makeTestAuthority();
  const server = await startSecretServer(() => ({ body: { ok: true } }), authority);
  const relay = await startRelay({ target: server, ...(over.credentials !== undefined && { credentials: over.credentials }) });
  onTestFinished(() => relay.close());
  const extraCaFiles = over.trusted === false ? [] : [writeIn(scratchFolder(), 'ca.pem', authority.pem)];
  const ways: Ways = { trust: openTrust({ extraCaFiles, ownCa: () => '' }), connectTo: () => undefined, parentProxy: () => undefined };
  const parent = (noProxy: readonly string[] = [], login = '') => ({
    ...ways,
    parentProxy: () => ({ url: `http://${login}127.0.0.1:${relay.port}`, noProxy }),
  });
  return { server, relay, ways, parent };
}
const { signal } = new AbortController();

test('a question, its answer, and no connection is left', async () => {
  const { server, ways } = await stage();
  const answer = await ask({ ...ASKED, method: 'POST', body: 'ü' }, { ...ways, connectTo: () => server }, signal);
  expect([answer.status, answer.headers['content-type'], answer.bytes.toString()]).toEqual([200, 'application/json', '{"ok":true}']);
  const [{ method, target, headers, body, serverName }] = server.questions as [(typeof server.questions)[0]];
  expect([method, target, headers.host, headers['content-length'], body]).toEqual(['POST', '/v1/x?y=z', 'vault.example:8200', '2', 'ü']);
  expect(serverName).toBe('vault.example');
  await server.idle();
});

test('through the parent proxy, which sees the host alone', async () => {
  const { server, relay, parent } = await stage({ credentials: 'ann:word' });
  expect((await ask(ASKED, parent([], 'ann:word@'), signal)).status).toBe(200);
  expect(relay.asked.map(({ method, target }) => [method, target])).toEqual([['CONNECT', 'vault.example:8200']]);
  expect(JSON.stringify(relay.asked)).not.toContain('hvs.token');
  expect(server.questions).toHaveLength(1);
});

test('past it: hosts of no_proxy, hosts that are mapped, and this machine', async () => {
  const { server, relay, parent } = await stage();
  const mapped = { ...parent(), connectTo: () => server };
  expect((await ask(ASKED, mapped, signal)).status).toBe(200);
  expect((await ask({ url: server.url }, parent(), signal)).status).toBe(200);
  // Nobody is there: what counts is that the parent was not asked.
  await expect(ask({ url: 'https://[::ffff:127.0.0.1]:1' }, parent(['*']), signal)).rejects.toThrow('refused the connection');
  expect(relay.asked).toEqual([]);
});

test('a parent proxy that refuses is told of without its password', async () => {
  const { server, parent } = await stage({ credentials: 'ann:word' });
  const thrown = await ask(ASKED, parent([], 'ann:wrong@'), signal).catch((error: Error) => error.message);
  expect(thrown).toBe('vault.example:8200: the parent proxy did not accept the credentials in the URL of parent_proxy (407)');
  expect(server.questions).toEqual([]);
});

test('verified even where the environment says not to', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { server, ways } = await stage({ trusted: false });
  await expect(ask(ASKED, { ...ways, connectTo: () => server }, signal)).rejects.toThrow(
    'the certificate of vault.example:8200 was not accepted',
  );
  expect(server.questions).toEqual([]);
  await server.idle();
});

test.each([
  ['ftp://vault.example', 'the address of the server is no https:// URL'],
  ['vault', 'the address of the server is no https:// URL'],
  ['http://vault.example', 'vault.example is asked over https:// only'],
  ['https://vault..example', 'vault..example: '],
])('%s is not asked', async (url, why) => {
  const { ways } = await stage();
  await expect(ask({ url }, ways, signal)).rejects.toThrow(why);
});

test('what is over before it began asks nobody', async () => {
  const { server, ways } = await stage();
  const over = AbortSignal.abort(new Error('over'));
  await expect(ask(ASKED, { ...ways, connectTo: () => server }, over)).rejects.toThrow('over');
  expect(server.questions).toEqual([]);
});

test('a server that does not even greet is let go when it is over', async () => {
  const { ways } = await stage();
  const sockets: Socket[] = [];
  const listener = await startListener({
    admit: (socket) => {
      sockets.push(socket.resume());
      return false;
    },
    onConnection: () => {},
  });
  onTestFinished(() => listener.close());
  const over = new AbortController();
  const asking = ask(ASKED, { ...ways, connectTo: () => listener }, over.signal);
  await eventually(() => expect(sockets).toHaveLength(1));
  over.abort(new Error('over'));
  await expect(asking).rejects.toThrow('over');
  await eventually(() => expect(sockets[0]?.readableEnded || sockets[0]?.destroyed).toBe(true));
});
