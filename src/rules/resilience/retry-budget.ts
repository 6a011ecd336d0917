// How many retries Sallyport may add: a tenth of the requests. Each request saves a tenth of a retry, up to ten retries.
// It is not kept over a restart: a budget that is lost errs on the side of the provider.

/** What is saved, in tenths of a retry. */
export interface RetryBudget {
  readonly tenths: number;
}

const COST_TENTHS = 10;
const MOST_TENTHS = 100;

/** One retry to begin with: the connection that went stale may be the first there was. */
export const FIRST_BUDGET: RetryBudget = Object.freeze({ tenths: COST_TENTHS });

/** A request went out. */
export function earn(state: RetryBudget): RetryBudget {
  return state.tenths < MOST_TENTHS ? { tenths: state.tenths + 1 } : state;
}

/** Asks for one retry; it is paid for where it may be. */
export function spend(state: RetryBudget): { readonly state: RetryBudget; readonly may: boolean } {
  if (state.tenths < COST_TENTHS) return { state, may: false };
  return { state: { tenths: state.tenths - COST_TENTHS }, may: true };
}
