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
