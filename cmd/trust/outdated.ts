// Which certificates are to be trusted now, and which stores were given others: a CA that was renewed or replaced since is told of.
// Must not look at the stores themselves: the journal says what was put there.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TrustCertificate, trustCertificates } from '../../src/cert/trust-store.ts';
import { readPem } from '../ca-file.ts';
import { type Entry, type Journal, openJournal } from '../changes/journal.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { homeOf } from '../settings.ts';

/** The certificates that are to be trusted: those that have not ended, the current one first. Throws CommandFailure where there is none. */
export function ownCertificates(home: string, nowMs: number): readonly TrustCertificate[] {
  const pem = readPem(join(home, 'ca.pem'));
  if (pem === undefined)
    throw new CommandFailure(EXIT.failed, `there is no CA in ${home} yet: sallyport start or sallyport ca export makes it`);
  const valid = trustCertificates(pem).filter(({ endsAtMs }) => endsAtMs > nowMs);
  if (valid.length === 0) throw new CommandFailure(EXIT.failed, 'the CA has ended, so nobody can trust it: sallyport start renews it');
  return valid;
}

/** Entries that are about another certificate than the current one: it was renewed or replaced since. */
export function outdated(journal: Journal, [current]: readonly TrustCertificate[]): readonly Entry[] {
  return journal.inForce('ca').filter(({ undo }) => current !== undefined && !JSON.stringify(undo).includes(current.id));
}

/** Says on standard error that stores have an older CA. A journal that cannot be read is for those who change it to tell. */
export function noteOutdated({ invocation, terminal }: Call): void {
  const home = homeOf(invocation);
  if (!existsSync(join(home, 'changes'))) return;
  try {
    const old = outdated(openJournal(home), ownCertificates(home, Date.now()));
    if (old.length > 0)
      terminal.err(
        terminal.typed(
          `sallyport: note: the CA was made anew; stores that have an older one: ${old.length}; sallyport ca install renews them`,
        ),
      );
  } catch {
    // It has nothing to do with what was asked for.
  }
}
