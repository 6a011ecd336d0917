// The metrics as the daemon has them: their library is loaded when there is time for it, behind the start, and exchanges that end before
// that are counted once it is there. Must not know which metrics there are.
import type { ExchangeRecord } from '../../exchange-record.ts';
import type { Exchange } from '../exchange.ts';
import type { MetricRegistry, MetricSources } from './registry.ts';

/** Counts exchanges from the first one on. */
export interface Metrics {
  observe(x: Exchange, record: ExchangeRecord): void;
  /** Loads the library; later calls wait for the first. */
  load(): Promise<MetricRegistry>;
}

/** More are not waiting when the library comes. */
const MAX_EARLY = 1000;

/** Nothing is loaded yet; `sources` are asked for with the library. */
export function openMetrics(sources: () => MetricSources): Metrics {
  const early: (readonly [Exchange, ExchangeRecord])[] = [];
  let registry: MetricRegistry | undefined;
  let loading: Promise<MetricRegistry> | undefined;
  const load = async () => {
    const { openRegistry } = await import('./registry.ts');
    registry = openRegistry(sources());
    for (const [x, record] of early.splice(0)) registry.observe(x, record);
    return registry;
  };
  return {
    observe: (x, record) => {
      if (registry) registry.observe(x, record);
      else if (early.length < MAX_EARLY) early.push([x, record]);
    },
    load: () => (loading ??= load()),
  };
}
