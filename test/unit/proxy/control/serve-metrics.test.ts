// The page for Prometheus: one page, read only, for callers that name it by its address.
import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { serveMetrics } from '../../../../src/proxy/control/serve-metrics.ts';

async function page(text = async () => 'up 1\n') {
  const troubles: Error[] = [];
  const served = await serveMetrics({ host: '127.0.0.1', port: 0 }, text, (error) => troubles.push(error));
  onTestFinished(() => served.close());
  const { port } = served.address;
  const ask = (path: string, options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {}) =>
    new Promise<{ status: number; type: string; body: string }>((resolve, reject) => {
      const outgoing = request(
        { port, host: '127.0.0.1', path, method: options.method ?? 'GET', agent: false, headers: { ...options.headers } },
        (reply) => {
          let body = '';
          reply.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
          reply.on('end', () => resolve({ status: reply.statusCode!, type: String(reply.headers['content-type']), body }));
        },
      );
      outgoing.on('error', reject).end();
    });
  return { ask, port, troubles };
}

test('Prometheus gets the text, by the address or by localhost', async () => {
  const { ask, port } = await page();
  const told = { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' };
  expect(await ask('/metrics')).toEqual(told);
  expect(await ask('/metrics?x=1', { headers: { host: `LOCALHOST:${port}` } })).toEqual(told);
  expect(await ask('/metrics', { method: 'HEAD' })).toEqual({ ...told, body: '' });
  // Its user typed the address into a browser.
  expect((await ask('/metrics', { headers: { 'sec-fetch-site': 'none' } })).status).toBe(200);
});

test.each([
  ['a rebound name', { host: 'evil.example' }, 403],
  ['a rebound name with the port', { host: 'evil.example:PORT' }, 403],
  ['the name without the port', { host: 'localhost' }, 403],
  ['a page of another origin', { origin: 'https://evil.example' }, 403],
  ['a page that sends no origin', { 'sec-fetch-site': 'cross-site' }, 403],
  ['a link', { referer: 'https://evil.example/' }, 403],
])('%s gets nothing', async (_, headers, status) => {
  const { ask, port } = await page();
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', String(port))]));
  const reply = await ask('/metrics', { headers: sent });
  expect(reply.status).toBe(status);
  expect(reply.body).not.toContain('up 1');
});

test('there is nothing else, and nothing to change', async () => {
  const { ask } = await page();
  expect(await ask('/')).toMatchObject({ status: 404, body: 'there is /metrics alone\n' });
  expect(await ask('/status')).toMatchObject({ status: 404 });
  expect(await ask('/metrics', { method: 'POST' })).toMatchObject({ status: 405 });
});

test('what cannot be collected is said, without its reason', async () => {
  const { ask, troubles } = await page(() => Promise.reject(new Error('a reason')));
  expect(await ask('/metrics')).toMatchObject({ status: 500, body: expect.not.stringContaining('a reason') });
  expect(troubles.map(({ message }) => message)).toEqual(['a reason']);
});

test('an address that is taken is the error of listening', async () => {
  const { port } = await page();
  await expect(
    serveMetrics(
      { host: '127.0.0.1', port },
      async () => '',
      () => {},
    ),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
