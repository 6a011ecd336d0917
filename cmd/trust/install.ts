// `ca install`, and the renewal of what was installed: our certificates into each store, seen to be there afterwards, or nothing.
// Must not make a CA.
import type { TrustCertificate } from '../../src/cert/trust-store.ts';
import { makeChange } from '../changes/act.ts';
import { undoAll } from '../changes/undo.ts';
import { CommandFailure, EXIT, explain } from '../failure.ts';
import type { Found, Trust } from './places.ts';

/** What became of one place. */
export interface Installed {
  readonly store: string;
  readonly at: string;
  readonly outcome: 'installed' | 'renewed' | 'already there' | 'failed';
  /** What went wrong and what to do, where it failed. */
  readonly line?: string;
}

/** Into each place, one after the other, since one store may read what another has written. One that fails does not keep the others. */
export async function installInto(
  { journal, hands }: Trust,
  places: readonly Found[],
  certificates: readonly TrustCertificate[],
  tell: (line: string) => void,
): Promise<readonly Installed[]> {
  const rows: Installed[] = [];
  for (const place of places) {
    const { at, key, store } = place;
    const told = { store: store.name, at };
    try {
      const before = await place.check(certificates);
      const entry = journal.inForce('ca').find((one) => one.key === key);
      if (before.state === 'unknown') throw new CommandFailure(EXIT.failed, before.why);
      if (before.state === 'current' && entry?.isDone !== false) {
        rows.push({ ...told, outcome: 'already there' });
        continue;
      }
      const plan = await place.plan(certificates);
      const what = `the CA in ${at} (${store.title})`;
      await makeChange(journal, { by: 'ca', key, what, ...plan, again: true }, tell, hands);
      const after = await place.check(certificates);
      if (after.state !== 'current') {
        await undoAll(
          journal,
          'ca',
          () => {},
          hands,
          (one) => one.key === key,
        );
        throw new CommandFailure(EXIT.failed, `it was put there and is not trusted, so it was taken back; by hand: ${plan.manual}`);
      }
      rows.push({ ...told, outcome: before.state === 'older' ? 'renewed' : 'installed' });
    } catch (thrown) {
      rows.push({ ...told, outcome: 'failed', line: explain(thrown).line });
    }
  }
  return rows;
}
