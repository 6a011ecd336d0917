// Which stores of this machine trust the CA, and whether every change of the system was made to its end.
// Must not change a store: `sallyport ca install` does.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Standing } from '../../src/cert/trust-store.ts';
import { ownHands } from '../changes/hands.ts';
import { openJournal } from '../changes/journal.ts';
import { undoAll } from '../changes/undo.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import type { Invocation } from '../settings.ts';
import { ownCertificates } from '../trust/outdated.ts';
import { installable, openTrustPlaces } from '../trust/places.ts';
import { type Finding, found } from './finding.ts';

/** One finding for each place of a store. Rejects with CommandFailure where the journal or the CA cannot be read. */
export async function checkStores(invocation: Invocation, home: string): Promise<readonly Finding[]> {
  if (!existsSync(join(home, 'ca.pem'))) return [found.info('trust', 'there is no CA yet that a store could hold')];
  const trust = openTrustPlaces(invocation, undefined);
  const certificates = ownCertificates(home, Date.now());
  const byUs = new Set(trust.journal.inForce('ca').map(({ key }) => key));
  return Promise.all(
    installable(trust).map(async ({ at, check, key, store }) =>
      standingOf(`trust ${store.name}`, at, await check(certificates), byUs.has(key)),
    ),
  );
}

/** What is to be said of one place; `byUs`: the journal tells that we put the CA there. */
export function standingOf(check: string, at: string, standing: Standing, byUs: boolean): Finding {
  if (standing.state === 'unknown') return found.info(check, `${at}: cannot be told: ${standing.why}`);
  if (standing.state === 'current') return found.ok(check, `${at} has the current CA`);
  if (standing.state === 'older') return found.warn(check, `${at} has an older CA of Sallyport`, 'sallyport ca install');
  if (byUs) return found.warn(check, `${at} has lost the CA that was put there`, 'sallyport ca install');
  return found.info(check, `${at} does not have the CA; \`sallyport run\` needs no store, sallyport ca install puts it there`);
}

/** Changes that were begun and not ended: whoever made them was killed. */
export async function checkJournal(home: string, environment: Invocation['environment']): Promise<readonly Finding[]> {
  if (!existsSync(home)) return [];
  const journal = openJournal(home);
  const entries = journal.inForce(undefined);
  const half = entries.filter(({ isDone }) => !isDone);
  if (half.length === 0)
    return entries.length === 0 ? [] : [found.ok('journal', `${entries.length} changes of the system, each made to its end`)];
  const names = half.map(({ what }) => what).join('; ');
  const run = async () => {
    const { done, failed } = await undoAll(
      journal,
      'all',
      () => {},
      ownHands(environment),
      ({ isDone }) => !isDone,
    );
    if (failed.length > 0) throw new CommandFailure(EXIT.failed, failed.join('; '));
    return done.length > 0;
  };
  const finding = found.fail('journal', `begun and not ended: ${names}`, 'sallyport doctor --fix takes it back');
  return [{ ...finding, repair: { what: `taken back: ${names}`, run } }];
}
