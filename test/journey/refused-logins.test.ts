// A login that has ended shows in the log once by host, under the name of the CLI, and in the counts of `status` each time.
import { expect, test } from 'vitest';
import { replyBytes } from '../support/http1.ts';
import { startScripted } from '../support/scripted.ts';

const HOST = 'api.anthropic.com';

async function refusing() {
  const scene = await startScripted(async (c) => {
    while (await c.request()) await c.write(replyBytes('401 Unauthorized', [], '{}'));
  });
  const client = await scene.connect({ host: HOST });
  const ask = (fields: readonly string[], path = '/v1/messages') =>
    client.request(`POST ${path}`, ['Host', HOST, 'User-Agent', 'claude-cli/2.0', 'Content-Type', 'application/json', ...fields], '{}');
  const said = () => scene.daemon.log.filter((line) => line.includes('refused the login'));
  return { ask, said, settle: () => scene.daemon.record((r) => r.path === '/last'), totals: () => scene.daemon.proxy.status().totals };
}

test('a refused login is said once and counted each time, without its token', async () => {
  const { ask, said, settle, totals } = await refusing();
  for (let i = 0; i < 2; i++) expect((await ask(['Authorization', 'Bearer not-any-more'])).status).toBe(401);
  await ask([], '/last');
  await settle();
  expect(said()).toHaveLength(1);
  expect(said()[0]).toContain(`${HOST} refused the login of claude-cli`);
  expect(said()[0]).not.toContain('not-any-more');
  expect(totals()['login:refused']).toBe(2);
});

test('one that its token says has ended is said so', async () => {
  const { ask, said, settle } = await refusing();
  const claims = Buffer.from('{"exp":1700000000}').toString('base64url');
  await ask(['Authorization', `Bearer eyJhbGciOiJub25lIn0.${claims}.x`]);
  await ask([], '/last');
  await settle();
  expect(said()[0]).toContain('the login of claude-cli, which ended at 2023-11-14T22:13:20.000Z: log in again');
});

test('a key is no login, and a call of no model says nothing of one', async () => {
  const { ask, said, settle, totals } = await refusing();
  await ask(['X-Api-Key', 'wrong']);
  await ask(['Authorization', 'Bearer wrong'], '/last');
  await settle();
  expect(said()).toEqual([]);
  expect(totals()['login:refused']).toBeUndefined();
});
