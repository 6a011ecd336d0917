// Shows what holds requests back: pauses that providers asked for, limits that are known, models that are locked; and takes that back.
// Must not hold one: the daemon does.
import type { Command } from '../command.ts';
import { machinesCommand } from '../limits/shape.ts';

/** `sallyport limits [show|reset]`. Exit code 3 where no daemon runs that could show them. */
export const limits: Command = machinesCommand('limits', {
  summary: 'show or reset pauses, rate limits and locks of models',
  examples: [
    ['limits', 'by host, model and credential: what is left, who waits, until when'],
    ['limits show api.anthropic.com --json', 'for programs'],
    ['limits reset api.anthropic.com', 'forget the pause that it asked for'],
  ],
});
