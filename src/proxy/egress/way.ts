// The way to a host: whoever dials goes through here. A host that cannot be reached is left alone for a moment, and a first attempt that fails
// may be followed by one more, within a budget: no byte of a request is on its way then. It must not know how one dials.
import { asFault, Fault, type FaultCode } from '../../fault.ts';
import { askBreaker, type Outcome, reportBreaker } from '../../rules/resilience/breaker.ts';
import { spreadMs } from '../../rules/resilience/cooldown.ts';
import type { FlowSettings } from '../../rules/resilience/flow-settings.ts';
import { type Sent, sentAs } from '../../rules/resilience/leave.ts';
import { earn, FIRST_BUDGET, type RetryBudget, spend } from '../../rules/resilience/retry-budget.ts';
import { type FlowMachines, wayKey } from './flow-machines.ts';

/** Dials through the machines. `host` is `host:port`, lower case. */
export type Way = <T>(host: string, settings: FlowSettings, act: () => Promise<T>) => Promise<T>;

/** What it is made with. */
export interface WayParts {
  readonly machines: Pick<FlowMachines, 'way'>;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly random: () => number;
  readonly count: (name: string) => void;
}

/** Names, connections and handshakes that failed. A certificate that is not trusted is no trouble on the way: it says so each time. */
const FAILURES: ReadonlySet<FaultCode> = new Set(['upstream-unreachable', 'upstream-tls']);
/** What failed after a long wait would keep the client waiting for as long again. */
const LATE = /timed out|no handshake within/;

/** Opens it. Rejects with what `act` rejects with, and with Fault breaker-open. */
export function openWay({ machines: { way }, now, random, count }: WayParts): Way {
  let budget: RetryBudget = FIRST_BUDGET;

  const mayRepeat = (fault: Fault, { modes }: FlowSettings): boolean => {
    if (modes.retry === 'off' || !FAILURES.has(fault.code) || LATE.test(fault.detail ?? '')) return false;
    if (modes.retry === 'observe') {
      count('flow:would-retry');
      return false;
    }
    const spent = spend(budget);
    budget = spent.state;
    if (spent.may) count('flow:retried');
    return spent.may;
  };

  return async (host, settings, act) => {
    const mode = settings.modes.breaker;
    const key = wayKey(host);
    const sentMs = now();
    let sent: Sent = { sentMs, isProbe: false };
    if (mode !== 'off') {
      const { state, leave } = askBreaker(way.get(key), sentMs);
      way.set(key, state);
      sent = sentAs(leave, sentMs);
      if (leave.kind === 'wait') {
        if (mode === 'enforce') {
          count('flow:refused:way');
          throw new Fault('breaker-open', 'it could not be reached', { retryAfterMs: spreadMs(leave.ms, random) });
        }
        count('flow:would-wait:way');
      }
    }
    const tell = (outcome: Outcome): void => {
      if (mode !== 'off') way.set(key, reportBreaker(way.get(key), now(), { ...sent, outcome }));
    };
    budget = earn(budget);
    try {
      const reached = await act().catch((thrown: unknown) => {
        if (!mayRepeat(asFault(thrown), settings)) throw thrown;
        return act();
      });
      tell('success');
      return reached;
    } catch (thrown) {
      tell(FAILURES.has(asFault(thrown).code) ? 'failure' : 'none');
      throw thrown;
    }
  };
}
