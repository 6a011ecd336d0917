// Puts a plan in force through the journal. Files are the journal's own affair; a value that a program keeps is read first, so that what a user
// had there comes back, and is brought back only while it is ours. Must not know any place.
import { makeChange, type Outcome } from '../changes/act.ts';
import type { Run, RunUndo } from '../changes/change.ts';
import { byHand, carryOut, type Doing, refuseWithoutRoot } from '../changes/hands.ts';
import type { Journal } from '../changes/journal.ts';
import { undoAll } from '../changes/undo.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import type { Plan, Value } from './setting.ts';

/** Throws CommandFailure with the manual way, and then nothing of it is left. `key`: the place's name. */
export async function putPlan(
  journal: Journal,
  key: string,
  { what, write, values = [], root, manual }: Plan,
  doing: Doing,
): Promise<Outcome> {
  const { hands, tell } = doing;
  if (root) refuseWithoutRoot(hands, manual);
  const order = { by: 'system', key, what, manual } as const;
  const takeBack = () =>
    undoAll(
      journal,
      'system',
      () => {},
      hands,
      (entry) => entry.key === key,
    );
  const found = journal.inForce('system').find((entry) => entry.key === key);
  if (write) return makeChange(journal, { ...order, write }, tell, hands);
  if (found?.isDone && (await areOurs(values, doing))) return 'unchanged';
  // With another address or mode, after a crash, or changed by somebody since: from the beginning, so that what is noted is never ours.
  if (found) await takeBack();
  const undo: RunUndo[] = [];
  for (const value of values.toReversed()) undo.push(...(await backOf(value, doing)));
  await makeChange(journal, { ...order, run: values.map(({ set }) => ({ argv: set })), undoBefore: undo }, tell, hands);
  if (await areOurs(values, doing)) return 'made';
  await takeBack();
  throw new CommandFailure(EXIT.failed, `${what}: it was set, and reads otherwise; by hand: ${manual}`);
}

async function areOurs(values: readonly Value[], doing: Doing): Promise<boolean> {
  for (const value of values) if ((await read(value, doing)) !== value.ours) return false;
  return true;
}

async function read({ look }: Value, { hands, tell }: Doing): Promise<string> {
  const { code, output } = await carryOut({ argv: look }, hands, tell);
  if (code === 0) return output.trim();
  throw new CommandFailure(
    EXIT.failed,
    `${byHand({ argv: look }, hands)} failed with exit code ${code}, so what is there is not known; nothing was changed`,
  );
}

/** Values that are ours already, by somebody else's hand, are none of our business. */
async function backOf(value: Value, doing: Doing): Promise<readonly RunUndo[]> {
  const former = await read(value, doing);
  if (former === value.ours) return [];
  return (await value.back(former)).map(({ argv, whilePrinting }) => ({ argv, when: prints(value.look, whilePrinting) }));
}

/** Ends with 0 only where a program prints that text. The text of the shell is this one, whatever the words are. */
function prints(look: readonly string[], text: string): Run {
  return { argv: ['sh', '-c', '[ "$(shift; "$@")" = "$1" ]', 'sh', text, ...look] };
}
