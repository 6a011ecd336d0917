// Each phase leaves the time of its end, in order; those that an exchange did not come to leave none.
import { expect, test } from 'vitest';
import type { Exchange } from '../../src/proxy/exchange.ts';
import { connectPlain } from '../support/client.ts';
import { startWorld } from '../support/world.ts';

const MESSAGE = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

function observed() {
  const seen: Exchange[] = [];
  return { seen, daemon: { observe: (x: Exchange) => void seen.push(x) } };
}

test('an exchange that came to its end has them all, and so has its connection', async () => {
  const { seen, daemon } = observed();
  const world = await startWorld({ daemon });
  const client = await world.connect('api.anthropic.com');
  for (const _ of [1, 2]) {
    const fields = ['Host', 'api.anthropic.com', 'Content-Type', 'application/json'];
    expect((await client.request('POST /v1/messages', fields, JSON.stringify(MESSAGE))).status).toBe(200);
  }
  await world.daemon.record(() => seen.length === 2);
  const [first, second] = seen;
  const { openedAt, accept, aim, unwrap } = first!.connection.marks!;
  const { read, admit, inspect, arm, send, reply } = first!.notes.marks;
  const times = [openedAt, accept, aim, unwrap, first!.t0, read, admit, inspect, arm, send, reply] as number[];
  expect(times.every(Number.isFinite)).toBe(true);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(second!.connection.marks).toBe(first!.connection.marks);
});

test('one that is refused has those before its refusal', async () => {
  const { seen, daemon } = observed();
  const world = await startWorld({ daemon });
  const client = await world.connect('api.anthropic.com');
  expect((await client.request('GET /', ['Host', 'elsewhere.example'])).status).toBe(421);
  await world.daemon.record();
  expect(seen[0]!.notes.marks).toEqual({});
});

test('in clear there is nothing to unwrap', async () => {
  const { seen, daemon } = observed();
  const world = await startWorld({ daemon: { ...daemon, settings: { intercept: ['plain.example'], connectPorts: [80] } } });
  const client = await connectPlain(world.daemon);
  await client.request('GET http://plain.example/', ['Host', 'plain.example']);
  client.destroy();
  await world.daemon.record();
  expect(seen[0]!.connection.marks).toMatchObject({ accept: expect.any(Number), aim: expect.any(Number), unwrap: undefined });
});
