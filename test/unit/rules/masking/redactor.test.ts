// What is kept of a body: no value of a kind that is masked by default, whatever the policy lets leave, in pieces or across the end.
import { expect, test } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import { compileFindingRules, type FindingRule } from '../../../../src/rules/masking/finding-rules.ts';
import { DEFAULT_ACTIONS } from '../../../../src/rules/masking/kinds.ts';
import { openKnownValues } from '../../../../src/rules/masking/known-values.ts';
import { openPlaceholders } from '../../../../src/rules/masking/placeholders.ts';
import { createRedactor } from '../../../../src/rules/masking/redactor.ts';

const MAIL = 'ann.tulip@mail.example.org';
const placeholders = openPlaceholders({ key: Buffer.alloc(32, 7), maxEntries: 100 });

function redact(text: string, { actions = {}, rules = [] as FindingRule[], maxBytes = 10_000, known = [] as string[] } = {}): string {
  const values = openKnownValues();
  values.set('test', known);
  const own = compileFindingRules(rules)(parseAuthority('a.test:443'), 'generic');
  const redactor = createRedactor({
    placeholders,
    actions: { ...DEFAULT_ACTIONS, ...actions },
    rules: own,
    known: values.current,
    standIns: ['sk-ant-api03-SALLYPORTaaaaaaaaaaaaaaaaaaaa'],
  });
  return redactor(Buffer.from(text), maxBytes);
}

test.each([{}, { email: 'off' }, { email: 'warn' }, { email: 'block' }] as const)(
  'a value goes for good where the action is %j',
  (actions) => {
    expect(redact(`{"to":"${MAIL}","n":1}`, { actions })).toBe('{"to":"[EMAIL_REDACTED]","n":1}');
  },
);

test('what is let out by default and by the policy stays, and goes where the policy masks it', () => {
  expect(redact('at 85.214.132.117')).toBe('at 85.214.132.117');
  expect(redact('at 85.214.132.117', { actions: { ip_address: 'mask' } })).toBe('at [IP_REDACTED]');
});

test('a rule that lets a value out does not keep it here, and one of the user’s own is heeded', () => {
  const rules: FindingRule[] = [
    { id: 'free', kinds: ['email'], action: 'off' },
    { id: 'ticket', pattern: 'T-[0-9]{5}', action: 'mask' },
    { id: 'seen', pattern: 'S-[0-9]{5}', action: 'warn' },
  ];
  expect(redact(`${MAIL} T-12345 S-12345`, { rules })).toBe('[EMAIL_REDACTED] [CUSTOM_REDACTED] S-12345');
});

test('a known value goes, what stands for a key and our placeholders stay', () => {
  const own = placeholders.placeholderFor('EMAIL', MAIL);
  const standIn = 'sk-ant-api03-SALLYPORTaaaaaaaaaaaaaaaaaaaa';
  expect(redact(`a-known-value-1 ${own} ${standIn}`, { known: ['a-known-value-1'] })).toBe(`[SECRET_REDACTED] ${own} ${standIn}`);
});

test('a value that a stream brings in pieces is not kept, nor anything around it; one that is whole is', () => {
  const events = (...pieces: string[]) => pieces.map((text) => `data: ${JSON.stringify({ delta: { text } })}\n\n`).join('');
  expect(redact(events('write to ann.tul', 'ip@mail.exam', 'ple.org now'))).toBe('[not kept: a value in it comes in pieces]');
  expect(redact(events('write to ', `${MAIL}`, ' now'))).toBe(events('write to ', '[EMAIL_REDACTED]', ' now'));
  expect(redact('data: {"text":"\\x"}\n\n')).toBe('data: {"text":"\\x"}\n\n');
});

test('a value that stands across the end of what is kept goes whole', () => {
  const begin = 'x'.repeat(50);
  expect(redact(`${begin} ${MAIL} and more`, { maxBytes: 60 })).toBe(`${begin} [EMAIL_REDACTED]`);
  expect(redact(`${begin} ${MAIL} and more`, { maxBytes: 20 })).toBe('x'.repeat(20));
});
