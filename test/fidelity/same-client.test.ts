// The upstream sees the same client with the daemon in between as without it: each test makes the same call twice, straight and through
// the proxy, and compares what the origin saw.
import { expect, onTestFinished, test } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { connectTlsDirect, connectTlsTunnel, type TlsOptions } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { callH2, startH2 } from '../support/h2-client.ts';
import { startH2Origin } from '../support/h2-origin.ts';
import { startOrigin } from '../support/origin.ts';

const HOST = 'api.openai.com';

async function daemonFor(origin: { readonly host: string; readonly port: number; close(): Promise<void> }, ca: string) {
  onTestFinished(() => origin.close());
  const daemon = await startTestDaemon({ upstream: origin, upstreamCa: ca });
  onTestFinished(() => daemon.close());
  return daemon;
}

test.each<[string, Partial<TlsOptions>]>([
  ['with ALPN', { alpn: ['http/1.1'] }],
  ['without ALPN', {}],
  ['TLS 1.2 at most', { alpn: ['http/1.1'], tls: { maxVersion: 'TLSv1.2' } }],
  [
    'ciphers and groups of its own',
    { alpn: ['h2', 'http/1.1'], tls: { ciphers: 'TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES128-GCM-SHA256', ecdhCurve: 'P-256:P-384' } },
  ],
])('the TLS hello of a Node client, %s', async (_, options) => {
  const authority = makeTestAuthority();
  const origin = await startOrigin({ authority, alpn: ['http/1.1'], play: () => {} });
  const daemon = await daemonFor(origin, authority.pem);
  const straight = await connectTlsDirect(origin, `${HOST}:443`, { ...options, ca: authority.pem });
  onTestFinished(() => straight.destroy());
  const through = await connectTlsTunnel(daemon, `${HOST}:443`, { ...options, ca: daemon.ca });
  onTestFinished(() => through.destroy());
  const [own, mirrored] = [(await origin.connection(1)).hello!, (await origin.connection(2)).hello!];
  expect(mirrored).toMatchObject({ ja3: own.ja3, ja4: own.ja4, alpn: own.alpn, serverName: own.serverName });
  expect(through.tls?.alpnProtocol).toBe(straight.tls?.alpnProtocol);
});

test('an HTTP/2 client: settings, window, order of pseudo-fields and fields', async () => {
  const authority = makeTestAuthority();
  const origin = await startH2Origin({
    authority,
    play: ({ stream }) => {
      stream.respond({ ':status': 200, 'x-b': '1', 'x-a': '2' });
      stream.end('ok');
    },
  });
  const daemon = await daemonFor(origin, authority.pem);
  const settings = { enablePush: false, initialWindowSize: 2_097_152, maxFrameSize: 16_384, maxHeaderListSize: 16_384 };
  const call = async (client: Awaited<ReturnType<typeof connectTlsDirect>>) => {
    onTestFinished(() => client.destroy());
    const session = await startH2(client, { settings });
    return callH2(
      session,
      {
        ':method': 'POST',
        ':scheme': 'https',
        ':authority': HOST,
        ':path': '/v1/responses',
        'x-2': 'b',
        accept: '*/*',
        'x-1': 'a',
        'content-type': 'application/json',
      },
      '{"input" :"hi"}',
    );
  };
  const straight = await call(await connectTlsDirect(origin, `${HOST}:443`, { ca: authority.pem, alpn: ['h2'] }));
  const through = await call(await connectTlsTunnel(daemon, `${HOST}:443`, { ca: daemon.ca, alpn: ['h2'] }));
  const [own, mirrored] = origin.calls;
  expect(mirrored!.headers).toEqual(own!.headers);
  expect((await mirrored!.body).toString()).toBe((await own!.body).toString());
  expect(mirrored!.session.settings()).toEqual(own!.session.settings());
  const withoutDate = (headers: readonly string[]) => headers.filter((_, i) => headers[i - (i % 2)] !== 'date');
  expect(withoutDate(through.headers)).toEqual(withoutDate(straight.headers));
  expect(through.body.toString()).toBe('ok');
  await daemon.record();
  const [report] = daemon.proxy.fidelity();
  const asSent = [
    [2, 0],
    [4, 2_097_152],
    [5, 16_384],
    [6, 16_384],
  ];
  expect(report!.h2).toMatchObject({ client: asSent, upstream: asSent });
});
