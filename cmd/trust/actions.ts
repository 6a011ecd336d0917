// `ca install`, `ca uninstall` and `ca status`: what the user asked for, and one line a store of what came of it.
// Must not know how any store is changed.
import type { Standing } from '../../src/cert/trust-store.ts';
import { undoAll } from '../changes/undo.ts';
import type { Call } from '../command.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { columns } from '../table.ts';
import { type Installed, installInto } from './install.ts';
import { outdated, ownCertificates } from './outdated.ts';
import { installable, openTrustPlaces, storeOf, type Trust } from './places.ts';

const DAY_MS = 86_400_000;

/** Exit code 1 where a store could not be done; the others are done all the same. */
export async function install(call: Call): Promise<number> {
  const { json, terminal } = call;
  const trust = openTrustPlaces(call.invocation, named(call));
  const certificates = ownCertificates(trust.home, Date.now());
  const places = installable(trust);
  refuseNone(call, trust);
  const rows = await installInto(trust, places, certificates, terminal.err);
  if (json) terminal.out(JSON.stringify({ fingerprint256: certificates[0]!.fingerprint256, stores: rows }));
  else sayInstalled(call, rows, trust);
  return rows.some(({ outcome }) => outcome === 'failed') ? EXIT.failed : EXIT.ok;
}

/** Only what the journal tells is taken back; what somebody else has put in is told. */
export async function uninstall(call: Call): Promise<number> {
  const { json, terminal } = call;
  const stores = named(call);
  const trust = openTrustPlaces(call.invocation, stores);
  const { done, left, failed } = await undoAll(trust.journal, 'ca', json ? terminal.err : terminal.out, trust.hands, (entry) =>
    stores === undefined ? true : stores.includes(storeOf(entry)),
  );
  const others = failed.length > 0 ? [] : await stillThere(trust);
  if (json) terminal.out(JSON.stringify({ uninstalled: done, left, failed, others }));
  else {
    if (done.length === 0 && failed.length === 0) terminal.out('the CA was in no store that Sallyport has put it into');
    for (const { store, at, out } of others) terminal.err(`note: ${store}: a CA of Sallyport is in ${at}, and not by us; by hand: ${out}`);
    for (const line of failed) terminal.err(terminal.typed(`sallyport: ${line}`));
  }
  return failed.length > 0 ? EXIT.failed : EXIT.ok;
}

/** Exit code 1 where a store that we installed into does not have the current CA. */
export async function status(call: Call): Promise<number> {
  const { json, terminal } = call;
  const trust = openTrustPlaces(call.invocation, named(call));
  refuseNone(call, trust);
  const nowMs = Date.now();
  const certificates = ownCertificates(trust.home, nowMs);
  const [current] = certificates;
  const days = Math.floor((current!.endsAtMs - nowMs) / DAY_MS);
  const ours = new Map(trust.journal.inForce('ca').map((entry) => [entry.key, entry.isDone]));
  const rows = await Promise.all(
    trust.places.map(async ({ at, check, key, store }) => {
      const standing = await check(certificates);
      const byUs = ours.get(key);
      return { store: store.name, at, standing, byUs: byUs !== undefined, isWhole: byUs !== false };
    }),
  );
  const isWrong = ({ byUs, isWhole, standing: { state } }: Row) => byUs && !(isWhole && state === 'current');
  if (json)
    terminal.out(
      JSON.stringify({
        fingerprint256: current!.fingerprint256,
        daysLeft: days,
        stores: rows.map(({ store, at, standing, byUs }) => ({ store, at, ...standing, installed: byUs })),
      }),
    );
  else {
    const said = rows.map((row) => ({ STORE: row.store, PLACE: row.at, 'WHAT IT TRUSTS': words(row, days) }));
    terminal.out(terminal.typed(columns(['STORE', 'PLACE', 'WHAT IT TRUSTS'], said)));
  }
  return rows.some(isWrong) ? EXIT.failed : EXIT.ok;
}

interface Row {
  readonly store: string;
  readonly standing: Standing;
  /** Whether the journal tells of it. */
  readonly byUs: boolean;
  /** False where somebody was interrupted. */
  readonly isWhole: boolean;
}

/** After the CA was made anew: every place that was installed into. Undefined where there was none. */
export async function renewInstalled(call: Call): Promise<readonly Installed[] | undefined> {
  const trust = openTrustPlaces(call.invocation, undefined);
  const certificates = ownCertificates(trust.home, Date.now());
  const old = new Set(outdated(trust.journal, certificates).map(({ key }) => key));
  if (old.size === 0) return undefined;
  const places = trust.places.filter(({ key }) => old.has(key));
  return installInto(trust, places, certificates, call.terminal.err);
}

/** One line a place. */
export function sayInstalled({ terminal }: Pick<Call, 'terminal'>, rows: readonly Installed[], trust?: Trust): void {
  for (const { store, at, outcome, line } of rows) {
    if (outcome === 'failed') terminal.err(terminal.typed(`sallyport: ${store}: ${at}: ${line}`));
    else terminal.out(`${store}: ${outcome}: ${at}`);
  }
  if (rows.length === 0 && trust?.places.some(({ store }) => store.name === 'env'))
    terminal.out(`nothing to install: ${terminal.self} run sets the variables, and eval "$(${terminal.self} env)" those of this shell`);
  if (rows.some(({ outcome }) => outcome === 'installed' || outcome === 'renewed'))
    terminal.out('programs that run have to be started again before they trust it');
}

function words({ store, standing, byUs, isWhole }: Row, days: number): string {
  if (store === 'env') return 'nothing is installed: run and env lead programs to files in the home';
  if (!isWhole) return 'half of it: somebody was interrupted; sallyport ca install goes on';
  const left = days === 1 ? '1 day left' : `${days} days left`;
  const said = {
    current: `the current CA, ${left}${byUs ? '' : ' (through another store, or by hand)'}`,
    older: 'an older CA of Sallyport: sallyport ca install puts the current one there',
    absent: byUs ? 'nothing of ours any more: sallyport ca install puts it back' : 'nothing of ours',
    unknown: standing.state === 'unknown' ? `cannot be told: ${standing.why}` : '',
  };
  return said[standing.state];
}

async function stillThere(trust: Trust) {
  const certificates = orNone(() => ownCertificates(trust.home, Date.now()));
  const seen = await Promise.all(installable(trust).map(async (place) => ({ place, standing: await place.check(certificates) })));
  return seen
    .filter(({ standing: { state } }) => state === 'current' || state === 'older')
    .map(({ place: { at, store } }) => ({ store: store.name, at, out: store.helpOut(at) }));
}

function orNone<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch {
    return [];
  }
}

function named({ args }: Call): readonly string[] | undefined {
  return args.store as readonly string[] | undefined;
}

function refuseNone(call: Call, { places }: Trust): void {
  const asked = named(call)?.find((name) => !places.some(({ store }) => store.name === name));
  if (asked !== undefined)
    throw new CommandFailure(EXIT.failed, `there is no store «${asked}» on this machine: sallyport ca status shows those there are`);
}
