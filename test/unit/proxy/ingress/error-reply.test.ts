// What our own replies say of when to try again.
import { expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { firstValue } from '../../../../src/headers.ts';
import { errorHead, errorReply, plainReply } from '../../../../src/proxy/ingress/error-reply.ts';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';

test.each([
  [5_000, '5'],
  [5_001, '6'],
  [0, '1'],
  [-30, '1'],
  [86_400_000, '86400'],
])('a wait of %i ms is %s whole seconds', (retryAfterMs, said) => {
  const fault = new Fault('rate-limited', undefined, { retryAfterMs });
  const reply = errorReply(fault, anthropic, 'x-1');
  expect(reply.status).toBe(429);
  expect(firstValue(reply.headers, 'retry-after')).toBe(said);
  expect(JSON.parse(reply.body.toString()).error.type).toBe('rate_limit_error');
  expect(errorHead(fault, anthropic, 'x-1').head.toString()).toContain(`\r\nretry-after: ${said}\r\n`);
  expect(plainReply(fault).toString()).toContain(`\r\nRetry-After: ${said}\r\n`);
});

test('where no wait is known none is named', () => {
  const fault = new Fault('draining');
  expect(firstValue(errorReply(fault, anthropic, 'x-1').headers, 'retry-after')).toBeUndefined();
  expect(plainReply(fault).toString()).not.toMatch(/retry-after/i);
});
