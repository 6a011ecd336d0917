// Resolves references when a value is needed, and keeps what came for a while: a value for minutes, a failure for seconds.
// Whoever asks meanwhile waits for the same answer. It must not log, and no error it gives holds anything of a value.
import { Fault } from '../../fault.ts';
import { isFieldValue } from '../../rules/template.ts';
import { Secret } from '../../secret.ts';
import { ask, type Ways } from './ask.ts';
import { type Located, parseReference } from './kinds.ts';
import { read } from './read.ts';
import { type Found, type Means, Unresolved } from './reference.ts';
import { run } from './run.ts';

/** What a resolver works with. */
export interface ResolverOptions extends Ways {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What `~/` stands for. */
  readonly userHome: string;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Runs `task` once, `delayMs` from now; the returned function calls it off. */
  readonly schedule: (task: () => void, delayMs: number) => () => void;
  /** Variables that no program gets, beside our own settings. */
  readonly withheld?: () => readonly string[];
  /** A credential of the vault. Throws Unresolved. */
  readonly credential?: (name: string) => FoundCredential;
  /** Hears of every value that was fetched. */
  readonly onResolved?: (reference: string, value: string) => void;
  /** As `process.platform`, which is the default. */
  readonly platform?: string;
}

/** The value of a credential, or the reference under which it is kept elsewhere; and for how long it may be used, ms. */
export type FoundCredential = ({ readonly value: string } | { readonly reference: string }) & { readonly lifetimeMs?: number };

/** Resolves references. */
export interface Resolver {
  /**
   * The value, fit for a header. Rejects with Fault `key-missing`, whose detail names the reference and says why there is none; with Fault `bad-request`
   * for what is no reference; with the signal's reason when it aborts.
   */
  resolve(reference: string, signal?: AbortSignal): Promise<string>;
  /** Throws Fault `bad-request`, one line, for what is no reference. Resolves nothing. */
  check(reference: string): void;
  /** Drops all that is kept: the next question goes to the source. */
  forget(): void;
  /** Forgets, and ends what is under way. */
  close(): void;
}

const LIFETIME_MS = 5 * 60_000;
/** A lease may say years. */
const LONGEST_MS = 60 * 60_000;
const FAILURE_MS = 5_000;
const DEADLINE_MS = 10_000;

/** A Secret shows its value to those it is bound to: these are bound to nobody but the resolver, until an exchange binds them to its host. */
const HOLDER = 'resolver';

interface Kept {
  readonly outcome: Secret | Fault;
  readonly untilMs: number;
  /** The timer that drops it. */
  readonly callOff: () => void;
}

interface Flight {
  readonly controller: AbortController;
  readonly landed: Promise<Secret | Fault>;
  waiting: number;
}

/** Opens a resolver; nothing is asked before somebody needs it. */
export function openResolver(options: ResolverOptions): Resolver {
  const { now, schedule } = options;
  const kept = new Map<string, Kept>();
  const flights = new Map<string, Flight>();

  const credentialOf = async (name: string, means: Means): Promise<Found> => {
    const found = options.credential?.(name);
    if (!found) throw new Unresolved('there is no vault here');
    if ('value' in found) return found;
    const { reference, lifetimeMs = LIFETIME_MS } = found;
    const { kind, where } = parseReference(reference);
    // A credential that is kept under a credential would have no end.
    if (kind.name === 'credential') throw new Unresolved('it refers to another credential');
    const fetched = await kind.resolve(where, means);
    return { ...fetched, lifetimeMs: Math.min(fetched.lifetimeMs ?? LIFETIME_MS, lifetimeMs) };
  };

  const keep = (reference: string, outcome: Secret | Fault, lifetimeMs: number): void => {
    const untilMs = now() + lifetimeMs;
    const callOff = schedule(() => kept.delete(reference), lifetimeMs);
    kept.set(reference, { outcome, untilMs, callOff });
  };

  const depart = (reference: string, located: Located): Flight => {
    const controller = new AbortController();
    const callOff = schedule(() => controller.abort(new Unresolved(`there was no answer within ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
    const isCurrent = () => flights.get(reference) === flight;
    const landed = checked(located, meansOf(options, controller.signal, credentialOf))
      .then(
        ({ value, lifetimeMs = LIFETIME_MS }): Secret => {
          const secret = new Secret(value, [HOLDER]);
          if (isCurrent()) keep(reference, secret, Math.min(lifetimeMs, LONGEST_MS));
          options.onResolved?.(reference, value);
          return secret;
        },
        (thrown: unknown): Fault => {
          const why = thrown instanceof Unresolved ? thrown.message : 'it could not be read';
          const fault = new Fault('key-missing', `${located.shown}: ${why}`);
          if (isCurrent()) keep(reference, fault, FAILURE_MS);
          return fault;
        },
      )
      .finally(() => {
        callOff();
        if (isCurrent()) flights.delete(reference);
      });
    const flight: Flight = { controller, landed, waiting: 0 };
    flights.set(reference, flight);
    return flight;
  };

  const outcomeOf = async (reference: string, located: Located, signal: AbortSignal | undefined): Promise<Secret | Fault> => {
    const held = kept.get(reference);
    if (held && now() < held.untilMs) return held.outcome;
    held?.callOff();
    const flight = flights.get(reference) ?? depart(reference, located);
    flight.waiting++;
    try {
      return await (signal ? unlessAborted(flight.landed, signal) : flight.landed);
    } finally {
      if (--flight.waiting === 0) {
        // Nobody needs the answer any more; who comes now asks anew. One that has come is past this.
        if (flights.get(reference) === flight) flights.delete(reference);
        flight.controller.abort();
      }
    }
  };

  const forget = (): void => {
    for (const { callOff } of kept.values()) callOff();
    kept.clear();
    flights.clear();
  };

  return {
    resolve: async (reference, signal) => {
      const located = parseReference(reference);
      signal?.throwIfAborted();
      const outcome = await outcomeOf(reference, located, signal);
      if (outcome instanceof Fault) throw outcome;
      return outcome.reveal(HOLDER)!;
    },
    check: (reference) => void parseReference(reference),
    forget,
    close: () => {
      const under = [...flights.values()];
      forget();
      for (const { controller } of under) controller.abort();
    },
  };
}

/** The value, checked. */
async function checked({ kind, where }: Located, means: Means): Promise<Found> {
  // Not every kind can be stopped.
  const found = await unlessAborted(kind.resolve(where, means), means.signal);
  if (found.value.trim() === '') throw new Unresolved('it is empty');
  if (!isFieldValue(found.value)) throw new Unresolved('it holds a line end or another character that no header may hold');
  return found;
}

function meansOf(options: ResolverOptions, signal: AbortSignal, credential: (name: string, means: Means) => Promise<Found>): Means {
  const { environment, userHome, now, platform = process.platform } = options;
  const means: Means = {
    environment,
    userHome,
    platform,
    now,
    signal,
    ask: (asked) => ask(asked, options, signal),
    run: (words, otherwise) => run(words, { environment: withoutOurs(environment, options.withheld?.() ?? []), otherwise, signal }),
    read,
    credential: (name) => credential(name, means),
  };
  return means;
}

function withoutOurs(environment: Means['environment'], withheld: readonly string[]): Means['environment'] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('SALLYPORT_') && !withheld.includes(name)));
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
