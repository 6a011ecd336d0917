import fc from 'fast-check';
import { expect, test } from 'vitest';
import { earn, FIRST_BUDGET, spend } from '../../../../src/rules/resilience/retry-budget.ts';

test('retries are never more than a tenth of the requests, and the first', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 600, size: 'max' }), (steps) => {
      let state = FIRST_BUDGET;
      let requests = 0;
      let retries = 0;
      for (const isRetry of steps) {
        if (isRetry) {
          const spent = spend(state);
          if (spent.may) retries++;
          else expect(spent.state).toBe(state);
          state = spent.state;
        } else {
          requests++;
          state = earn(state);
        }
        expect(retries).toBeLessThanOrEqual(1 + Math.floor(requests / 10));
        expect(state.tenths).toBeLessThanOrEqual(100);
      }
    }),
  );
});
