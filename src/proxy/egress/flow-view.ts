// What the machines hold at the moment, as rows for people, and the way back to rest for what a person takes back.
// It must not decide anything.
import { viewBreaker } from '../../rules/resilience/breaker.ts';
import { viewCooldown } from '../../rules/resilience/cooldown.ts';
import { viewLimiter } from '../../rules/resilience/limiter.ts';
import { viewLockout } from '../../rules/resilience/lockout.ts';
import type { LimitRow } from '../control/messages.ts';
import type { FlowMachines } from './flow-machines.ts';
import type { States } from './flow-states.ts';

/** The machines as `reset` names them: a breaker is that of a host's models and that of the way to it. */
export const RESETS = {
  limits: ['cooldown', 'limiter', 'lockout'],
  breaker: ['breaker', 'way'],
} as const;

/** Which states go back to rest: all, or those of one host, by its name or `host:port`. */
export interface Reset {
  readonly what: keyof typeof RESETS;
  readonly host: string | undefined;
}

/** Every state that is not at rest, by host. `waiting` tells how many stand in line for [host, family, credential]. */
export function viewMachines(machines: FlowMachines, nowMs: number, waiting: (key: string) => number): readonly LimitRow[] {
  const rows: LimitRow[] = [];
  for (const [key, state] of machines.way.entries()) {
    const { state: name, untilMs, calls, failures } = viewBreaker(state, nowMs);
    rows.push({ machine: 'way', ...named(key), state: name, untilMs, waiting: 0, detail: counted(calls, failures) });
  }
  for (const [key, state] of machines.breaker.entries()) {
    const { state: name, untilMs, calls, failures } = viewBreaker(state, nowMs);
    rows.push({ machine: 'breaker', ...named(key), state: name, untilMs, waiting: 0, detail: counted(calls, failures) });
  }
  for (const [key, state] of machines.cooldown.entries()) {
    const { state: name, untilMs, level } = viewCooldown(state, nowMs);
    if (name === 'ok' && level === 0 && waiting(key) === 0) continue;
    rows.push({ machine: 'cooldown', ...named(key), state: name, untilMs, waiting: waiting(key), detail: `level ${level}` });
  }
  for (const [key, state] of machines.limiter.entries()) {
    const gauges = viewLimiter(state, nowMs);
    if (gauges.length === 0) continue;
    const isSpent = gauges.some(({ left }) => left < 1);
    const untilMs = isSpent ? nowMs + Math.max(...gauges.filter(({ left }) => left < 1).map(({ fullInMs, limit }) => fullInMs / limit)) : 0;
    const detail = gauges.map(({ name, left, limit }) => `${GAUGES[name]} ${Math.floor(left)} of ${limit}`).join(', ');
    rows.push({ machine: 'limiter', ...named(key), state: isSpent ? 'spent' : 'ok', untilMs, waiting: waiting(key), detail });
  }
  for (const [key, state] of machines.lockout.entries()) {
    const { state: name, untilMs, status } = viewLockout(state, nowMs);
    if (name === 'locked')
      rows.push({ machine: 'lockout', ...named(key), state: name, untilMs, waiting: 0, detail: `the provider said ${status}` });
  }
  return rows.sort((a, b) => a.host.localeCompare(b.host) || a.machine.localeCompare(b.machine) || a.model.localeCompare(b.model));
}

/** Takes states back to rest; gives how many there were. */
export function resetMachines(machines: FlowMachines, { what, host }: Reset): number {
  let count = 0;
  for (const name of RESETS[what]) {
    const states = machines[name] as States<unknown>;
    for (const [key] of [...states.entries()]) {
      if (host !== undefined && !isHost(named(key).host, host)) continue;
      states.drop(key);
      count++;
    }
  }
  return count;
}

const GAUGES = {
  requests: 'requests',
  tokens: 'tokens',
  inputTokens: 'input tokens',
  ownRequests: 'own requests',
  ownTokens: 'own tokens',
} as const;

/** Whether a `host:port` is meant by what a person calls a host, with its port or without. */
export function isHost(host: string, called: string): boolean {
  return host === called || host.replace(/:\d+$/, '') === called;
}

/** What a key says; '' for what it is not of. */
export function named(key: string): { readonly host: string; readonly model: string; readonly credential: string } {
  const [host = '', model = '', credential = ''] = JSON.parse(key) as string[];
  return { host, model, credential };
}

function counted(calls: number, failures: number): string {
  return `${failures} of ${calls} failed`;
}
