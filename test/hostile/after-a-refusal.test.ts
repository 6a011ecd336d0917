// Checklist A18, A19, B22: what follows a refused or half-sent request on a connection is never taken for a request of its own.
import { expect, test } from 'vitest';
import { DOORS, hostileStage } from '../support/hostile-stage.ts';
import { headerOf } from '../support/http1.ts';

const stage = hostileStage();
// Answers to the head alone, as a server does that has seen enough.
const hasty = hostileStage({
  early: (target) => (target === '/early' ? 'HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno' : undefined),
});
const get = (path: string) => `GET {T}${path} HTTP/1.1\r\nHost: {H}\r\n\r\n`;
const post = (path: string, fields: string) => `POST {T}${path} HTTP/1.1\r\nHost: {H}\r\n${fields}\r\n`;

test.each(DOORS)('ten requests behind a refused one go nowhere (%s)', async (door) => {
  const seen = await stage.send(door, `${post('/x', 'Content-Length: 1\r\nContent-Length: 2\r\n')}${get('/smuggled').repeat(10)}`);
  expect(seen.replies.map((r) => r.status)).toEqual([400]);
  expect(seen.rest).toBe('');
  expect(seen.upstream).toEqual([]);
  await stage.others(door);
});

test.each(DOORS)('sound requests before a refused one keep their answers (%s)', async (door) => {
  const seen = await stage.send(door, `${get('/1')}${get('/2')}${post('/3', 'Transfer-Encoding: x\r\n')}${get('/4')}`, 3);
  expect(seen.replies.map((r) => r.status)).toEqual([200, 200, 400]);
  expect(seen.replies.slice(0, 2).map((r) => r.body.toString())).toEqual(['GET /1 ', 'GET /2 ']);
  expect(seen.upstream).toEqual([stage.fill(door, `${get('/1')}${get('/2')}`).replaceAll(stage.fill(door, '{T}') || '\0', '')]);
  await stage.others(door);
});

test.each(DOORS)('a body whose request was answered early is not the next request (%s)', async (door) => {
  const client = await hasty.open(door);
  try {
    await client.write(hasty.fill(door, post('/early', 'Content-Type: image/png\r\nContent-Length: 500\r\n')));
    expect((await client.reply()).status).toBe(413);
    await client.write(hasty.fill(door, get('/smuggled')));
    await client.reader.rest();
    expect(client.reader.received().toString()).not.toContain('/smuggled');
    const origin = door === 'tunnel' ? hasty.secure : hasty.clear;
    expect(origin.connections.map((c) => c.reader.received().toString()).join('')).not.toContain('/smuggled');
  } finally {
    client.destroy();
  }
  await hasty.others(door);
});

test.each(DOORS)('a body that was held back by an early answer to Expect is not the next request (%s)', async (door) => {
  const client = await hasty.open(door);
  try {
    const body = hasty.fill(door, get('/smuggled'));
    await client.write(
      hasty.fill(door, post('/early', `Expect: 100-continue\r\nContent-Type: image/png\r\nContent-Length: ${body.length}\r\n`)),
    );
    expect((await client.reply()).status).toBe(413);
    await client.write(body + body);
    await client.reader.rest();
    expect(client.reader.received().toString()).not.toContain('/smuggled');
    const origin = door === 'tunnel' ? hasty.secure : hasty.clear;
    expect(origin.connections.map((c) => c.reader.received().toString()).join('')).not.toContain('/smuggled');
  } finally {
    client.destroy();
  }
  await hasty.others(door);
});

test('a refused HEAD is answered without a body', async () => {
  const client = await stage.open('clear');
  await client.write('HEAD http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  const all = (await client.reader.rest()).toString();
  client.destroy();
  expect(all).toMatch(/^HTTP\/1\.1 403 /);
  expect(all.endsWith('\r\n\r\n')).toBe(true);
});

test.each(DOORS)('a client that goes on sending after a refusal is let go (%s)', async (door) => {
  const client = await stage.open(door);
  try {
    await client.write(stage.fill(door, post('/x', 'Content-Length: x\r\n')));
    const reply = await client.reply();
    expect(reply.status).toBe(400);
    expect(headerOf(reply, 'connection')).toBe('close');
    const piece = Buffer.alloc(64 * 1024, 'a');
    let gone = false;
    void client.over.then(() => {
      gone = true;
    });
    for (let i = 0; i < 2_000 && !gone; i++) await Promise.race([client.write(piece), client.over]);
    await client.over;
  } finally {
    client.destroy();
  }
  await stage.others(door);
});
