// A configured key takes the place of what the client sent, at the same position, and only towards its own host.
import { expect, test } from 'vitest';
import { startWorld } from '../support/world.ts';

const REAL = 'sk-real-0123456789';
const TEMPLATE = ['$', '{env:MY_KEY}'].join('');
const inject = [
  { host: 'api.anthropic.com', header: 'x-api-key', value: TEMPLATE, replaces: 'dummy-key' },
  { host: 'api.openai.com', header: 'authorization', value: `Bearer ${TEMPLATE}`, replaces: undefined },
];

test('put in where it belongs, in place', async () => {
  const world = await startWorld({
    daemon: { settings: { inject }, secrets: { [TEMPLATE]: REAL, [`Bearer ${TEMPLATE}`]: `Bearer ${REAL}` } },
  });
  await world.post('api.anthropic.com', '/v1/messages', { messages: [] }, ['X-Api-Key', 'dummy-key', 'X-After', '1']);
  await world.post('api.openai.com', '/v1/responses', { input: 'x' }, ['Authorization', 'Bearer whatever']);
  await world.post('api.openai.com', '/v1/responses', { input: 'x' });
  const [first, second, third] = world.provider.capture.requests.map((r) => r.headers.slice(4, 8));
  expect(first).toEqual(['X-Api-Key', REAL, 'X-After', '1']);
  expect(second).toEqual(['Authorization', `Bearer ${REAL}`, 'Content-Length', '13']);
  expect(third).toEqual(['Content-Length', '13']);
});

test('a dummy key on its way to another host is refused', async () => {
  const world = await startWorld({ daemon: { settings: { inject }, secrets: { [TEMPLATE]: REAL } } });
  const reply = await world.post('api.mistral.ai', '/v1/chat/completions', { messages: [] }, ['X-Api-Key', 'dummy-key']);
  expect(reply.status).toBe(403);
  expect(world.provider.capture.requests).toEqual([]);
});

test('a key that is missing is a 502 that names no value', async () => {
  const world = await startWorld({ daemon: { settings: { inject } } });
  const reply = await world.post('api.anthropic.com', '/v1/messages', { messages: [] }, ['X-Api-Key', 'dummy-key']);
  expect(reply.status).toBe(502);
  expect(reply.text).not.toContain('MY_KEY');
  expect(world.provider.capture.requests).toEqual([]);
});

test('neither the key nor what was masked is in the log', async () => {
  const world = await startWorld({ daemon: { settings: { inject }, secrets: { [TEMPLATE]: REAL } } });
  await world.post('api.anthropic.com', '/v1/messages', { messages: [{ role: 'user', content: 'to ann@mail.example.org' }] }, [
    'X-Api-Key',
    'dummy-key',
  ]);
  expect(world.daemon.log.join('')).not.toMatch(/sk-real|ann@mail/);
  expect(JSON.stringify(world.daemon.records)).not.toMatch(/sk-real|ann@mail/);
});
