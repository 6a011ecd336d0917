// `sallyport usage` and budgets as their user meets them: with a daemon, after it has ended, and across a restart.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { headerOf } from '../support/http1.ts';
import { FREE, json, newUser } from '../support/sallyport.ts';

const HOST = 'api.anthropic.com';
const PRICES = 'prices:\n  dear-*: { input: 1000, output: 1000 }\n';

test('what was used is shown, kept over a restart, and refused over a budget', { timeout: 90_000 }, async () => {
  const provider = await startFakeProvider();
  onTestFinished(() => provider.close());
  const user = newUser();
  const ca = join(user.folder, 'provider.pem');
  writeFileSync(ca, provider.authority.pem);
  const config = join(user.folder, 'sallyport.yaml');
  const run = (...words: string[]) => user.run([...words, '--config', config]);
  writeFileSync(config, PRICES.replace('output', 'ouptut'));
  expect(await run('usage')).toMatchObject({ code: 1, stderr: expect.stringContaining(`${config}:2: prices.dear-*.output: is missing`) });
  writeFileSync(config, `${PRICES}connect_to: ["*=127.0.0.1:${provider.port}"]\nupstream_ca: [${ca}]\n`);
  await run('profile', 'set', 'default', '--money-per-day', '0.05', '--tokens-per-day', '1000000', '--over-budget', 'refuse');

  let address = { host: '', port: 0 };
  const start = async () => {
    const started = await run('start', ...FREE);
    const [, host, port] = /listens on (.+):(\d+) /.exec(started.stdout)!;
    address = { host: host!, port: Number(port) };
  };
  const ask = async (model: string) => {
    const client = await connectTlsTunnel(address, `${HOST}:443`, {
      ca: readFileSync(join(user.home, 'ca.pem'), 'utf8'),
      alpn: ['http/1.1'],
    });
    const body = JSON.stringify({ model, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] });
    const reply = await client.request('POST /v1/messages', ['Host', HOST, 'Content-Type', 'application/json'], Buffer.from(body));
    client.destroy();
    return reply;
  };
  const rows = async () => json<{ rows: object[]; budgets: object[] }>((await run('usage', '--json')).stdout);
  const dear = {
    profile: 'default',
    provider: 'anthropic',
    model: 'dear-1',
    requests: 1,
    tokensIn: 11,
    cachedIn: 0,
    tokensOut: 22,
    usd: 0.033,
  };

  await start();
  expect((await ask('dear-1')).status).toBe(200);
  expect((await ask('new-model')).status).toBe(200);
  // At once: the daemon writes down what it has counted before the store is read.
  expect(await rows()).toMatchObject({
    rows: [dear, { model: 'new-model', usd: null }],
    budgets: [
      { budget: 'tokens', used: 66, limit: 1_000_000, left: 999_934, isOver: false },
      { budget: 'money', used: 0.033, limit: 0.05, left: 0.05 - 0.033, isOver: false, unpriced: ['new-model'] },
    ],
  });
  const shown = (await run('usage')).stdout;
  expect(shown).toMatch(/^profile +provider +model +requests +in +cached +written +out +cost\n/);
  expect(shown).toMatch(/default +anthropic +dear-1 +1 +11 +0 +0 +22 +\$0\.03\n/);
  expect(shown).toMatch(/default +anthropic +new-model +1 +11 +0 +0 +22 +unknown\n/);
  expect(shown).toMatch(/default +- +together +2 +22 +0 +0 +44 +\$0\.03 and unknown\n/);
  expect(shown).toMatch(
    /default \(over budget it refuses\): 66 of 1,000,000 tokens today, 999,934 left; \$0\.03 of \$0\.05 today, \$0\.02 left, and what new-model cost/,
  );

  await run('stop');
  expect(await rows()).toMatchObject({ rows: [dear, { model: 'new-model' }] });

  await start();
  expect((await ask('dear-1')).status).toBe(200);
  expect((await rows()).rows).toMatchObject([{ ...dear, requests: 2, tokensIn: 22, tokensOut: 44, usd: 0.066 }, {}]);
  const refused = await ask('dear-1');
  expect(refused.status).toBe(429);
  expect(Number(headerOf(refused, 'retry-after'))).toBeLessThanOrEqual(25 * 3600);
  expect((await run('status')).stdout).toMatch(
    /\$0\.07 of \$0\.05 today, used up: requests are refused until \d{4}-\d\d-\d\d 00:00, without new-model, which has no price/,
  );
  // A budget that is raised holds for the next request; so does a price that is corrected.
  await run('profile', 'set', 'default', '--over-budget', 'warn');
  await expect.poll(async () => (await ask('dear-1')).status, { timeout: 10_000 }).toBe(200);
  expect((await run('usage', '--days', '3', '--profile', 'default')).stdout).toMatch(
    /^day +profile [\s\S]*\n\d{4}-\d\d-\d\d +default +anthropic +dear-1 /,
  );
});
