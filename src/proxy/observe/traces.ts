// Exchanges as OpenTelemetry traces, sent by OpenTelemetry's own packages, which are loaded where somebody wants traces and not before:
// they are no dependency. What a trace says of an exchange is in spans.ts. Must not hold an exchange up, nor the end of the daemon.
import { setTimeout as pause } from 'node:timers/promises';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { ExchangeRecord } from '../../exchange-record.ts';
import type { Exchange } from '../exchange.ts';
import { spanWriter } from './spans.ts';

/** Traces that are being sent. */
export interface Traces {
  /** Makes the spans of an exchange that has ended; they are sent with others, later. */
  observe(x: Exchange, record: ExchangeRecord): void;
  /** Sends what is left, for a second at most. */
  close(): Promise<void>;
}

/** Where traces go and who hears of it. */
export interface TraceOptions {
  /** OTLP over HTTP, as JSON. */
  readonly endpoint: string;
  readonly version: string;
  /** Called when sending begins to fail, with why, and without when it works again. */
  readonly onTrouble: (why: string | undefined) => void;
}

const PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/resources',
  '@opentelemetry/exporter-trace-otlp-http',
] as const;
/** A collector takes its time, but not more. */
const EXPORT_MS = 5000;
const CLOSE_MS = 1000;

/** Rejects with an Error of one line where the packages are not there. */
export async function openTraces(options: TraceOptions): Promise<Traces> {
  const [api, { AlwaysOnSampler, BatchSpanProcessor, TracerProvider }, { resourceFromAttributes }, { OTLPTraceExporter }] = await load();
  const inner = new OTLPTraceExporter({ url: options.endpoint, timeoutMillis: EXPORT_MS });
  const processor = new BatchSpanProcessor({
    exporter: listened(inner, options.onTrouble),
    // The exporter gives up first, and says why.
    exportTimeoutMillis: 2 * EXPORT_MS,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'sallyport', 'service.version': options.version }),
    // A client that is not traced itself is no reason to leave an exchange out.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [processor],
  });
  const write = spanWriter(api, provider.getTracer('sallyport', options.version));
  let closing: Promise<void> | undefined;
  return {
    observe: (x, record) => {
      if (x.profile.log !== 'none') write(x, record);
    },
    close: () => (closing ??= Promise.race([provider.shutdown().catch(() => undefined), pause(CLOSE_MS, undefined, { ref: false })])),
  };
}

async function load() {
  try {
    return await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-http'),
    ]);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const names = PACKAGES.join(' ');
    throw new Error(isMissing ? `traces need packages that are not installed: npm install ${names}` : `traces: ${names} cannot be loaded`, {
      cause,
    });
  }
}

/** Hears how the exports go. */
function listened(inner: SpanExporter, onTrouble: TraceOptions['onTrouble']): SpanExporter {
  let isFailing = false;
  return {
    export: (spans, done) =>
      inner.export(spans, (result) => {
        const failed = result.code !== 0;
        if (failed !== isFailing) onTrouble(failed ? (result.error?.message ?? 'without a reason') : undefined);
        isFailing = failed;
        done(result);
      }),
    shutdown: () => inner.shutdown(),
  };
}
