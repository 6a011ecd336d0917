// What `sallyport audit` can do.
// Must not do any of it itself.
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { exportLog } from './export.ts';
import { listChanges } from './list.ts';
import { verifyLog } from './verify.ts';

/** By the word behind `audit`; each gives the exit code. */
export const AUDIT_ACTIONS = {
  verify: withoutFile(verifyLog),
  list: withoutFile(listChanges),
  export: exportLog,
} as const satisfies Record<string, (call: Call) => Promise<number>>;

function withoutFile(action: (call: Call) => Promise<number>): (call: Call) => Promise<number> {
  return async (call) => {
    if (call.args.file !== undefined) throw new CommandFailure(EXIT.usage, `audit ${call.args.action} takes no file`);
    return action(call);
  };
}
