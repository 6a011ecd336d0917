import { expect, test } from 'vitest';
import { earn, FIRST_BUDGET, type RetryBudget, spend } from '../../../../src/rules/resilience/retry-budget.ts';

const earned = (state: RetryBudget, count: number) => Array.from({ length: count }).reduce<RetryBudget>(earn, state);
const retries = (state: RetryBudget) => {
  let count = 0;
  for (let next = spend(state); next.may; next = spend(next.state)) count++;
  return count;
};

test('there is one retry to begin with, then one for ten requests', () => {
  expect(retries(FIRST_BUDGET)).toBe(1);
  const spent = spend(FIRST_BUDGET).state;
  expect(spend(spent)).toEqual({ state: spent, may: false });
  expect(retries(earned(spent, 9))).toBe(0);
  expect(retries(earned(spent, 10))).toBe(1);
  expect(retries(earned(spent, 25))).toBe(2);
});

test('no more than ten are saved', () => {
  const rich = earned(FIRST_BUDGET, 1_000);
  expect(retries(rich)).toBe(10);
  expect(earn(rich)).toBe(rich);
});
