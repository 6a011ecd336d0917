// The trust stores of this machine and our certificates, as the actions of `sallyport ca` take them.
// Must not install anything.
import type { Place, TrustStore } from '../../src/cert/trust-store.ts';
import { TRUST_STORES } from '../../src/cert/trust-stores.ts';
import { didYouMean } from '../../src/nearest.ts';
import { type Hands, ownHands } from '../changes/hands.ts';
import { type Entry, type Journal, openJournal } from '../changes/journal.ts';
import { usage } from '../failure.ts';
import { homeOf, type Invocation } from '../settings.ts';
import { thisMachine } from './machine.ts';

/** A place and whose it is. */
export interface Found extends Place {
  readonly store: TrustStore;
  /** What its change is called in the journal. */
  readonly key: string;
}

/** Everything that is looked at. */
export interface Trust {
  readonly home: string;
  readonly journal: Journal;
  readonly hands: Hands;
  /** Of the stores that were asked for, or all; `env` last. */
  readonly places: readonly Found[];
}

/** `stores`: names as given with --store. Throws CommandFailure for a name that is none. */
export function openTrustPlaces(invocation: Invocation, stores: readonly string[] | undefined): Trust {
  const home = homeOf(invocation);
  const hands = ownHands(invocation.environment);
  const machine = thisMachine(invocation, home, hands);
  const names = TRUST_STORES.map(({ name }) => name);
  for (const name of stores ?? [])
    if (!names.includes(name)) throw usage(`there is no trust store «${name}»${didYouMean(name, names)}: ${names.join(', ')}`);
  const places = TRUST_STORES.filter(({ name }) => stores === undefined || stores.includes(name)).flatMap((store) =>
    store.places(machine).map((place) => ({ ...place, store, key: keyOf(store.name, place.at) })),
  );
  return { home, journal: openJournal(home), hands, places };
}

/** Without the variables, which are no store that anything is put into. */
export function installable({ places }: Pick<Trust, 'places'>): readonly Found[] {
  return places.filter(({ store }) => store.name !== 'env');
}

/** The store that an entry of the journal is about. */
export function storeOf({ key }: Entry): string {
  return key.split(' ')[0]!;
}

function keyOf(store: string, at: string): string {
  return `${store} ${at}`;
}
