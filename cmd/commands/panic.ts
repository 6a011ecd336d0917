// The emergency stop: nobody is let in any more, no key goes out any more, nothing is intercepted any more, and the CA leaves the trust stores.
// Must not destroy anything: what was sealed stays sealed, and vault unlock opens it again.
import { join } from 'node:path';
import { controlOf, NotRunning } from '../../src/proxy/control/call.ts';
import { lockVault } from '../../src/store/vault-lock.ts';
import type { Command } from '../command.ts';
import { CommandFailure, EXIT, explain } from '../failure.ts';
import { homeOf } from '../settings.ts';

/** `sallyport panic`. Each step is tried, whatever became of the one before; exit code 1 where one failed. */
export const panic: Command = {
  name: 'panic',
  summary: 'the emergency stop: lock the vault, revoke every token, stop the daemon at once, trust the CA no longer',
  settings: 'home',
  examples: [
    ['panic', 'when a key or a client may be in wrong hands'],
    ['vault unlock', 'afterwards'],
  ],
  run: async ({ json, invocation, terminal }) => {
    const home = homeOf(invocation);
    let revoked: readonly string[] = [];
    const trouble: string[] = [];
    const step = async (what: string, act: () => Promise<unknown> | unknown): Promise<boolean> => {
      try {
        await act();
        return true;
      } catch (thrown) {
        trouble.push(`${what}: ${explain(thrown).line}`);
        return false;
      }
    };
    let wasRunning = true;
    const stop = async () => {
      try {
        await controlOf(home).stop(true);
      } catch (thrown) {
        if (!(thrown instanceof NotRunning)) throw thrown;
        wasRunning = false;
      }
    };
    await step('the daemon was not stopped', stop);
    await step('tokens were not revoked', async () => {
      const { revokeValid, tokensOf } = await import('../access/tokens.ts');
      const { changeStore } = await import('../change-store.ts');
      await changeStore(invocation, (opened) => {
        revoked = revokeValid(tokensOf(opened));
        return { action: 'panic', subject: '', before: undefined, after: { revoked } };
      });
    });
    const locked = await step('the vault was not locked', () => lockVault(home));
    // Last: it may ask for a password.
    let untrusted: readonly string[] = [];
    await step('the CA was not taken out of the trust stores', async () => {
      const { ownHands } = await import('../changes/hands.ts');
      const { openJournal } = await import('../changes/journal.ts');
      const { undoAll } = await import('../changes/undo.ts');
      const { done, failed } = await undoAll(openJournal(home), 'ca', terminal.err, ownHands(invocation.environment));
      untrusted = done;
      if (failed.length > 0) throw new CommandFailure(EXIT.failed, failed.join('; '));
    });
    if (json) terminal.out(JSON.stringify({ stopped: wasRunning, revoked, locked, untrusted, trouble }));
    else {
      terminal.out(wasRunning ? 'the daemon ends, and cuts every connection' : 'no daemon was running');
      terminal.out(`${revoked.length} tokens were revoked`);
      if (locked) terminal.out(`the vault is locked: ${terminal.self} vault unlock opens it again`);
      for (const what of untrusted) terminal.out(`no longer trusted: ${what}`);
      terminal.out(`whoever else trusts ${join(home, 'ca.pem')} was told to by you`);
      for (const line of trouble) terminal.err(`sallyport: ${line}`);
    }
    return trouble.length === 0 ? EXIT.ok : EXIT.failed;
  },
};
