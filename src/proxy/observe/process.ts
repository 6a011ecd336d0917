// What the process takes, under the names that Prometheus has for it. The library's own set is left alone: it keeps a timer that wakes a
// daemon at rest a hundred times a second.
import { readdirSync } from 'node:fs';
import { memoryUsage, resourceUsage } from 'node:process';
import type { Registry } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';

/** Registers them. They are looked at when somebody asks. */
export function processMetrics(registry: Registry, startedAtMs: () => number): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const now = value();
        if (now !== undefined) this.set(now);
      },
    });
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time, user and system',
    registers,
    collect() {
      const { userCPUTime, systemCPUTime } = resourceUsage();
      this.reset();
      this.inc((userCPUTime + systemCPUTime) / 1e6);
    },
  });
  gauge('process_resident_memory_bytes', 'Resident memory', () => memoryUsage.rss());
  gauge('process_start_time_seconds', 'When the daemon started', () => startedAtMs() / 1000);
  gauge('process_open_fds', 'Open file descriptors; Linux only', openDescriptors);
  gauge('nodejs_heap_size_used_bytes', 'Used heap', () => memoryUsage().heapUsed);
  gauge('nodejs_external_memory_bytes', 'Memory outside the heap, bodies for the most part', () => memoryUsage().external);
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}
