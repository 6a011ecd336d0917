// Fields that would switch a guardrail off are taken out, and no others.
import { expect, test } from 'vitest';
import { withoutOptOuts } from '../../../src/rules/opt-out.ts';

test.each(['X-OmniRoute-Disabled-Guardrails', 'x-disable-guardrails', 'x-a-b-disable-guardrail', 'x-guardrails-mode', 'x-sallyport-off'])(
  'takes out %s',
  (name) => {
    expect(withoutOptOuts(['A', '1', name, 'v', 'B', '2'])).toEqual({ headers: ['A', '1', 'B', '2'], count: 1 });
  },
);

test('leaves the fields alone where there is none', () => {
  const headers = ['X-Api-Key', 'k', 'x-stainless-lang', 'js', 'Guardrails', 'x'];
  expect(withoutOptOuts(headers).headers).toBe(headers);
});
