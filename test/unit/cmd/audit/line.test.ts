// One exchange as one line: what it says, colour only where it is wanted, and nothing that steers a terminal.
import { expect, test } from 'vitest';
import { exchangeLine } from '../../../../cmd/audit/line.ts';
import { exchangeEntry } from '../../../../src/store/audit/entry.ts';
import { exchange } from '../../../support/exchange-record.ts';

/** The line without its time, which is that of this machine. */
const line = (over: Parameters<typeof exchange>[1], hasColour = false) => {
  const whole = exchangeLine(exchangeEntry(exchange(1, over)), hasColour);
  return whole.slice(whole.indexOf('  ') + 2);
};

test('who asked whom for what, tokens, time added, what was masked', () => {
  expect(
    line({ clientVersion: '2.1.330', model: 'claude-opus-4-5', tokensIn: 12_345, tokensOut: 350, edits: { email: 2, secrets: 1 } }),
  ).toBe(
    'edit   200  claude-cli 2.1.330  anthropic       claude-opus-4-5             12.3k > 350   +0.5 ms  masked email 2, secrets 1; restored 1',
  );
});

test('what is not known leaves its column, not its place', () => {
  const bare = {
    client: '',
    clientVersion: '',
    provider: '',
    host: 'a.example',
    model: '',
    edits: {},
    restored: 0,
    verdict: 'pass' as const,
  };
  expect(line({ ...bare, status: 0, fault: 'upstream-cut', tokensIn: undefined, tokensOut: undefined, addedMs: 33.3 })).toBe(
    'fault    -  -                   a.example       POST /v1/messages                     -    +33 ms  upstream-cut',
  );
  expect(line({ ...bare, tokensIn: 1_250_000, tokensOut: undefined })).toContain('1.3M > ?');
});

test('findings, with the tool that brought them', () => {
  const findings = [
    { guardrail: 'prompt-injection', rule: 'override', tool: 'WebFetch', count: 2 },
    { guardrail: 'mine', rule: 'mine', tool: '', count: 1 },
  ];
  expect(line({ verdict: 'deny', edits: { email: 1 }, restored: 0, findings, fault: 'rule-denied' })).toMatch(
    /^deny .* found email 1; prompt-injection in WebFetch 2, mine 1; rule-denied$/,
  );
});

test('colour stands for the verdict, and only where it is wanted', () => {
  for (const [verdict, code] of [
    ['pass', 32],
    ['edit', 33],
    ['deny', 31],
  ] as const) {
    expect(line({ verdict }, true)).toContain(`\u001B[${code}m${verdict.padEnd(5)}\u001B[0m`);
    expect(line({ verdict })).not.toContain('\u001B');
  }
  expect(line({ verdict: 'pass', fault: 'upstream-cut' }, true)).toContain('\u001B[35mfault\u001B[0m');
});

test('no control character of a client reaches the terminal', () => {
  const odd = 'a\u001B[31m\u0007\u202E';
  expect(line({ client: odd, clientVersion: odd, model: odd, provider: odd, edits: { [odd]: 1 } })).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test('a row that cannot be read says so', () => {
  expect(exchangeLine({ ...exchangeEntry(exchange(1)), content: '{' }, false)).toContain('audit verify');
});
