// The live view as lines: what it says, what it leaves out where there is no room, and nothing that steers a terminal.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { livePicture, type Shown } from '../../../../cmd/status/picture.ts';
import type { FlowRow } from '../../../../src/proxy/control/messages.ts';
import type { TrafficRow } from '../../../../src/rules/traffic.ts';

const NOW = 100_000_000;

const traffic = (provider: string, over: Partial<TrafficRow> = {}): TrafficRow => ({
  provider,
  perMinute: 12,
  added: { p50: 0.94, p95: 3.1 },
  firstByte: { p50: 812.4, p95: 2301 },
  exchanges: 40,
  tokensIn: 1_250_000,
  tokensOut: 34_012,
  ...over,
});

const flow = (over: Partial<FlowRow> = {}): FlowRow => ({
  provider: 'anthropic',
  host: 'api.anthropic.com',
  state: 'ok',
  waiting: 0,
  why: '',
  ...over,
});

const shown = (over: Partial<Shown> = {}): Shown => ({
  draining: false,
  listen: '127.0.0.1:8898',
  startedAtMs: NOW - 3_600_000,
  connections: 5,
  exchanges: 1,
  traffic: [traffic('anthropic'), traffic('openai', { perMinute: 0, added: undefined, firstByte: undefined, tokensIn: 0, tokensOut: 7 })],
  ...over,
});

const draw = (status: Shown, width = 200, height = 50, hasColour = false) => livePicture(status, NOW, { width, height, hasColour });

test('nothing has passed', () => {
  expect(draw(shown({ traffic: [], connections: 1, exchanges: 0 }))).toEqual([
    'running for 1 h on 127.0.0.1:8898, 1 connection, 0 exchanges running',
    '',
    'no exchange yet',
  ]);
});

test('a row a provider', () => {
  expect(draw(shown())).toEqual([
    'running for 1 h on 127.0.0.1:8898, 5 connections, 1 exchange running',
    '',
    'provider   req/min  added p50/p95 ms  first byte p50/p95 ms  tokens in/out',
    'anthropic       12           0.9/3.1               812/2301     1.3M/34.0k',
    'openai           0                 -                      -            0/7',
  ]);
});

test('the state of each, the worst first, who waits, and why', () => {
  const rows = [
    flow({ model: 'opus', state: 'cooling', untilMs: NOW + 11_200, waiting: 2, why: '429, retry-after 20 s' }),
    flow({ model: 'haiku', state: 'probing', waiting: 1 }),
    flow({ provider: '', host: 'model.example.test', state: 'open', untilMs: NOW - 1 }),
    flow({ provider: 'openai', host: 'api.openai.com' }),
  ];
  expect(draw(shown({ flow: rows, spentToday: { anthropic: 1.5 }, draining: true }))).toEqual([
    'stopping for 1 h on 127.0.0.1:8898, 5 connections, 1 exchange running',
    '',
    'provider            state         req/min  added p50/p95 ms  first byte p50/p95 ms  tokens in/out  USD today  waiting',
    'anthropic           cooling 12 s       12           0.9/3.1               812/2301     1.3M/34.0k       1.50        3',
    'model.example.test  open                0                 -                      -              -          -        0',
    'openai              ok                  0                 -                      -            0/7          -        0',
    '',
    'api.anthropic.com opus: cooling 12 s, 2 wait: 429, retry-after 20 s',
    'api.anthropic.com haiku: probing, 1 waits',
    'model.example.test: open',
  ]);
});

test('what has no provider is `other`', () => {
  expect(draw(shown({ traffic: [traffic('')] }))[3]).toMatch(/^other /);
});

describe('where there is little room', () => {
  const busy = shown({ flow: [flow({ state: 'locked', waiting: 3, why: 'x'.repeat(300) })], spentToday: {} });

  test.each([
    [119, 'provider   state   req/min  added p50/p95 ms  first byte p50/p95 ms  tokens in/out  USD today  waiting'],
    [100, 'provider   state   req/min  added p50/p95 ms  first byte p50/p95 ms  tokens in/out  waiting'],
    [80, 'provider   state   req/min  added p50/p95 ms  first byte p50/p95 ms  waiting'],
    [60, 'provider   state   req/min  first byte p50/p95 ms  waiting'],
    [40, 'provider   state   req/min  waiting'],
    [30, 'provider   state   req/min'],
    [20, 'provider   state'],
    [10, 'provider'],
  ])('%d columns: %s', (width, head) => {
    expect(draw(busy, width)[2]!.trimEnd()).toBe(head);
  });

  test('lines that do not fit are counted', () => {
    const many = shown({ traffic: Array.from({ length: 9 }, (_, i) => traffic(`p${i}`)) });
    const lines = draw(many, 80, 8);
    expect(lines).toHaveLength(8);
    expect(lines.at(-1)).toBe('and 5 lines more');
  });
});

test('colour stands for the state, and is nowhere else', () => {
  const lines = draw(shown({ flow: [flow({ state: 'open' })] }), 200, 50, true);
  expect(lines[3]).toContain('\u001B[31mopen ');
  expect(lines[4]).toContain('\u001B[32mok ');
  expect(draw(shown({ flow: [flow({ state: 'open' })] })).join('')).not.toContain('\u001B');
});

const graphemes = new Intl.Segmenter();
const ESC = String.fromCharCode(27);

test('whatever is shown: no line is too wide, none too many, and no control character comes through', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 });
  const anyFlow = fc.record({
    provider: fc.constantFrom('', 'anthropic', 'openai'),
    host: fc.domain(),
    model: text,
    state: fc.constantFrom(...(['ok', 'cooling', 'probing', 'open', 'half-open', 'locked'] as const)),
    untilMs: fc.integer({ min: NOW - 1000, max: NOW + 100_000_000 }),
    waiting: fc.nat(300),
    why: fc.oneof(text, fc.string({ unit: 'binary' }), fc.constant(`${ESC}[2J\n`)),
  });
  fc.assert(
    fc.property(
      fc.array(anyFlow, { maxLength: 6 }),
      fc.integer({ min: 25, max: 160 }),
      fc.integer({ min: 2, max: 30 }),
      (rows, width, height) => {
        const lines = draw(shown({ flow: rows }), width, height);
        expect(lines.length).toBeLessThanOrEqual(height);
        for (const line of lines) {
          expect(line).not.toMatch(/\p{Cc}/u);
          expect([...graphemes.segment(line)].length).toBeLessThanOrEqual(width);
        }
      },
    ),
    { numRuns: 30 },
  );
});
