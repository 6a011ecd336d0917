// What the completion scripts ask: the words behind -- are those typed so far, the last one up to the cursor.
// Not for users; must not say anything on standard error, which would land in the middle of their line.
import type { Command } from '../command.ts';
import { completionsOf } from '../completion.ts';
import { EXIT } from '../failure.ts';

/** The hidden `sallyport __complete -- WORDS`: a line that says `words` or `files`, then a line `WORD<tab>DESCRIPTION` each. */
export const complete: Command = {
  name: '__complete',
  summary: undefined,
  settings: 'home',
  takesCommand: true,
  examples: [],
  run: async ({ rest, json, invocation, commands, terminal }) => {
    const offer = await completionsOf(commands, rest, invocation);
    const lines = offer.words.map(({ word, describe }) => `${word}\t${describe}`);
    terminal.out(json ? JSON.stringify(offer) : [offer.kind, ...lines].join('\n'));
    return EXIT.ok;
  },
};
