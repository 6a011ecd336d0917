// Shows the circuit breakers, one a host for its connections and one for each family of models there; and closes them.
// Must not hold one: the daemon does.
import type { Command } from '../command.ts';
import { machinesCommand } from '../limits/shape.ts';

/** `sallyport breaker [show|reset]`. Exit code 3 where no daemon runs that could show them. */
export const breaker: Command = machinesCommand('breaker', {
  summary: 'show or reset the circuit breakers',
  examples: [
    ['breaker', 'by host and model: closed, open until when, or half-open while one request tries'],
    ['breaker reset api.anthropic.com', 'close them: the next request goes at once'],
    ['breaker reset --all --json', 'for a script'],
  ],
});
