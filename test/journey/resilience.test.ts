// A provider that is overloaded, limits, fails, hangs or comes back, and clients that ask for more. What clients see is the provider's own
// form with an honest Retry-After; what the provider sees is never more than clients would have sent alone.
import { describe, expect, test } from 'vitest';
import { memoryKeeper, OK, PROVIDER, said, startFlowStage } from '../support/flow-stage.ts';
import { headerOf } from '../support/http1.ts';
import type { OriginConnection } from '../support/origin.ts';
import { until } from '../support/scripted.ts';

const LIMITED = { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } };
const OVERLOADED = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
const jsonOf = (reply: { readonly body: Buffer }) => JSON.parse(reply.body.toString());

describe('a host that nobody named is observed', () => {
  test('a storm of 200 passes with its own bytes, and what would have been is counted', async () => {
    const stage = await startFlowStage({ resilience: {} });
    stage.play = () => said(429, LIMITED, ['Retry-After', '30']);
    const replies = await Promise.all(Array.from({ length: 200 }, () => stage.post()));
    for (const reply of replies) expect([reply.status, headerOf(reply, 'retry-after'), jsonOf(reply)]).toEqual([429, '30', LIMITED]);
    expect(stage.reached).toHaveLength(200);
    stage.play = () => OK;
    expect((await stage.post()).status).toBe(200);
    expect(stage.counts()['would-wait:cooldown']).toBeGreaterThan(0);
    expect(Object.keys(stage.counts()).filter((name) => /^(refused|waited|joined|locked)/.test(name))).toEqual([]);
  });

  test('off looks at nothing', async () => {
    const stage = await startFlowStage({ resilience: { mode: 'off' } });
    stage.play = () => said(529, OVERLOADED);
    for (let i = 0; i < 12; i++) expect((await stage.post()).status).toBe(529);
    expect([stage.rows(), stage.counts()]).toEqual([[], {}]);
  });
});

describe('cooldown', () => {
  test('200 at once are one pause; until it is over one is told how long, in the provider’s words, and nothing is sent', async () => {
    const stage = await startFlowStage();
    stage.play = () => said(429, LIMITED, ['Retry-After', '30']);
    await Promise.all(Array.from({ length: 200 }, () => stage.post()));
    const before = stage.reached.length;
    expect(stage.rows().filter(({ machine }) => machine === 'cooldown')).toMatchObject([{ state: 'cooling', detail: 'level 1' }]);
    const refused = await stage.post();
    expect([refused.status, jsonOf(refused).error.type]).toEqual([429, 'rate_limit_error']);
    expect(headerOf(refused, 'x-sallyport-fault')).toBe('cooling-down');
    const seconds = Number(headerOf(refused, 'retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(30);
    expect(seconds).toBeLessThanOrEqual(38);
    expect(stage.reached).toHaveLength(before);
    // Another credential, and another family of models, have nothing to do with it.
    stage.play = () => OK;
    expect((await stage.post({ key: 'key-2' })).status).toBe(200);
    expect((await stage.post({ model: 'claude-haiku-4-5' })).status).toBe(200);
  });

  test('what comes shortly before its end waits in line; then one goes first, and the others after it', async () => {
    const stage = await startFlowStage();
    stage.play = () => said(429, LIMITED, ['Retry-After', '5']);
    expect((await stage.post()).status).toBe(429);
    const gate = Promise.withResolvers<void>();
    stage.play = async () => {
      await gate.promise;
      return OK;
    };
    const replies = Array.from({ length: 6 }, (_, i) => stage.post({ text: `n ${i}` }));
    await until(() => stage.rows().some(({ waiting }) => waiting === 6), 'six in line');
    expect(stage.reached).toHaveLength(1);
    stage.clock.advance(5001);
    await until(() => stage.reached.length === 2, 'the probe');
    for (let i = 0; i < 20; i++) stage.clock.advance(50);
    expect(stage.reached).toHaveLength(2);
    gate.resolve();
    const all = Promise.all(replies);
    await until(() => {
      stage.clock.advance(60);
      return stage.reached.length === 7;
    }, 'the others');
    expect((await all).map(({ status }) => status)).toEqual(Array(6).fill(200));
  });

  test('a client that leaves the line is forgotten, and one whose patience ends is refused', async () => {
    const stage = await startFlowStage({ resilience: { mode: 'enforce', queue_seconds: 20, queue_depth: 2 } });
    stage.play = () => said(429, LIMITED, ['Retry-After', '15']);
    await stage.post();
    const leaver = await stage.open();
    const stayer = stage.post();
    await until(() => stage.rows().some(({ waiting }) => waiting === 2), 'two in line');
    const third = await stage.post();
    expect([third.status, headerOf(third, 'x-sallyport-fault')]).toEqual([429, 'cooling-down']);
    leaver.reset();
    await until(() => stage.rows().some(({ waiting }) => waiting === 1), 'one in line');
    // The provider asks for more in the meantime.
    stage.clock.advance(15_001);
    await until(() => stage.reached.length === 2, 'the probe');
    expect((await stayer).status).toBe(429);
    expect(stage.reached).toHaveLength(2);
  });

  test('the hint may stand in the body (Google RetryInfo)', async () => {
    const stage = await startFlowStage();
    const body = { error: { code: 429, details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '40s' }] } };
    stage.play = () => said(429, body);
    await stage.post();
    await until(() => stage.rows().some(({ untilMs }) => untilMs - stage.clock.now() > 30_000), 'the pause of the body');
    const refused = await stage.post();
    expect(Number(headerOf(refused, 'retry-after'))).toBeGreaterThanOrEqual(40);
  });

  test('it outlives the daemon', async () => {
    const keeper = memoryKeeper();
    const first = await startFlowStage({ keeper });
    first.play = () => said(429, LIMITED, ['Retry-After', '60']);
    await first.post();
    expect(JSON.stringify([...keeper.rows])).not.toContain('key-1');
    const second = await startFlowStage({ keeper, startMs: first.clock.now() + 1000 });
    expect((await second.post()).status).toBe(429);
    expect(second.reached).toHaveLength(0);
    expect(second.scene.daemon.proxy.reset({ what: 'limits', host: PROVIDER })).toBeGreaterThan(0);
    expect((await second.post()).status).toBe(200);
    expect([...keeper.rows.keys()].filter((name) => name.startsWith('cooldown'))).toEqual([]);
  });
});

describe('breaker', () => {
  test('a burst of 529 opens it: the provider’s own overload answer, then one that tries, then all', async () => {
    const stage = await startFlowStage();
    stage.play = () => said(529, OVERLOADED);
    for (let i = 0; i < 8; i++) expect((await stage.post({ text: `t ${i}` })).status).toBe(529);
    const refused = await stage.post();
    expect([refused.status, jsonOf(refused).error.type, headerOf(refused, 'x-sallyport-fault')]).toEqual([
      529,
      'overloaded_error',
      'breaker-open',
    ]);
    expect(Number(headerOf(refused, 'retry-after'))).toBeGreaterThanOrEqual(10);
    expect(stage.reached).toHaveLength(8);
    const gate = Promise.withResolvers<void>();
    stage.play = async () => {
      await gate.promise;
      return OK;
    };
    stage.clock.advance(10_001);
    const probe = stage.post();
    await until(() => stage.reached.length === 9, 'the probe');
    expect((await stage.post()).status).toBe(529);
    gate.resolve();
    expect((await probe).status).toBe(200);
    expect((await stage.post()).status).toBe(200);
    expect(stage.reached).toHaveLength(10);
  });

  test.each([
    ['a reset before the first byte', (c: { reset(): void }) => void c.reset()],
    ['an end before the first byte', (c: { end(): void }) => void c.end()],
  ])('%s counts; what 429, 401 and 403 say does not', async (_what, end) => {
    const stage = await startFlowStage({ resilience: { breaker: 'enforce' } });
    const statuses = [401, 403, 429];
    stage.play = () => said(statuses[stage.reached.length % 3]!, LIMITED);
    for (let i = 0; i < 12; i++) await stage.post({ text: `a ${i}` });
    expect(stage.rows().filter(({ machine }) => machine === 'breaker')).toEqual([]);
    stage.play = (_request, connection) => end(connection) as undefined;
    for (let i = 0; i < 8; i++) expect((await stage.post({ text: `b ${i}` })).status).toBe(502);
    expect(headerOf(await stage.post(), 'x-sallyport-fault')).toBe('breaker-open');
    expect(stage.reached).toHaveLength(20);
  });

  test.each([
    ['a hang before the first byte', 504, () => undefined],
    [
      'a reset in mid-reply',
      200,
      async (c: OriginConnection) => {
        await c.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n');
        c.reset();
      },
    ],
    ['nonsense', 502, (c: OriginConnection) => c.write('what?\r\n\r\n')],
  ])('%s counts as a failure', async (_what, status, act) => {
    const stage = await startFlowStage({ idleMs: 500 });
    stage.play = async (_request, connection) => {
      await act(connection);
      return undefined;
    };
    const replies = await Promise.all(Array.from({ length: 16 }, (_, i) => stage.post({ text: `t ${i}` })));
    // A head that came is a success, so a reply that is cut counts for both; the rest came when it was open.
    expect(replies.filter((reply) => reply.status === status).length).toBeGreaterThanOrEqual(4);
    expect(new Set(replies.map((reply) => reply.status).filter((seen) => seen !== status && seen !== 529))).toEqual(new Set());
    await until(() => stage.rows().some(({ machine, state }) => machine === 'breaker' && state === 'open'), 'the breaker');
    expect(headerOf(await stage.post(), 'x-sallyport-fault')).toBe('breaker-open');
  });

  test('two hundred at once that end in every way leave nothing stuck', async () => {
    const stage = await startFlowStage();
    stage.play = async (_request, connection) => {
      const way = stage.reached.length % 6;
      if (way === 0) return said(429, LIMITED, ['Retry-After', '3']);
      if (way === 1) return said(529, OVERLOADED);
      if (way === 2) return said(500, OVERLOADED);
      if (way === 3) return connection.reset() as undefined;
      if (way === 4) return connection.end() as undefined;
      return OK;
    };
    const models = ['claude-a', 'claude-b', 'claude-c'];
    const ask = async (i: number) => {
      const client = await stage.open({ text: `t ${i}`, model: models[i % 3]! });
      // Some leave at once.
      if (i % 7 === 0) return client.reset();
      await client.reply('POST').catch(() => undefined);
    };
    const all = Promise.all(Array.from({ length: 200 }, (_, i) => ask(i)));
    let isOver = false;
    void all.then(() => {
      isOver = true;
    });
    await until(
      () => {
        stage.clock.advance(200);
        return isOver;
      },
      'all of them',
      40_000,
    );
    await until(() => stage.scene.daemon.proxy.status().exchanges === 0, 'no exchange is left');
    expect(stage.rows().filter(({ waiting }) => waiting > 0)).toEqual([]);
    // The longest a machine holds on after such a storm, and then one probe each.
    stage.clock.advance(120_000);
    stage.play = () => OK;
    for (const model of models) expect((await stage.post({ model })).status).toBe(200);
    for (const model of models) expect((await stage.post({ model })).status).toBe(200);
  });

  test('a client that leaves says nothing of the provider', async () => {
    const stage = await startFlowStage();
    stage.play = () => undefined;
    for (let i = 0; i < 10; i++) {
      const client = await stage.open({ text: `t ${i}` });
      await until(() => stage.reached.length === i + 1, 'the request');
      client.reset();
    }
    stage.play = () => OK;
    await until(() => stage.scene.daemon.proxy.status().exchanges === 0, 'all gone');
    expect((await stage.post()).status).toBe(200);
  });

  test('silence counts, and a stream that is long is never cut by a limit', async () => {
    const stage = await startFlowStage({ resilience: { mode: 'enforce', requests_per_minute: 2 } });
    const more = Promise.withResolvers<void>();
    stage.play = async (_request, connection) => {
      await connection.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n',
      );
      await more.promise;
      await connection.write('9\r\ndata: 2\n\n\r\n0\r\n\r\n');
      return undefined;
    };
    const client = await stage.open();
    const reply = client.reply('POST');
    await until(() => stage.reached.length === 1, 'the stream');
    stage.clock.advance(3_600_000);
    more.resolve();
    expect((await reply).body.toString()).toBe('data: 1\n\ndata: 2\n\n');
  });

  test('a host that cannot be reached has one of its own, and is tried again by itself', async () => {
    const stage = await startFlowStage();
    await stage.scene.origin.close();
    for (let i = 0; i < 8; i++) expect(headerOf(await stage.post(), 'x-sallyport-fault')).toBe('upstream-unreachable');
    const refused = await stage.post();
    expect([refused.status, headerOf(refused, 'x-sallyport-fault')]).toEqual([529, 'breaker-open']);
    expect(stage.rows()).toMatchObject([{ machine: 'way', state: 'open', model: '' }]);
    expect(stage.counts().retried).toBe(1);
    expect(stage.scene.daemon.proxy.reset({ what: 'breaker', host: undefined })).toBe(1);
    expect(headerOf(await stage.post(), 'x-sallyport-fault')).toBe('upstream-unreachable');
  });
});

describe('lockout', () => {
  const MISSING = { type: 'error', error: { type: 'not_found_error', message: 'model: claude-none' }, request_id: 'req_1' };

  test('the second time in a row locks the model for this credential: the provider’s own last answer, for ten minutes', async () => {
    const stage = await startFlowStage();
    stage.play = () => said(404, MISSING, ['X-Own', 'yes']);
    const own = await stage.post({ model: 'claude-none' });
    await stage.post({ model: 'claude-none' });
    await until(() => stage.rows().some(({ machine }) => machine === 'lockout'), 'the lock');
    const again = await stage.post({ model: 'claude-none' });
    expect([again.status, again.reason, headerOf(again, 'x-own'), again.body]).toEqual([404, 'Said', 'yes', own.body]);
    expect(stage.reached).toHaveLength(2);
    stage.play = () => OK;
    expect((await stage.post({ model: 'claude-sonnet-4-5' })).status).toBe(200);
    expect((await stage.post({ model: 'claude-none', key: 'key-2' })).status).toBe(200);
    stage.clock.advance(600_001);
    expect((await stage.post({ model: 'claude-none' })).status).toBe(200);
    const record = await stage.scene.daemon.record(({ fault }) => fault === 'locked-out');
    expect(record.status).toBe(404);
  });

  test('a refusal that is edited on its way as a stream is heard too, though others could read it', async () => {
    const stage = await startFlowStage();
    // What was masked once has replies of no announced length go through the restorer, and what hears them stood in front of it.
    await stage.post({ text: 'write to ada@acme-corp.com' });
    const body = JSON.stringify(MISSING);
    const head = 'HTTP/1.1 404 Said\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    stage.play = () => Buffer.from(`${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    for (let i = 0; i < 2; i++) expect((await stage.post({ model: 'claude-none' })).status).toBe(404);
    await until(() => stage.rows().some(({ machine }) => machine === 'lockout'), 'the lock');
    const again = await stage.post({ model: 'claude-none' });
    expect([again.status, again.body.toString(), stage.reached.length]).toEqual([404, body, 3]);
  });

  test('a success in between unlocks, and a 404 of another kind is none', async () => {
    const stage = await startFlowStage();
    const statuses = [404, 200, 404, 200];
    stage.play = () => said(statuses[stage.reached.length - 1]!, MISSING);
    for (const status of statuses) expect((await stage.post({ model: 'claude-none' })).status).toBe(status);
    stage.play = () => said(404, { type: 'error', error: { type: 'not_found_error', message: 'Not found' } });
    for (let i = 0; i < 4; i++) await stage.post({ model: 'claude-none' });
    expect(stage.reached).toHaveLength(8);
  });
});

describe('limiter', () => {
  test('the user’s own limit: the third of two a minute waits for its turn, background after what somebody sits before', async () => {
    const stage = await startFlowStage({ resilience: { limiter: 'enforce', requests_per_minute: 2, queue_seconds: 60 } });
    expect((await stage.post()).status).toBe(200);
    expect((await stage.post()).status).toBe(200);
    const background = stage.post({ path: '/v1/messages/count_tokens', text: 'background' });
    await until(() => stage.rows().some(({ waiting }) => waiting === 1), 'one in line');
    const interactive = stage.post({ text: 'interactive' });
    await until(() => stage.rows().some(({ waiting }) => waiting === 2), 'two in line');
    stage.clock.advance(30_100);
    await until(() => stage.reached.length === 3, 'the third');
    expect(stage.reached[2]!.body.toString()).toContain('interactive');
    expect((await interactive).status).toBe(200);
    stage.clock.advance(30_100);
    expect((await background).status).toBe(200);
    expect(stage.counts()['waited:limiter']).toBe(2);
  });

  test('limits are learned from the reply, and a refusal is a 429 of the provider’s form', async () => {
    const stage = await startFlowStage();
    const reset = new Date(stage.clock.now() + 60_000).toISOString();
    const prefix = 'anthropic-ratelimit-requests';
    stage.play = () => said(200, {}, [`${prefix}-limit`, '50', `${prefix}-remaining`, '0', `${prefix}-reset`, reset]);
    await stage.post();
    stage.play = () => OK;
    const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => stage.open({ text: `t ${i}` })));
    await until(() => stage.rows().some(({ waiting }) => waiting > 0), 'some in line');
    expect(stage.reached.length).toBeLessThan(5);
    for (let i = 0; i < 12; i++) stage.clock.advance(1000);
    await until(() => {
      stage.clock.advance(1);
      return stage.rows().every(({ waiting }) => waiting === 0);
    }, 'an empty line');
    const statuses = (await Promise.all(replies.map((client) => client.reply('POST')))).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
  });
});

describe('hold', () => {
  test('a request is parked until the provider’s window opens, and goes then', async () => {
    const stage = await startFlowStage({ resilience: { mode: 'enforce', hold: 'enforce', hold_seconds: 50 } });
    stage.play = () => said(429, LIMITED, ['Retry-After', '40']);
    await stage.post();
    stage.play = () => OK;
    const held = stage.post();
    await until(() => stage.rows().some(({ waiting }) => waiting === 1), 'it is held');
    stage.clock.advance(40_001);
    expect((await held).status).toBe(200);
    const record = await stage.scene.daemon.record(({ status }) => status === 200);
    expect(record.addedMs).toBeLessThan(30_000);
  });
});
