// What the key `guardrails` may say, and how a mistake in it is told.
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { BUILT_INS } from '../../src/rules/guardrail-settings.ts';

const guardrails = Object.fromEntries(BUILT_INS.map(({ name, settings }) => [name, settings]));
const grammar = { hostPattern: String, template: String, kinds: {}, guardrails };
const read = (guardrails: string) =>
  readConfig({
    flags: {},
    environment: {},
    file: { path: '/h/sallyport.yaml', text: `guardrails:\n${guardrails}` },
    home: '/h',
    cwd: '/h',
    userHome: '/u',
    grammar,
  }).config.guardrails;

test('takes settings by guardrail', () => {
  expect(read('  prompt-injection: { mode: block, threshold: 0.9 }\n  model-policy: { allow: ["claude-*"] }\n')).toEqual({
    'prompt-injection': { mode: 'block', threshold: 0.9 },
    'model-policy': { allow: ['claude-*'], deny: [] },
  });
});

test('a module is a path from the folder of the file', () => {
  expect(read('  mine: { module: ./mine.mjs, on_fault: deny }\n')).toEqual({
    mine: { module: '/h/mine.mjs', on_fault: 'deny', deadline_ms: 1000, rank: 50 },
  });
});

test.each([
  ['  mine: { module: m.mjs }\n', 'guardrails.mine.on_fault: '],
  [
    '  promt-injection: { mode: block }\n',
    'guardrails.promt-injection.module: is missing: a guardrail that is not built in names its module (did you mean «prompt-injection»?)',
  ],
  ['  prompt-injection: { mod: block }\n', 'unknown key «mod» (did you mean «mode»?)'],
  ['  prompt-injection: { mode: loud }\n', '/h/sallyport.yaml:2: guardrails.prompt-injection.mode: expected settings by the name'],
])('%s is told', (text, line) => {
  expect(() => read(text)).toThrow(line);
});
