// Who may use the proxy: tokens by every way in, the users of this machine, and what becomes of both while a connection stands.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatToken, parseToken } from '../../src/rules/client-token.ts';
import { DEFAULT_PROFILE } from '../../src/rules/profile.ts';
import { openKeyring } from '../../src/store/keyring.ts';
import { openStore } from '../../src/store/open.ts';
import { openProfiles } from '../../src/store/profiles.ts';
import { openTokens, type Tokens } from '../../src/store/tokens.ts';
import { type Client, connectTunnel } from '../support/client.ts';
import type { TestDaemonOptions } from '../support/daemon.ts';
import { scratchFolder } from '../support/folder.ts';
import { callH2, startH2 } from '../support/h2-client.ts';
import { headerOf, type WireReply } from '../support/http1.ts';
import { startWorld, type World } from '../support/world.ts';

const HOST = 'api.anthropic.com';
const STRANGER = { peerUser: () => Promise.resolve(65_534) };
const WORK = { ...DEFAULT_PROFILE, name: 'work' };

async function setUp(daemon: TestDaemonOptions = STRANGER) {
  const home = scratchFolder();
  const store = openStore({ path: join(home, 'sallyport.db') });
  onTestFinished(() => store.close());
  openProfiles(store).add(WORK);
  const clock = { now: Date.now() };
  const keyring = await openKeyring({ store, home, environment: {}, now: () => clock.now });
  const tokens = openTokens({ store, keyring, now: () => clock.now, random: randomBytes, schedule: () => () => {} });
  const world = await startWorld({ daemon: { tokens, profiles: [WORK], ...daemon } });
  const { token, row } = tokens.create({ profile: 'work', expiresAtMs: clock.now + 60_000, note: '' });
  return { world, tokens, token, id: row.id, clock };
}

const basic = (credentials: string) => ['Proxy-Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`];

/** The reply to a CONNECT with these fields. */
async function knock(world: World, fields: readonly string[]): Promise<WireReply> {
  const c = await connectTunnel(world.daemon, `${HOST}:443`, { connectHeaders: ['Host', `${HOST}:443`, ...fields] });
  onTestFinished(() => c.destroy());
  return c.tunnelReply!;
}

function modelsInside(c: Client): Promise<WireReply> {
  return c.request('GET /v1/models', ['Host', HOST]);
}

function modelsPlain(c: Client, fields: readonly string[]): Promise<WireReply> {
  return c.request(`GET https://${HOST}/v1/models`, ['Host', HOST, ...fields]);
}

/** A SOCKS5 greeting with `methods`; the reply's method, and with credentials the status of RFC 1929. */
async function greet(
  world: World,
  methods: readonly number[],
  credentials?: readonly [string, string],
): Promise<[Client, number, number?]> {
  const c = await world.connectPlain();
  await c.write(Buffer.from([5, methods.length, ...methods]));
  const method = (await c.reader.exactly(2))[1]!;
  if (!credentials || method !== 2) return [c, method];
  const [user, password] = credentials.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]));
  await c.write(Buffer.concat([Buffer.from([1]), user!, password!]));
  return [c, method, (await c.reader.exactly(2))[1]!];
}

describe('a token is taken', () => {
  test.each<[string, (token: string) => readonly string[]]>([
    ['as the password of anybody', (token) => basic(`any:${token}`)],
    ['as the password of its profile', (token) => basic(`work:${token}`)],
    ['as the user', (token) => basic(`${token}:`)],
    ['as the user, without a colon', (token) => basic(token)],
    ['as a bearer', (token) => ['Proxy-Authorization', `Bearer ${token}`]],
  ])('%s, of a CONNECT and of an absolute-form request', async (_, fields) => {
    const { world, token } = await setUp();
    const c = await world.connect(HOST, { connectHeaders: ['Host', `${HOST}:443`, ...fields(token)] });
    expect((await modelsInside(c)).status).toBe(200);
    expect((await world.daemon.record()).profile).toBe('work');
    expect((await modelsPlain(await world.connectPlain(), fields(token))).status).toBe(200);
    expect(JSON.stringify(world.provider.capture.requests.map((q) => q.headers))).not.toContain('uthorization');
  });

  test.each<[string, (token: string) => [string, string]]>([
    ['the password', (token) => ['any', token]],
    ['the user', (token) => [token, '']],
  ])('of SOCKS5, as %s', async (_, credentials) => {
    const { world, token } = await setUp();
    const [c, method, status] = await greet(world, [0, 2], credentials(token));
    expect([method, status]).toEqual([2, 0]);
    const name = Buffer.from(HOST);
    await c.write(Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([1, 187])]));
    expect((await c.reader.exactly(10))[1]).toBe(0);
  });

  test('beside a password that is asked for, of our own user too', async () => {
    const unasked = () => Promise.reject(new Error('nobody asks for the user then'));
    const { world, token } = await setUp({ peerUser: unasked, proxyAuth: 'me:secret' });
    for (const credentials of ['me:secret', `me:${token}`]) expect((await knock(world, basic(credentials))).status).toBe(200);
    expect((await knock(world, [])).status).toBe(407);
  });
});

describe('a token is refused, in one line that says why and not what it was', () => {
  const cases: [string, RegExp, (token: string, tokens: Tokens, clock: { now: number }) => string][] = [
    ['mistyped', /the token is mistyped: its checksum does not fit/, (token) => `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`],
    ['of another secret', /the token is not known here/, (token) => formatToken({ ...parseToken(token)!, secret: '0'.repeat(64) })],
    ['of another id', /the token is not known here/, (token) => formatToken({ ...parseToken(token)!, id: '00000000' })],
    [
      'revoked',
      /the token was revoked/,
      (token, tokens) => {
        tokens.revoke(parseToken(token)!.id);
        return token;
      },
    ],
    [
      'expired',
      /the token has expired/,
      (token, _, clock) => {
        clock.now += 60_000;
        return token;
      },
    ],
  ];

  test.each(cases)('%s', async (_, why, make) => {
    // Whoever shows a token means it: a bad one is refused where none would have been needed.
    const { world, token, tokens, clock } = await setUp({});
    const shown = make(token, tokens, clock);
    for (const reply of [await knock(world, basic(`any:${shown}`)), await modelsPlain(await world.connectPlain(), basic(`any:${shown}`))]) {
      expect(reply.status).toBe(407);
      expect(headerOf(reply, 'proxy-authenticate')).toBe('Basic realm="sallyport"');
      const body = reply.body.toString();
      expect(body).toMatch(why);
      expect(body.trimEnd().split('\n')).toHaveLength(1);
      for (const part of shown.split('_').slice(2)) expect(body).not.toContain(part);
    }
    expect((await greet(world, [0, 2], ['any', shown])).slice(1)).toEqual([2, 1]);
    expect(world.daemon.log.join('\n')).not.toContain(parseToken(token)!.secret);
  });
});

describe('without a token', () => {
  test('the user that the proxy runs as may use it, another one may not', async () => {
    expect((await knock((await setUp({})).world, [])).status).toBe(200);
    const { world } = await setUp();
    const refused = await knock(world, []);
    expect([refused.status, refused.body.toString()]).toEqual([407, expect.stringContaining('user 65534 needs a token')]);
    expect((await modelsPlain(await world.connectPlain(), [])).status).toBe(407);
    expect((await greet(world, [0]))[1]).toBe(0xff);
    expect(world.provider.capture.connections).toEqual([]);
  });

  test('a socket that is nobody’s is refused', async () => {
    const { world } = await setUp({ peerUser: () => Promise.resolve('absent') });
    expect((await knock(world, [])).body.toString()).toContain('a token is needed');
  });

  // Credentials that were meant for another proxy, say; they stay here either way.
  test('other credentials than a token are nothing', async () => {
    for (const fields of [basic('me:secret'), ['Proxy-Authorization', 'Negotiate abc'], basic('')]) {
      expect((await knock((await setUp({})).world, fields)).status).toBe(200);
      expect((await knock((await setUp()).world, fields)).status).toBe(407);
    }
    // Some offer a password whether or not they have one.
    expect((await greet((await setUp({})).world, [0, 2], ['somebody', ''])).slice(1)).toEqual([2, 0]);
  });

  test('the user is asked for once a connection', async () => {
    let asked = 0;
    const { world } = await setUp({ peerUser: () => Promise.resolve(++asked === 1 ? 1000 : 65_534) });
    const c = await world.connectPlain();
    for (let i = 0; i < 3; i++) expect((await modelsPlain(c, [])).status).toBe(200);
    expect(asked).toBe(1);
  });
});

describe('what ends while a connection stands', () => {
  const ends: [string, RegExp, (tokens: Tokens, id: string, clock: { now: number }) => unknown][] = [
    ['a token that is revoked', /revoked/, (tokens, id) => tokens.revoke(id)],
    ['a token that expires', /expired/, (_, __, clock) => (clock.now += 60_000)],
    ['a token that is removed', /not known/, (tokens, id) => tokens.remove(id)],
  ];

  test.each(ends)('%s: the next exchange inside a tunnel is refused', async (_, why, end) => {
    const { world, token, tokens, id, clock } = await setUp();
    const c = await world.connect(HOST, { connectHeaders: ['Host', `${HOST}:443`, ...basic(`any:${token}`)] });
    expect((await modelsInside(c)).status).toBe(200);
    end(tokens, id, clock);
    const refused = await modelsInside(c);
    expect([refused.status, refused.body.toString()]).toEqual([407, expect.stringMatching(why)]);
    expect(world.provider.capture.requests).toHaveLength(1);
    expect(await world.daemon.record((r) => r.fault === 'proxy-auth')).toMatchObject({ profile: 'work', status: 407 });
  });

  test.each(ends)('%s: the next stream of HTTP/2 is refused, the one that runs is not', async (_, why, end) => {
    const { world, token, tokens, id, clock } = await setUp();
    const c = await world.connect(HOST, { alpn: ['h2'], connectHeaders: ['Host', `${HOST}:443`, ...basic(`any:${token}`)] });
    const session = await startH2(c);
    const models = { ':method': 'GET', ':scheme': 'https', ':authority': HOST, ':path': '/v1/models' };
    expect((await callH2(session, models)).status).toBe(200);
    end(tokens, id, clock);
    const refused = await callH2(session, models);
    expect([refused.status, refused.body.toString()]).toEqual([407, expect.stringMatching(why)]);
    expect(world.provider.capture.requests).toHaveLength(1);
  });

  test.each(ends)('%s: the next request of a kept connection is refused', async (_, why, end) => {
    const { world, token, tokens, id, clock } = await setUp();
    const c = await world.connectPlain();
    expect((await modelsPlain(c, basic(`any:${token}`))).status).toBe(200);
    end(tokens, id, clock);
    const refused = await modelsPlain(c, basic(`any:${token}`));
    expect([refused.status, refused.body.toString()]).toEqual([407, expect.stringMatching(why)]);
  });
});

describe('a profile', () => {
  test('has the keys that are for it, and no other one has', async () => {
    const rule = { host: HOST, header: 'x-api-key', value: 'key-of-work', replaces: 'dummy-key', profiles: ['work'] };
    const { world, token } = await setUp({ settings: { inject: [rule] }, secrets: { 'key-of-work': 'real-key-of-work' } });
    for (const fields of [basic(`any:${token}`), []]) {
      const c = await world.connect(HOST, { connectHeaders: ['Host', `${HOST}:443`, ...fields] });
      await c.request('GET /v1/models', ['Host', HOST, 'X-Api-Key', 'dummy-key']);
    }
    const sent = world.provider.capture.requests.map((q) => q.headers[q.headers.indexOf('X-Api-Key') + 1]);
    expect(sent).toEqual(['real-key-of-work', 'dummy-key']);
  });

  test('that keeps no log leaves no row and no report, and its exchanges pass', async () => {
    // So it does not matter either that no row could be written.
    const { world, token } = await setUp({ profiles: [{ ...WORK, log: 'none' }], refusesUnrecorded: true });
    const c = await world.connect(HOST, { connectHeaders: ['Host', `${HOST}:443`, ...basic(`any:${token}`)] });
    expect((await modelsInside(c)).status).toBe(200);
    await expect.poll(() => world.daemon.proxy.status()).toMatchObject({ exchanges: 0, totals: { pass: 1 } });
    expect(world.daemon.records).toEqual([]);
    expect(world.daemon.proxy.fidelity()).toEqual([]);
    expect((await modelsInside(await world.connect(HOST))).status).toBe(503);
  });
});
