// A change in words: what differs between before and after.
import { expect, test } from 'vitest';
import { inWords } from '../../../../cmd/audit/list.ts';

test.each([
  [
    { what: 'reload', before: { idle_seconds: '600', same: '1' }, after: { idle_seconds: '60', same: '1' } },
    'reload  idle_seconds: 600 -> 60',
  ],
  [
    { what: 'rule add x', after: { action: 'block', kinds: ['email'] } },
    'rule add x  action: nothing -> block, kinds: nothing -> ["email"]',
  ],
  [{ what: 'rule remove x', before: 'on' }, 'rule remove x  on -> nothing'],
  [{ what: 'reload', before: {}, after: {} }, 'reload'],
])('%j', (change, words) => expect(inWords({ who: 1, ...change })).toBe(words));
