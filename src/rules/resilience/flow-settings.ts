// What the user says of the machines that look after a provider: which of them only watch, which of them act, and how patient a request
// is. Compiled once, asked for each exchange. Must not know what a machine does.
import type { Authority } from '../../authority.ts';
import { type HostPattern, matchesHost } from '../host-pattern.ts';

/** `observe` counts what it would have done, and changes nothing on the wire. */
export type Mode = 'off' | 'observe' | 'enforce';

/** Each machine with a mode of its own. */
export const MACHINES = ['limiter', 'cooldown', 'breaker', 'lockout', 'retry', 'idempotency', 'hold'] as const;
/** One of them. */
export type Machine = (typeof MACHINES)[number];

/** What may be said of all hosts, and of those of a pattern. */
export interface FlowWords extends Readonly<Partial<Record<Machine, Mode | undefined>>> {
  /** For the machines that are not named. */
  readonly mode?: Mode | undefined;
  /** The user's own limits; there are none by default. */
  readonly requests_per_minute?: number | undefined;
  readonly tokens_per_minute?: number | undefined;
  /** How long a request waits for its turn, and how many may wait for one key. */
  readonly queue_seconds?: number | undefined;
  readonly queue_depth?: number | undefined;
  /** How long it is held where `hold` is on. */
  readonly hold_seconds?: number | undefined;
}

/** The words of the configuration; the first pattern that names a host adds to what is said of all. */
export interface ResilienceWords extends FlowWords {
  readonly hosts?: Readonly<Record<HostPattern, FlowWords>> | undefined;
}

/** What holds for one host. */
export interface FlowSettings {
  readonly modes: Readonly<Record<Machine, Mode>>;
  /** Undefined: none. */
  readonly requestsPerMinute: number | undefined;
  readonly tokensPerMinute: number | undefined;
  readonly queueMs: number;
  readonly queueDepth: number;
  readonly holdMs: number;
}

const QUEUE_SECONDS = 10;
const QUEUE_DEPTH = 32;
/** Claude Code gives a request up after about 2.5 minutes, and does not come back where it is told to wait for more than one. */
const HOLD_SECONDS = 50;

/** The question which settings hold for an authority; the same object for the same host. A host that nobody named is observed. */
export function compileFlow({ hosts = {}, ...all }: ResilienceWords): (authority: Authority) => FlowSettings {
  const base = settled(all, {});
  const named = Object.entries(hosts).map(([pattern, words]) => ({ pattern, settings: settled(all, words) }));
  return (authority) => named.find(({ pattern }) => matchesHost(pattern, authority))?.settings ?? base;
}

function settled(all: FlowWords, own: FlowWords): FlowSettings {
  const words = { ...all, ...withoutGaps(own) };
  const mode = (machine: Machine): Mode => {
    // Whoever holds a request makes its client wait, so that is never a part of "all of them".
    if (machine === 'hold') return words.hold ?? 'off';
    return own[machine] ?? own.mode ?? all[machine] ?? all.mode ?? 'observe';
  };
  return Object.freeze({
    modes: Object.freeze(Object.fromEntries(MACHINES.map((machine) => [machine, mode(machine)]))) as FlowSettings['modes'],
    requestsPerMinute: words.requests_per_minute,
    tokensPerMinute: words.tokens_per_minute,
    queueMs: (words.queue_seconds ?? QUEUE_SECONDS) * 1000,
    queueDepth: words.queue_depth ?? QUEUE_DEPTH,
    holdMs: (words.hold_seconds ?? HOLD_SECONDS) * 1000,
  });
}

function withoutGaps(words: FlowWords): FlowWords {
  return Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined));
}
