// Who watches the exchanges: rates for `status`, metrics, and traces where they are wanted. What goes wrong with one of them is said, and
// costs no exchange. Must not know what any of them makes of an exchange.
import type { Logger } from 'pino';
import type { Config } from '../src/config.ts';
import { hostPort } from '../src/host-port.ts';
import type { Controlled } from '../src/proxy/control/messages.ts';
import { serveMetrics } from '../src/proxy/control/serve-metrics.ts';
import { openMetrics } from '../src/proxy/observe/metrics.ts';
import { firstByteMs } from '../src/proxy/observe/phases.ts';
import type { MetricSources } from '../src/proxy/observe/registry.ts';
import { openTraces } from '../src/proxy/observe/traces.ts';
import type { ProxyOptions } from '../src/proxy/options.ts';
import { openTraffic, type TrafficRow } from '../src/rules/traffic.ts';
import { listenFailure } from './failure.ts';

/** All who watch. */
export interface Observers {
  readonly observe: NonNullable<ProxyOptions['observe']>;
  traffic(): readonly TrafficRow[];
  /** Where the page for Prometheus is; undefined where there is none. */
  metricsUrl(): string | undefined;
  /** Opens the page for Prometheus, if there is to be one, and gives what the control socket answers. Rejects with what failure.ts explains. */
  serve(sources: MetricSources): Promise<Controlled['metrics']>;
  /** Sends what is left to send. */
  close(): Promise<void>;
}

/** Opens them. Rejects with one line where traces are wanted and their packages are not there. */
export async function openObservers(
  { metrics: page, traces: wanted }: Pick<Config, 'metrics' | 'traces'>,
  { version, isEphemeral }: { readonly version: string; readonly isEphemeral: boolean },
  log: Logger,
): Promise<Observers> {
  const traffic = openTraffic();
  const closing = new AsyncDisposableStack();
  const onTrouble = (why: string | undefined) =>
    why === undefined ? log.info('traces are sent again') : log.warn({ why, endpoint: wanted?.endpoint }, 'traces cannot be sent');
  const traces = wanted && (await openTraces({ endpoint: wanted.endpoint, version, onTrouble }));
  if (traces) closing.defer(() => traces.close());
  let sources: MetricSources | undefined;
  const metrics = openMetrics(() => sources!);
  let hasFailed = false;
  let metricsUrl: string | undefined;
  return {
    observe: (x, record) => {
      try {
        const { provider, addedMs, tokensIn, tokensOut } = record;
        traffic.note({ provider, addedMs, firstByteMs: firstByteMs(x), tokensIn, tokensOut }, performance.now());
        metrics.observe(x, record);
        traces?.observe(x, record);
      } catch (err) {
        if (!hasFailed) log.error({ err }, 'an exchange was not counted; further ones are not said');
        hasFailed = true;
      }
    },
    traffic: () => traffic.rows(performance.now()),
    metricsUrl: () => metricsUrl,
    serve: async (given) => {
      sources = given;
      const text = async () => (await metrics.load()).text();
      if (page) {
        try {
          const served = await serveMetrics(page.listen, text, (err) => log.error({ err }, 'the page for Prometheus has trouble'));
          closing.defer(() => served.close());
          metricsUrl = `http://${hostPort(served.address)}/metrics`;
        } catch (thrown) {
          const failure = listenFailure(thrown, page.listen, undefined, '--metrics HOST:PORT') ?? thrown;
          // The daemon that stays has it, most likely, and a command need not fail for that.
          if (!isEphemeral) throw failure;
          log.warn({ err: failure }, 'metrics cannot be read');
        }
      }
      // The library takes a moment to load, and nobody waits for it.
      setImmediate(() => metrics.load().catch((err: unknown) => log.error({ err }, 'metrics could not be opened')));
      return async (form) => (form === 'json' ? (await metrics.load()).json() : text());
    },
    close: () => closing.disposeAsync(),
  };
}
