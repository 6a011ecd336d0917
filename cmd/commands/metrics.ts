// Prints what the daemon counts, for Prometheus and whoever reads its format.
// Must not count anything itself, nor wake a daemon where there is none.
import { controlOf } from '../../src/proxy/control/call.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../failure.ts';
import { homeOf } from '../settings.ts';

/** `sallyport metrics`. Exit code 3 where no daemon runs. */
export const metrics: Command = {
  name: 'metrics',
  summary: "print the daemon's metrics in Prometheus' text format",
  settings: 'home',
  examples: [
    ['metrics', 'as Prometheus reads them'],
    ['metrics --json', 'the same samples for programs'],
  ],
  run: async ({ json, invocation, terminal }) => {
    const client = controlOf(homeOf(invocation));
    terminal.out(json ? JSON.stringify(await client.metricsJson()) : (await client.metrics()).trimEnd());
    return EXIT.ok;
  },
};
