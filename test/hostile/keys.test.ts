// Checklist E54 to E63: a real key leaves only towards its own host, over verified TLS, on port 443, in the one field it belongs to.
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { connectPlain, connectTlsTunnel, type TlsOptions } from '../support/client.ts';
import type { TestDaemonOptions } from '../support/daemon.ts';
import { CLEAR, hostileStage, VICTIM } from '../support/hostile-stage.ts';
import { requestBytes, type WireReply } from '../support/http1.ts';

const REAL = 'sk-real-7Qm2';
const OTHER = 'sk-other-9Xw4';
const BROKEN = `${REAL}\r\nX-Evil: 1`;
const template = (name: string) => ['$', `{env:${name}}`].join('');
const rule = (host: string, header: string, value: string, replaces?: string) => ({ host, header, value, replaces });
const sealed = (name: string, host: string, header: string, value: string) => ({
  name,
  hosts: [host],
  slots: [{ kind: 'header' as const, name: header }],
  placeholder: `dummy-${name}`,
  value,
});

/** Where the keys come from, and what a client holds in the place of the second one. */
const SOURCES: readonly { readonly source: string; readonly daemon: TestDaemonOptions; readonly other: string }[] = [
  {
    source: 'the configuration',
    other: 'whatever',
    daemon: {
      settings: {
        intercept: ['*'],
        inject: [
          rule(VICTIM, 'authorization', `Bearer ${template('KEY')}`, 'dummy-key'),
          rule(VICTIM, 'x-any-key', template('OTHER')),
          rule(CLEAR, 'authorization', `Bearer ${template('KEY')}`, 'dummy-clear'),
          rule('broken.example.test', 'authorization', template('BROKEN'), 'dummy-broken'),
        ],
      },
      secrets: { [`Bearer ${template('KEY')}`]: `Bearer ${REAL}`, [template('OTHER')]: OTHER, [template('BROKEN')]: BROKEN },
    },
  },
  {
    source: 'the vault',
    other: 'dummy-other',
    daemon: {
      settings: { intercept: ['*'] },
      vault: [
        sealed('key', VICTIM, 'authorization', REAL),
        sealed('other', VICTIM, 'x-any-key', OTHER),
        sealed('clear', CLEAR, 'authorization', REAL),
        sealed('broken', 'broken.example.test', 'authorization', BROKEN),
      ],
    },
  },
];

describe.each(SOURCES)('a key of $source', ({ daemon, other }) => {
  const stage = hostileStage({
    daemon,
    answer: async (c, q) => {
      const [, status] = /^\/redirect\/(\d+)$/.exec(q.target) ?? [];
      if (status) await c.write(`HTTP/1.1 ${status} Elsewhere\r\nLocation: https://evil.example/steal\r\nContent-Length: 0\r\n\r\n`);
      return status !== undefined;
    },
  });
  beforeAll(() => {
    const { host, port } = stage.secure;
    stage.daemon.reload({
      connectTo: [
        { pattern: CLEAR, host, port: stage.clear.port },
        { pattern: '*', host, port },
      ],
      connectPorts: [8443],
    });
  });

  let mark: readonly [number, number];
  const sizes = () =>
    [stage.secure, stage.clear].map((o) => o.connections.reduce((n, c) => n + c.reader.received().length, 0)) as [number, number];
  beforeEach(() => {
    mark = sizes();
  });
  /** What upstreams got since the test began; connections do not mix while one test runs. */
  const got = () =>
    [stage.secure, stage.clear]
      .map((o, i) =>
        Buffer.concat(o.connections.map((c) => c.reader.received()))
          .toString('latin1')
          .slice(mark[i]),
      )
      .join('');

  const DUMMY = ['Authorization', 'Bearer dummy-key', 'X-Any-Key', other];

  async function ask(
    authority: string,
    host: string,
    headers: readonly string[] = DUMMY,
    more: Partial<TlsOptions> = {},
    line = 'GET /x',
  ): Promise<WireReply> {
    const client = await connectTlsTunnel(stage.daemon, authority, { ca: stage.daemon.ca, alpn: ['http/1.1'], waitMs: 6_000, ...more });
    onTestFinished(() => client.destroy());
    return client.request(line, ['Host', host, ...headers]);
  }

  async function askPlain(startLine: string, headers: readonly string[]): Promise<WireReply> {
    const client = await connectPlain(stage.daemon, { waitMs: 6_000 });
    onTestFinished(() => client.destroy());
    await client.write(requestBytes(startLine, headers));
    return client.reply();
  }

  function expectNoKey(): void {
    expect(got()).not.toContain(REAL);
    expect(got()).not.toContain(OTHER);
  }

  test('everything agrees: the key, in place, and nothing else is changed', async () => {
    expect((await ask(`${VICTIM}:443`, VICTIM, ['X-Before', '1', ...DUMMY, 'X-After', '2'])).status).toBe(200);
    expect(got()).toBe(
      `GET /x HTTP/1.1\r\nHost: ${VICTIM}\r\nX-Before: 1\r\nAuthorization: Bearer ${REAL}\r\nX-Any-Key: ${OTHER}\r\nX-After: 2\r\n\r\n`,
    );
  });

  test.each([VICTIM.toUpperCase(), `${VICTIM}:443`])('the same host in another spelling (%s) is the same host', async (host) => {
    await ask(`${VICTIM}:443`, host);
    expect(got()).toContain(REAL);
  });

  describe('no key', () => {
    test.each(['evil.example', `${VICTIM}:8443`, `x.${VICTIM}`, `${VICTIM}.evil.example`, CLEAR])('Host %s', async (host) => {
      expect((await ask(`${VICTIM}:443`, host)).status).toBe(421);
      expectNoKey();
    });

    test.each(['evil.example', CLEAR, `x.${VICTIM}`])('SNI %s', async (serverName) => {
      expect((await ask(`${VICTIM}:443`, VICTIM, DUMMY, { serverName, checkName: VICTIM })).status).toBe(421);
      expectNoKey();
    });

    test('HTTP/1.0 without a Host', async () => {
      const client = await connectTlsTunnel(stage.daemon, `${VICTIM}:443`, { ca: stage.daemon.ca, alpn: ['http/1.1'], waitMs: 6_000 });
      onTestFinished(() => client.destroy());
      await client.write('GET /x HTTP/1.0\r\nAuthorization: Bearer dummy-key\r\n\r\n');
      expect((await client.reply()).status).toBe(200);
      expect(got()).toContain('Bearer dummy-key');
      expectNoKey();
    });

    // A hello without a server name was taken for one that agrees. The request still passes, as it came: the upstream answers it with a 401.
    test('no SNI', async () => {
      expect((await ask(`${VICTIM}:443`, VICTIM, DUMMY, { serverName: false, checkName: VICTIM })).status).toBe(200);
      expectNoKey();
      expect(got()).toContain('Authorization: Bearer dummy-key\r\n');
    });

    test.each([VICTIM, 'evil.example'])('CONNECT to another host, Host and SNI %s', async (name) => {
      const reply = await ask('evil.example:443', VICTIM, DUMMY, { serverName: name, checkName: 'evil.example' });
      expect(reply.status).toBe(421);
      expectNoKey();
    });

    test('another port', async () => {
      const reply = await ask(`${VICTIM}:8443`, `${VICTIM}:8443`);
      expect(reply.status).toBe(200);
      expect(got()).toContain('dummy-key');
      expectNoKey();
    });

    test.each([`http://${VICTIM}:8443/x`, `http://${VICTIM}:443/x`, `http://${VICTIM}/x`, `http://${CLEAR}/x`, `http://${CLEAR}:443/x`])(
      'in clear: %s',
      async (target) => {
        const client = await connectPlain(stage.daemon, { waitMs: 6_000 });
        onTestFinished(() => client.destroy());
        await client.write(
          requestBytes(`GET ${target}`, ['Host', VICTIM, ...(target.includes(CLEAR) ? ['Authorization', 'Bearer dummy-clear'] : DUMMY)]),
        );
        // The TLS port answers plain bytes with an alert or a close; in clear there is an answer.
        const reply = await client.reply().catch(() => undefined);
        expect(reply?.status).not.toBe(undefined);
        expectNoKey();
      },
    );

    test.each(['TRACE', 'trace'])('%s', async (method) => {
      await ask(`${VICTIM}:443`, VICTIM, DUMMY, {}, `${method} /x`);
      expectNoKey();
    });

    test('the header twice', async () => {
      await ask(`${VICTIM}:443`, VICTIM, ['Authorization', 'Bearer dummy-key', 'authorization', 'Bearer dummy-key']);
      expect(got().match(/dummy-key/g)).toHaveLength(2);
      expectNoKey();
    });

    test('the placeholder twice in one value', async () => {
      await ask(`${VICTIM}:443`, VICTIM, ['Authorization', 'Bearer dummy-key dummy-key']);
      expectNoKey();
    });

    test('the placeholder in another field, or in the target', async () => {
      await ask(`${VICTIM}:443`, VICTIM, ['Cookie', 'a=dummy-key', 'X-Echo', 'dummy-key', 'User-Agent', 'dummy-key']);
      await ask(`${VICTIM}:443`, VICTIM, [], {}, 'GET /dummy-key?k=dummy-key');
      expectNoKey();
    });

    test('no header, no key', async () => {
      await ask(`${VICTIM}:443`, VICTIM, []);
      expect(got()).toBe(`GET /x HTTP/1.1\r\nHost: ${VICTIM}\r\n\r\n`);
    });

    test('a value that would begin another line', async () => {
      const reply = await ask('broken.example.test:443', 'broken.example.test', ['Authorization', 'dummy-broken']);
      expect(reply.status).toBe(502);
      expect(got()).toBe('');
      expect(reply.body.toString()).not.toMatch(/sk-real|X-Evil|BROKEN/);
    });
  });

  describe('look-alikes', () => {
    const ALIKE = [
      `x${VICTIM}`,
      `x.${VICTIM}`,
      `${VICTIM}.evil.example`,
      `${VICTIM}-evil.example`,
      `${VICTIM}x`,
      'ictim.example.test',
      'victim-example.test',
      'victim.example.tes',
      'victim.example.test.test',
      'example.test',
      'xn--vctim-5va.example.test',
      'v1ctim.example.test',
      'vic_tim.example.test',
    ];

    test.each(ALIKE)('%s gets no key, and what carries the placeholder stays here', async (host) => {
      expect((await ask(`${host}:443`, host)).status).toBe(403);
      expect((await ask(`${host}:443`, host, ['X-Any-Key', 'whatever'])).status).toBe(200);
      expect((await askPlain(`GET https://${host}/x`, ['Host', host, ...DUMMY])).status).toBe(403);
      expect((await askPlain(`GET http://${host}/x`, ['Host', host, ...DUMMY])).status).toBe(403);
      expect(got()).not.toContain('dummy-key');
      expectNoKey();
    });

    test.each([
      ['in a cookie', ['Cookie', 'a=b; c=dummy-key'], 'GET /x'],
      ['in the middle of a value', ['X-Y', 'a dummy-key b'], 'GET /x'],
      ['in the path', [], 'GET /a/dummy-key/b'],
      ['in the query', [], 'GET /x?key=dummy-key'],
      ['percent-encoded', [], 'GET /x?key=%64ummy%2Dkey'],
      ['the clear host’s own', ['Authorization', 'Bearer dummy-clear'], 'GET /x'],
    ])('the placeholder on its way elsewhere: %s', async (_name, headers, line) => {
      const reply = await ask('evil.example:443', 'evil.example', headers, {}, line);
      expect(reply.status).toBe(403);
      expect(reply.body.toString()).not.toContain('dummy');
      expect(got()).toBe('');
    });
  });

  describe('per request, not per tunnel', () => {
    test('a tunnel that had the key is asked again each time', async () => {
      const client = await connectTlsTunnel(stage.daemon, `${VICTIM}:443`, { ca: stage.daemon.ca, alpn: ['http/1.1'], waitMs: 6_000 });
      onTestFinished(() => client.destroy());
      await client.request('GET /1', ['Host', VICTIM, ...DUMMY]);
      await client.request('GET /2', ['Host', VICTIM]);
      expect((await client.request('GET /3', ['Host', 'evil.example', ...DUMMY])).status).toBe(421);
      await client.reader.rest();
      expect(got().match(/^GET .*/gm)).toEqual(['GET /1 HTTP/1.1', 'GET /2 HTTP/1.1']);
      expect(got().match(new RegExp(REAL, 'g'))).toHaveLength(1);
    });

    test('a kept proxy connection, absolute targets of several hosts', async () => {
      const client = await connectPlain(stage.daemon, { waitMs: 6_000 });
      onTestFinished(() => client.destroy());
      await client.request(`GET https://${VICTIM}/1`, ['Host', VICTIM, ...DUMMY]);
      expect(got()).toContain(REAL);
      mark = sizes();
      await client.request('GET https://evil.example/2', ['Host', VICTIM, 'X-Any-Key', 'whatever']);
      await client.request(`GET http://${CLEAR}/3`, ['Host', VICTIM, 'X-Any-Key', 'whatever', 'Authorization', 'Bearer dummy-clear']);
      expect(got()).toMatch(/GET \/2 .*GET \/3 /s);
      expectNoKey();
    });
  });

  test.each([301, 302, 303, 307, 308])('a redirect (%s) is handed back, never followed', async (status) => {
    const reply = await ask(`${VICTIM}:443`, VICTIM, DUMMY, {}, `GET /redirect/${status}`);
    expect(reply.head.toString()).toBe(`HTTP/1.1 ${status} Elsewhere\r\nLocation: https://evil.example/steal\r\nContent-Length: 0\r\n\r\n`);
    expect(got().match(/^GET .*/gm)).toEqual([`GET /redirect/${status} HTTP/1.1`]);
  });

  test('Connection: authorization takes nothing away', async () => {
    await ask(`${VICTIM}:443`, VICTIM, ['Connection', 'authorization, x-any-key, close', ...DUMMY]);
    expect(got()).toContain(`Authorization: Bearer ${REAL}\r\n`);
    expect(got()).not.toMatch(/Connection: .*authorization/i);
  });

  test('what belongs to this hop stays here, and nothing is added', async () => {
    const ours = [
      'Proxy-Authorization',
      'Basic bWU6c2VjcmV0',
      'Proxy-Connection',
      'keep-alive',
      'proxy-foo',
      '1',
      'X-Sallyport-Rule',
      'off',
      'Keep-Alive',
      '5',
      'TE',
      'trailers',
    ];
    const theirs = ['Via', '1.1 theirs', 'X-Forwarded-For', '192.0.2.1'];
    await ask(`${VICTIM}:443`, VICTIM, [...ours, ...theirs]);
    await askPlain(`GET http://${CLEAR}/x`, ['Host', CLEAR, ...ours, ...theirs]);
    await askPlain(`GET https://${VICTIM}/x`, ['Host', VICTIM, ...ours, ...theirs]);
    const expected = (host: string) => `GET /x HTTP/1.1\r\nHost: ${host}\r\nVia: 1.1 theirs\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n`;
    expect(got()).toBe(expected(VICTIM).repeat(2) + expected(CLEAR));
  });

  test('neither key nor placeholder is in a log line, a record or a report', () => {
    const said = stage.daemon.log.join('\n') + JSON.stringify(stage.daemon.records) + JSON.stringify(stage.daemon.proxy.fidelity());
    expect(said.length).toBeGreaterThan(1_000);
    expect(said.match(/.{80}(sk-real|sk-other|dummy-|whatever).{20}/g)).toBeNull();
  });
});
