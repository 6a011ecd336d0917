// The probe of `doctor`: the daemon answers for one reserved host itself, so that trust is proven without a byte leaving.
import { expect, test } from 'vitest';
import { connectTlsTunnel } from '../support/client.ts';
import { startWorld } from '../support/world.ts';

const HOST = 'doctor.sallyport.invalid';
const ANSWER = `${'0'.repeat(39)}1\trefs/sallyport/verified\n`;

test('whoever trusts the CA is answered; nothing is dialled and nothing recorded', async () => {
  const world = await startWorld();
  for (const alpn of [[], ['http/1.1'], ['h2', 'http/1.1']]) {
    const client = await world.connect(HOST, { alpn });
    const reply = await client.request('GET /any/path?of=any', ['Host', HOST]);
    expect([reply.status, reply.body.toString()]).toEqual([200, ANSWER]);
  }
  expect(world.provider.capture.connections).toEqual([]);
  expect(world.daemon.records).toEqual([]);
});

test('whoever does not trust it gets no further than the handshake, and the daemon goes on', async () => {
  const world = await startWorld();
  const { pem } = world.provider.authority;
  await expect(connectTlsTunnel(world.daemon, `${HOST}:443`, { ca: pem, alpn: ['http/1.1'] })).rejects.toThrow();
  const silent = await world.connect(HOST);
  silent.destroy();
  const client = await world.connect(HOST);
  expect((await client.request('GET /', ['Host', HOST])).status).toBe(200);
  expect(world.daemon.log.filter((line) => /"level":"(warn|error)"/.test(line))).toEqual([]);
});

test('no other port and no other name is answered for', async () => {
  const world = await startWorld({ daemon: { settings: { connectPorts: [8443] } } });
  for (const other of [`${HOST}:8443`, 'sallyport.invalid:443', `x.${HOST}:443`])
    await expect(connectTlsTunnel(world.daemon, other, { ca: world.daemon.ca, alpn: [] }), other).rejects.toThrow();
});

test('the clocks of upstreams are known by their replies, but not by what lay in a cache', async () => {
  const hourAhead = new Date(Date.now() + 3_600_000).toUTCString();
  const dated: readonly (readonly string[])[] = [['date', hourAhead], ['date', hourAhead, 'age', '60'], ['date', 'soon'], []];
  let asked = 0;
  const provider = {
    override: (_: unknown, reply: { json(status: number, value: unknown, headers?: readonly string[]): void }) => {
      reply.json(200, {}, dated[asked++]);
      return true;
    },
  };
  const world = await startWorld({ provider });
  for (const _ of dated) await world.post('api.anthropic.com', '/v1/messages', { model: 'm', messages: [] });
  const ahead = world.daemon.proxy.fidelity().map(({ clockAheadMs }) => clockAheadMs);
  expect(ahead.slice(0, 3)).toEqual([undefined, undefined, undefined]);
  expect(ahead[3]).toBeGreaterThan(3_500_000);
  expect(ahead[3]).toBeLessThanOrEqual(3_600_000);
});
