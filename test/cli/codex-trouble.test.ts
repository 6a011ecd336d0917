// Codex and a provider that is overloaded, limits or is not there.
import { test } from 'vitest';
import { livesThrough, TROUBLES } from './trouble.ts';

test.concurrent.each(Object.keys(TROUBLES) as (keyof typeof TROUBLES)[])('%s', async (trouble) => {
  await livesThrough({ cli: 'codex' }, trouble);
});
