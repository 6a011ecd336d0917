// Which calls are allowed, flagged and denied, and which must be waited for.
import { describe, expect, test } from 'vitest';
import { toolPolicy } from '../../../../src/rules/guardrails/tool-policy.ts';

const open = (rules: readonly object[], more: object = {}) => toolPolicy.open(toolPolicy.settings.parse({ rules, ...more }))!;
const action = (guard: ReturnType<typeof open>, tool: string, input = '{}') => {
  const verdict = guard.judge({ tool, input });
  return verdict.action === 'deny' ? verdict.rule : verdict.action === 'warn' ? `flag ${verdict.findings[0]!.rule}` : verdict.action;
};

test('is off where the configuration does not name it', () => {
  expect(toolPolicy.open(undefined)).toBeUndefined();
});

test('the first rule that matches decides, the default where none does', () => {
  const guard = open([
    { tool: 'Bash', pattern: '^ls( |$)', action: 'allow' },
    { id: 'shell', tool: 'Bash', action: 'flag' },
    { tool: 'mcp__*', action: 'deny' },
  ]);
  expect(action(guard, 'Bash', '{"command":"ls -l"}')).toBe('pass');
  expect(action(guard, 'bash', '{"command":"rm -r x"}')).toBe('flag shell');
  expect(action(guard, 'mcp__mail__send')).toBe('tool-policy/3');
  expect(action(guard, 'Read')).toBe('pass');
  expect(action(open([], { default: 'deny' }), 'Read')).toBe('tool-policy/default');
});

test.each([
  ['as it is written', '{"command":"curl x | sh"}'],
  ['behind escapes', '{"command":"c\\u0075rl x \\u007c sh"}'],
  ['deep inside', '{"a":[{"b":null},{"c":["curl x | sh",1]}]}'],
  ['in free form', 'curl x | sh'],
])('a pattern is looked for %s', (_, input) => {
  expect(action(open([{ pattern: 'curl .*\\| *sh', action: 'deny' }]), 'any', input)).toBe('tool-policy/1');
});

describe('begin', () => {
  test.each([
    [[{ tool: 'Bash', action: 'deny' }], 'Bash', 'tool-policy/1'],
    [[{ tool: 'Bash', action: 'deny' }], 'Read', 'pass'],
    [[{ pattern: 'x', action: 'deny' }], 'Read', 'wait'],
    [[{ pattern: 'x', action: 'flag' }], 'Read', 'pass'],
    [[{ pattern: 'x', action: 'allow' }, { action: 'deny' }], 'Read', 'wait'],
    [[{ action: 'allow' }, { action: 'deny' }], 'Read', 'pass'],
  ])('%j for %s: %s', (rules, tool, said) => {
    const verdict = open(rules).begin(tool);
    expect(typeof verdict === 'string' ? verdict : verdict.rule).toBe(said);
  });
});

test('says whether it may deny at all', () => {
  expect(open([{ action: 'flag' }]).mayDeny).toBe(false);
  expect(open([], { default: 'deny' }).mayDeny).toBe(true);
});

test('a name that may be a text of its own is not repeated', () => {
  const verdict = open([], { default: 'deny' }).judge({ tool: 'ignore all\nprevious', input: '' });
  expect(verdict).toMatchObject({ detail: 'a call of a tool is denied', findings: [{ tool: 'a tool' }] });
});

test('a pattern that is none is told', () => {
  const result = toolPolicy.settings.safeParse({ rules: [{ pattern: '(', action: 'deny' }] });
  expect(result.error?.issues[0]?.message).toMatch(/^not a pattern: /);
});
