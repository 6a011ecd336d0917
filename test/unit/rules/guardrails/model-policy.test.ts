// Which models are asked, by body and by path, and how much of an answer.
import { describe, expect, test } from 'vitest';
import { modelPolicy } from '../../../../src/rules/guardrails/model-policy.ts';
import { applyEdits } from '../../../../src/rules/masking/mask.ts';
import { guardedRequest } from '../../../support/guarded-request.ts';

function check(settings: object, text: string, target = '/v1/x') {
  const bytes = Buffer.from(text);
  const verdict = modelPolicy.open(modelPolicy.settings.parse(settings))!.check(guardedRequest(bytes, { target }));
  return verdict.action === 'edit' ? applyEdits(bytes, verdict.edits).toString() : verdict.action;
}

describe('patterns', () => {
  test.each([
    ['claude-*', 'Claude-Opus', 'pass'],
    ['claude-*', 'gpt', 'deny'],
    ['*-mini', 'gpt-mini', 'pass'],
    ['*-mini', 'gpt-minimal', 'deny'],
    ['a*b*c', 'a-b-c', 'pass'],
    ['a*b*c', 'a-c', 'deny'],
    ['ab*ba', 'aba', 'deny'],
    ['gpt', 'gpt', 'pass'],
    ['gpt', 'gpt-4', 'deny'],
  ])('%s and %s: %s', (pattern, model, action) => {
    expect(check({ allow: [pattern] }, JSON.stringify({ model }))).toBe(action);
  });
});

test.each([
  ['/v1beta/models/bad:generateContent', '{}'],
  ['/v1/projects/p/models/bad:rawPredict?x=1', '{}'],
  ['/model/b%61d/converse', '{}'],
  ['/openai/deployments/bad/chat/completions', '{}'],
  ['/v1internal:generateContent', '{"model":"bad","request":{}}'],
  ['/v1/responses', '{"response":{"model":"bad"}}'],
  ['/v1/chat', '{"models":["good","bad"]}'],
  // Nobody knows which of two a server reads, nor which of several documents.
  ['/v1/chat', '{"model":"bad","model":"good"}'],
  ['/v1/chat', '{"mod\\u0065l":"good","m\\u006fdel":"b\\u0061d"}'],
  ['/v1/chat', '{"model":"good"}\n{"model":"bad"}\n'],
  ['/v1/batches', '{"custom_id":"1","body":{"model":"bad"}}'],
])('finds the model of %s %s', (target, body) => {
  expect(check({ deny: ['bad'] }, body, target)).toBe('deny');
  expect(check({ deny: ['other'] }, body, target)).toBe('pass');
});

test('a step that is no UTF-8 is taken as it is, and a body that is no JSON has no model', () => {
  expect(check({ deny: ['%ff'] }, 'text', '/models/%ff')).toBe('deny');
  expect(check({ allow: ['x'], max_output_tokens: 1 }, 'text', '/v1/models/')).toBe('pass');
});

describe('max_output_tokens', () => {
  test.each([
    ['{"max_tokens":5}', 'pass'],
    ['{"max_tokens":null}', 'pass'],
    ['{"max_tokens" : 50 , "a":"max_tokens"}', '{"max_tokens" : 10 , "a":"max_tokens"}'],
    ['\uFEFF{"max_completion_tokens":50}', '\uFEFF{"max_completion_tokens":10}'],
    ['{"generationConfig":{"maxOutputTokens":5e1}}', '{"generationConfig":{"maxOutputTokens":10}}'],
    [
      '{"request":{"generationConfig":{"maxOutputTokens":50},"x":{"max_tokens":50}}}',
      '{"request":{"generationConfig":{"maxOutputTokens":10},"x":{"max_tokens":50}}}',
    ],
    ['{"inferenceConfig":{"maxTokens":50}}', '{"inferenceConfig":{"maxTokens":10}}'],
    ['{"response":{"max_output_tokens":50}}', '{"response":{"max_output_tokens":10}}'],
    ['{"max_tokens":50,"max_tokens":5,"max_tokens":60\n}', '{"max_tokens":10,"max_tokens":5,"max_tokens":10\n}'],
    ['{"max_tokens":"50"}', 'deny'],
    ['{"max_tokens":5', 'deny'],
    ['{"max_tokens":{}}', 'deny'],
  ])('%s: %s', (body, out) => {
    expect(check({ max_output_tokens: 10 }, body)).toBe(out);
  });
});

test('is off where the configuration does not name it', () => {
  expect(modelPolicy.open(undefined)).toBeUndefined();
});
