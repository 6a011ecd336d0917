// Takes a secret from whoever types the command: asked for without an echo at a terminal, else all of standard input.
// Must not take one from the command line, nor show it.
import { askHidden, canAsk } from '../ask.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { inputsOf, readWhole } from '../rules/input.ts';

const MAX_BYTES = 64 * 1024;

/** The secret without the line end behind it. Throws CommandFailure for none, or one that no header may hold. */
export async function secretInput(what: string): Promise<string> {
  const text = canAsk() ? await askHidden(`${what}: `) : (await readWhole(inputsOf([])[0]!, MAX_BYTES)).toString();
  const secret = text.replace(/\r?\n$/, '');
  if (secret.trim() === '')
    throw new CommandFailure(EXIT.usage, `no value was given: type it at the terminal, or send it to standard input`);
  if (/[^\t\x20-\x7e\x80-\xff]/.test(secret))
    throw new CommandFailure(EXIT.usage, 'the value holds a line end or another character that no header may hold');
  return secret;
}
