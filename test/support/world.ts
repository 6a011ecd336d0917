// Provider, proxy and clients of one test, wired together and taken down when the test ends.
import { onTestFinished } from 'vitest';
import { type Client, connectPlain, connectTlsTunnel, type TlsOptions } from './client.ts';
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from './daemon.ts';
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from './fake-provider.ts';
import { headerOf, type WireReply } from './http1.ts';
import { decodeContent } from './provider/capture.ts';
import { parseEvents } from './sse.ts';

/** A reply with its body read as JSON or as events. */
export interface ReadReply extends WireReply {
  /** Body without its content coding. */
  readonly text: string;
  /** `text` as JSON; undefined when it is none. */
  readonly json: unknown;
  /** Data of each event, parsed. */
  readonly events: readonly unknown[];
}

export interface World {
  readonly provider: FakeProvider;
  readonly daemon: TestDaemon;
  /** A TLS connection to `host:443` through the proxy; ALPN http/1.1 unless told otherwise. */
  connect(host: string, options?: Partial<TlsOptions>): Promise<Client>;
  /** A connection to the proxy port itself. */
  connectPlain(): Promise<Client>;
  /** One HTTP/1.1 POST on a connection of its own. Objects are sent as JSON. */
  post(host: string, path: string, body: unknown, headers?: readonly string[]): Promise<ReadReply>;
}

/** Starts all of it; everything is closed when the running test has finished. */
export async function startWorld(
  options: { readonly provider?: FakeProviderOptions; readonly daemon?: TestDaemonOptions } = {},
): Promise<World> {
  const provider = await startFakeProvider(options.provider);
  onTestFinished(() => provider.close());
  const daemon = await startTestDaemon({ upstream: provider, upstreamCa: provider.authority.pem, ...options.daemon });
  onTestFinished(() => daemon.close());
  const kept = (client: Client) => {
    onTestFinished(() => client.destroy());
    return client;
  };
  const connect: World['connect'] = async (host, more) =>
    kept(await connectTlsTunnel(daemon, host.includes(':') ? host : `${host}:443`, { ca: daemon.ca, alpn: ['http/1.1'], ...more }));
  return {
    provider,
    daemon,
    connect,
    connectPlain: async () => kept(await connectPlain(daemon)),
    post: async (host, path, body, headers = []) => {
      const client = await connect(host);
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      return readReply(await client.request(`POST ${path}`, ['Host', host, 'Content-Type', 'application/json', ...headers], bytes));
    },
  };
}

/** Reads a reply's body. */
export function readReply(reply: WireReply): ReadReply {
  const text = decodeContent(reply.body, headerOf(reply, 'content-encoding')).toString();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { ...reply, text, json, events: parseEvents(text).map((e) => e.json) };
}
