// Every metric there is, with its labels: docs/metrics.md says what each means. The value of a label is a name of ours, or a bounded and
// clean one. Must not show a host, a path, a user or any other text of a client.
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type { ExchangeRecord } from '../../exchange-record.ts';
import { boundedValues, NONE } from '../../rules/label-values.ts';
import type { Status } from '../control/messages.ts';
import type { Exchange } from '../exchange.ts';
import { firstByteMs, phaseSpans } from './phases.ts';
import { processMetrics } from './process.ts';

/** Where the figures are that are only looked at when somebody asks. */
export interface MetricSources {
  readonly status: () => Pick<
    Status,
    'version' | 'startedAtMs' | 'draining' | 'connections' | 'tunnels' | 'exchanges' | 'totals' | 'flow' | 'caExpiresAtMs'
  >;
  /** Rows of the audit log since the start, and those that wait. */
  readonly audit: () => { readonly written: number; readonly dropped: number; readonly queued: number };
}

/** Counts exchanges and tells what was counted. */
export interface MetricRegistry {
  observe(x: Exchange, record: ExchangeRecord): void;
  /** Prometheus' text format, version 0.0.4. */
  text(): Promise<string>;
  /** The same samples as values. */
  json(): Promise<readonly object[]>;
}

const QUICK = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** An answer takes from moments to minutes. */
const SLOW = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** More models than anybody uses, and few enough for any database. */
const MAX_MODELS = 100;
const MAX_NAMES = 100;

type Totals = Status['totals'];
type Row = readonly [labels: Readonly<Record<string, string>>, value: number];

/** A registry of its own, so that two daemons in one process do not meet. */
export function openRegistry(sources: MetricSources): MetricRegistry {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `sallyport_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]) =>
    new Histogram({ name: `sallyport_${name}_seconds`, help, labelNames, buckets, registers });
  const counted = (name: string, help: string, labelNames: readonly string[], rows: () => Iterable<Row>) =>
    new Counter({
      name: `sallyport_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of rows()) this.inc(labels, value);
      },
    });
  const measured = (name: string, help: string, labelNames: readonly string[], rows: () => Iterable<Row>) =>
    new Gauge({
      name: `sallyport_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of rows()) this.inc(labels, value);
      },
    });
  const gauge = (name: string, help: string, value: () => number) => measured(name, help, [], () => [[{}, value()]]);

  const exchanges = counter('exchanges_total', 'Exchanges that ended', ['provider', 'endpoint', 'status', 'verdict']);
  const faults = counter('faults_total', 'Exchanges that ended in a fault', ['code']);
  const requestBytes = counter('request_bytes_total', 'Bytes of request bodies on the wire', ['provider']);
  const replyBytes = counter('reply_bytes_total', 'Bytes of reply bodies on the wire', ['provider']);
  const tokens = counter('tokens_total', 'Tokens as replies say', ['provider', 'model', 'direction']);
  const masked = counter('masked_total', 'Values masked', ['kind']);
  const restored = counter('restored_total', 'Placeholders turned back into values');
  const added = histogram('added', 'Time spent on a request before it was sent', ['provider'], QUICK);
  const firstByte = histogram('upstream_first_byte', 'From the request being ready to the head of its reply', ['provider'], SLOW);
  const duration = histogram('exchange_duration', 'From the head of the request to the end of the reply', ['provider'], SLOW);
  const phase = histogram('phase_duration', 'Time in each phase', ['phase'], QUICK);

  // What the metrics look at takes some making, so it is made once for each time that somebody asks.
  let seen: ReturnType<MetricSources['status']> | undefined;
  const status = () => (seen ??= sources.status());
  const looking = <T>(read: () => T): T => {
    seen = undefined;
    return read();
  };
  const totals = (pick: Picked) => () => pick(status().totals);
  const guard = boundedValues(MAX_NAMES);
  counted('targets_total', 'Targets that were asked for', ['way'], totals(named('way', ['intercepted', 'tunnelled', 'absolute-form'])));
  counted(
    'leaves_issued_total',
    'Leaf certificates issued',
    [],
    totals(({ leaves = 0 }) => [[{}, leaves]]),
  );
  counted('equality_total', 'Exchanges by how close the TLS hello came', ['grade'], totals(below('equality:', 'grade')));
  counted('guardrail_findings_total', 'What guardrails found', ['guardrail', 'action'], totals(guardrails(guard)));
  counted('guardrail_faults_total', 'Guardrails that failed or were late', ['guardrail'], totals(guardrailFaults(guard)));
  counted('events_total', 'What else is counted', ['event'], totals(events(boundedValues(MAX_NAMES))));
  counted('audit_rows_total', 'Rows of the audit log', ['outcome'], () => {
    const { written, dropped } = sources.audit();
    return [
      [{ outcome: 'written' }, written],
      [{ outcome: 'dropped' }, dropped],
    ];
  });
  gauge('audit_queued', 'Rows that wait to be written', () => sources.audit().queued);
  gauge('connections', 'Open connections of clients', () => status().connections);
  gauge('tunnels', 'Connections that are passed through undecrypted', () => status().tunnels);
  gauge('exchanges_running', 'Exchanges that run', () => status().exchanges);
  gauge('draining', '1 while the daemon stops', () => Number(status().draining));
  gauge('ca_expiry_timestamp_seconds', 'When the CA certificate ends', () => status().caExpiresAtMs / 1000);
  measured('flow', 'Hosts, or families of their models, in each state', ['provider', 'state'], () =>
    (status().flow ?? []).map(({ provider, state }) => [{ provider: provider || NONE, state }, 1]),
  );
  measured('waiting', 'Requests that wait', ['provider'], () =>
    (status().flow ?? []).map(({ provider, waiting }) => [{ provider: provider || NONE }, waiting]),
  );
  measured('build_info', 'The version that runs', ['version'], () => [[{ version: status().version }, 1]]);
  processMetrics(registry, () => status().startedAtMs);

  const model = boundedValues(MAX_MODELS);
  const kind = boundedValues(MAX_NAMES);
  return {
    observe: (x, record) => {
      const of = { provider: record.provider || NONE };
      exchanges.inc({ ...of, endpoint: record.endpoint || NONE, status: statusClass(record.status), verdict: record.verdict });
      if (record.fault !== undefined) faults.inc({ code: record.fault });
      if (record.requestBytes > 0) requestBytes.inc(of, record.requestBytes);
      if (record.replyBytes > 0) replyBytes.inc(of, record.replyBytes);
      // A reply that counts tokens has known the model: no other text of a client's choosing comes to be a label.
      if (record.tokensIn !== undefined) tokens.inc({ ...of, model: model(record.model), direction: 'in' }, record.tokensIn);
      if (record.tokensOut !== undefined) tokens.inc({ ...of, model: model(record.model), direction: 'out' }, record.tokensOut);
      for (const name in record.edits) masked.inc({ kind: kind(name) }, record.edits[name]!);
      if (record.restored > 0) restored.inc(record.restored);
      added.observe(of, record.addedMs / 1000);
      duration.observe(of, record.durationMs / 1000);
      const replyMs = firstByteMs(x);
      if (replyMs !== undefined) firstByte.observe(of, replyMs / 1000);
      for (const span of phaseSpans(x, x.t0 + record.durationMs)) phase.observe({ phase: span.phase }, (span.to - span.from) / 1000);
    },
    text: () => looking(() => registry.metrics()),
    json: () => looking(() => registry.getMetricsAsJSON()),
  };
}

/** `2xx`; `none` where the client saw no status. */
function statusClass(status: number): string {
  return status === 0 ? NONE : `${Math.floor(status / 100)}xx`;
}

type Picked = (totals: Totals) => Iterable<Row>;
type Value = (text: string) => string;

function named(label: string, names: readonly string[]): Picked {
  return (totals) => names.map((name) => [{ [label]: name }, totals[name] ?? 0]);
}

function below(prefix: string, label: string): Picked {
  return matching(new RegExp(`^${prefix}(.+)$`), ([, name]) => ({ [label]: name! }));
}

function guardrails(value: Value): Picked {
  return matching(/^guardrail:(.+):(?!fault$)([\w-]+)$/, ([, name, action]) => ({ guardrail: value(name!), action: action! }));
}

function guardrailFaults(value: Value): Picked {
  return matching(/^guardrail:(.+):fault$/, ([, name]) => ({ guardrail: value(name!) }));
}

/** What has no metric of its own. */
function events(value: Value): Picked {
  const elsewhere = /^(?!(?:pass|edit|deny|leaves|intercepted|tunnelled|absolute-form|fault:.*|equality:.*|guardrail:.+:.+)$)/;
  return matching(elsewhere, ({ input }) => ({ event: value(input) }));
}

function matching(name: RegExp, labels: (match: RegExpExecArray) => Readonly<Record<string, string>>): Picked {
  return (totals) =>
    Object.entries(totals).flatMap(([counted, count]): Row[] => {
      const match = name.exec(counted);
      return match ? [[labels(match), count]] : [];
    });
}
