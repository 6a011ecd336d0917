import { describe, expect, test } from 'vitest';
import { hintMs } from '../../../../src/rules/resilience/hints.ts';

const NOW = Date.parse('2025-10-01T12:00:00Z');
const hint = (headers: string[], body = '', status = 429) => hintMs({ status, headers }, body, NOW);
const google = (details: unknown) => JSON.stringify({ error: { code: 429, status: 'RESOURCE_EXHAUSTED', details } });
const RETRY_INFO = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '5s' };

describe('a header', () => {
  test.each<[string, string[], number | undefined]>([
    ['retry-after in seconds', ['retry-after', '5'], 5_000],
    ['Retry-After as a date', ['Retry-After', 'Wed, 01 Oct 2025 12:00:07 GMT'], 7_000],
    ["a date by the vendor's clock", ['Date', 'Wed, 01 Oct 2025 11:00:00 GMT', 'Retry-After', 'Wed, 01 Oct 2025 11:00:07 GMT'], 7_000],
    ['retry-after of hours', ['retry-after', '13262'], 13_262_000],
    ['retry-after of years', ['retry-after', '99999999999999'], 86_400_000],
    ['retry-after-ms before all', ['retry-after', '5', 'Retry-After-Ms', '1250.5'], 1_251],
    ['retry-after-ms of years', ['retry-after-ms', '999999999999999'], 86_400_000],
    ['retry-after-ms that is none', ['retry-after-ms', '-5', 'retry-after', '2'], 2_000],
    ['no hint', ['content-type', 'application/json'], undefined],
    ['a hint that is none', ['retry-after', 'soon'], undefined],
  ])('%s', (_, headers, ms) => {
    expect(hint(headers)).toBe(ms);
  });

  test('counts with any status', () => {
    expect(hint(['retry-after', '5'], '', 529)).toBe(5_000);
  });
});

describe('a window', () => {
  test.each<[string, string[], number | undefined]>([
    [
      'the last of those that are exhausted',
      [
        'anthropic-ratelimit-requests-remaining',
        '0',
        'anthropic-ratelimit-requests-reset',
        '2025-10-01T12:00:10Z',
        'anthropic-ratelimit-input-tokens-remaining',
        '0',
        'anthropic-ratelimit-input-tokens-reset',
        '2025-10-01T12:00:40Z',
        'anthropic-ratelimit-output-tokens-remaining',
        '7',
        'anthropic-ratelimit-output-tokens-reset',
        '2025-10-01T12:00:59Z',
      ],
      40_000,
    ],
    ['of OpenAI', ['x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', '6m0s'], 360_000],
    ['of OpenRouter', ['X-RateLimit-Remaining', '0', 'X-RateLimit-Reset', String(NOW + 9_000)], 9_000],
    [
      'of a subscription',
      ['anthropic-ratelimit-unified-status', 'rejected', 'anthropic-ratelimit-unified-reset', String(NOW / 1_000 + 60)],
      60_000,
    ],
    ['that is not exhausted', ['x-ratelimit-remaining-tokens', '1', 'x-ratelimit-reset-tokens', '6m0s'], undefined],
    [
      'of a subscription that is not',
      ['anthropic-ratelimit-unified-status', 'allowed', 'anthropic-ratelimit-unified-reset', '1'],
      undefined,
    ],
    ['that is exhausted and says no more', ['x-ratelimit-remaining-requests', '0'], undefined],
  ])('%s', (_, headers, ms) => {
    expect(hint(headers)).toBe(ms);
  });

  test('counts with a 429 alone', () => {
    expect(hint(['x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', '6m0s'], '', 529)).toBeUndefined();
  });

  test('gives way to retry-after', () => {
    expect(hint(['x-ratelimit-remaining-tokens', '0', 'x-ratelimit-reset-tokens', '6m0s', 'retry-after', '1'])).toBe(1_000);
  });
});

describe('a body', () => {
  test.each<[string, string, number | undefined]>([
    ['with RetryInfo', google([{ '@type': 'type.googleapis.com/google.rpc.Help' }, RETRY_INFO]), 5_000],
    ['with RetryInfo in a list', `[${google([RETRY_INFO])}]`, 5_000],
    ['with a fraction', google([{ ...RETRY_INFO, retryDelay: '34.074824224s' }]), 34_075],
    ['with seconds until the limit is reset', JSON.stringify({ error: { type: 'usage_limit_reached', resets_in_seconds: 90 } }), 90_000],
    ['with the moment', JSON.stringify({ error: { type: 'usage_limit_reached', resets_at: NOW / 1_000 + 30 } }), 30_000],
    ['that names it elsewhere', JSON.stringify({ prompt: 'say "retryDelay"', details: [RETRY_INFO] }), undefined],
    ['whose delay is none', google([{ retryDelay: 5 }]), undefined],
    ['whose details are none', google('"retryDelay"'), undefined],
    ['that is cut short', google([RETRY_INFO]).slice(0, -3), undefined],
    ['too long', google([RETRY_INFO, 'x'.repeat(70_000)]), undefined],
  ])('%s', (_, body, ms) => {
    expect(hint([], body)).toBe(ms);
  });
});
