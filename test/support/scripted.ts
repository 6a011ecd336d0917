// One proxy in front of a scripted upstream for the length of one test: every name leads to it, nothing is left open behind.
// For upstreams that behave, see world.ts; for refusals, hostile-stage.ts.
import { expect, onTestFinished } from 'vitest';
import { makeTestAuthority } from './certificates.ts';
import { type Client, connectPlain, connectTlsTunnel, type TlsOptions } from './client.ts';
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from './daemon.ts';
import { startH2 } from './h2-client.ts';
import { type H2Origin, startH2Origin } from './h2-origin.ts';
import { type Origin, type OriginOptions, startOrigin } from './origin.ts';

/** An intercepted host of no vendor; its port 80 is spoken to in clear. */
export const HOST = 'model.example.test';
/** Tunnelled, never decrypted. */
export const STRANGER = 'www.example.org';

interface Scene {
  readonly daemon: TestDaemon;
  /** A TLS connection to `host` through the proxy. */
  connect(options?: Partial<TlsOptions> & { readonly host?: string }): Promise<Client>;
  /** A connection to the proxy port itself. */
  connectPlain(options?: { readonly keep?: boolean }): Promise<Client>;
}

export interface Scripted extends Scene {
  readonly origin: Origin;
}

export interface ScriptedH2 extends Scene {
  readonly origin: H2Origin;
}

export interface ScriptedOptions extends Omit<OriginOptions, 'play' | 'authority'> {
  readonly daemon?: TestDaemonOptions;
  /** `true`: no TLS towards upstream, for requests in clear. */
  readonly clear?: boolean;
}

/** An HTTP/1.1 upstream (any ALPN with `alpn`) that runs `play` for each connection. */
export async function startScripted(play: OriginOptions['play'], options: ScriptedOptions = {}): Promise<Scripted> {
  const { daemon: settings, clear, ...more } = options;
  const authority = makeTestAuthority();
  const origin = await startOrigin({ alpn: ['http/1.1'], ...more, ...(clear ? {} : { authority }), play });
  onTestFinished(async () => {
    await origin.close();
    expect(origin.failures).toEqual([]);
  });
  return { origin, ...(await openScene(origin, authority.pem, settings)) };
}

/** An HTTP/2 upstream that runs `play` for each stream. */
export async function startScriptedH2(
  play: Parameters<typeof startH2Origin>[0]['play'],
  options: { readonly daemon?: TestDaemonOptions; readonly server?: Parameters<typeof startH2Origin>[0]['server'] } = {},
): Promise<ScriptedH2> {
  const authority = makeTestAuthority();
  const origin = await startH2Origin({ authority, play, ...(options.server ? { server: options.server } : {}) });
  onTestFinished(async () => {
    await origin.close();
    expect(origin.failures).toEqual([]);
  });
  return { origin, ...(await openScene(origin, authority.pem, options.daemon)) };
}

/** An HTTP/2 session of a client of the scene. */
export async function openH2(scene: ScriptedH2, options?: Parameters<typeof startH2>[1]) {
  const client = await scene.connect({ alpn: ['h2', 'http/1.1'] });
  return { client, session: await startH2(client, options) };
}

async function openScene(
  upstream: { readonly host: string; readonly port: number },
  ca: string,
  options: TestDaemonOptions = {},
): Promise<Scene> {
  const { settings, ...more } = options;
  const daemon = await startTestDaemon({ upstream, upstreamCa: ca, settings: { intercept: [HOST], ...settings }, ...more });
  onTestFinished(() => daemon.close());
  const kept = (client: Client) => {
    onTestFinished(() => client.destroy());
    return client;
  };
  return {
    daemon,
    connect: async ({ host = HOST, ...more } = {}) =>
      kept(await connectTlsTunnel(daemon, `${host}:443`, { ca: host === STRANGER ? ca : daemon.ca, alpn: ['http/1.1'], ...more })),
    connectPlain: async (more) => kept(await connectPlain(daemon, more)),
  };
}

/** `promise`, or an error naming `what` when it takes longer than `ms`. */
export async function soon<T>(promise: Promise<T>, what: string, ms = 4000): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what}: not within ${ms} ms`)), ms);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}

/** Resolves once `check` is true; it is looked at again every few ms. */
export async function until(check: () => boolean, what: string, ms = 8000): Promise<void> {
  const end = performance.now() + ms;
  while (!check()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
