// codex's accounts/check can move its work to another origin: the reply passes as it is, and an origin that is not intercepted is named.
import { expect, test } from 'vitest';
import { startWorld } from '../support/world.ts';

const PATH = '/backend-api/wham/accounts/check';
const naming = (origin: string) => ({ accounts: [{ id: 'a', workspace_backend_origin: origin }] });

async function check(origin: string, chunked = false) {
  const world = await startWorld({
    provider: {
      override: (request, reply, stream) => {
        if (request.path !== PATH) return false;
        const text = JSON.stringify(naming(origin));
        const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
        if (chunked) stream.write(`${head}${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`);
        else reply.json(200, naming(origin));
        return true;
      },
    },
  });
  const client = await world.connect('chatgpt.com');
  const reply = await client.request(`GET ${PATH}`, ['Host', 'chatgpt.com']);
  return { body: reply.body.toString(), warnings: world.daemon.log.filter((line) => line.includes('not intercepted')) };
}

test('an origin nobody guards is named with what to do, and the reply is untouched', async () => {
  const { body, warnings } = await check('https://elsewhere.example');
  expect(body).toBe(JSON.stringify(naming('https://elsewhere.example')));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('chatgpt.com sends its client to elsewhere.example, which is not intercepted: add it to intercept');
});

test('an origin that is covered is not worth a word', async () => {
  expect((await check('https://eu.chatgpt.com')).warnings).toEqual([]);
});

test('a chunked reply is looked at as well', async () => {
  expect((await check('https://elsewhere.example', true)).warnings).toHaveLength(1);
});
