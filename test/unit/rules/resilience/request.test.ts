import { expect, test } from 'vitest';
import { isBackground, isRetry, promptTokens } from '../../../../src/rules/resilience/request.ts';

test.each([
  [['X-Stainless-Retry-Count', '1'], true],
  [['x-stainless-retry-count', '12'], true],
  [['X-Stainless-Retry-Count', '0'], false],
  [['X-Stainless-Retry-Count', 'yes'], false],
  [['X-Stainless-Retry-Count', ''], false],
  [[], false],
])('%j says that it is a repetition: %s', (headers, is) => {
  expect(isRetry(headers)).toBe(is);
});

test('counting tokens and small calls without tools have nobody before them', () => {
  const small = Buffer.from('{"model":"m","messages":[]}');
  expect(isBackground('count-tokens', '/v1/messages/count_tokens', undefined)).toBe(true);
  expect(isBackground('generate', '/v1beta/models/m:countTokens', Buffer.alloc(20_000))).toBe(true);
  expect(isBackground('messages', '/v1/messages', small)).toBe(true);
  expect(isBackground('messages', '/v1/messages', Buffer.from('{"tools":[]}'))).toBe(false);
  expect(isBackground('messages', '/v1/messages', Buffer.alloc(8192))).toBe(false);
  expect(isBackground('responses', '/v1/responses', undefined)).toBe(false);
});

test('four bytes are about one token', () => {
  expect([0, 1, 4, 5, 48_000].map(promptTokens)).toEqual([0, 1, 1, 2, 12_000]);
});
