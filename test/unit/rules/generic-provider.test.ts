// The stand-in for vendors without a file: the dialect is guessed from the path.
import { expect, test } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { genericProvider } from '../../../src/rules/generic-provider.ts';
import { routeOf } from '../../../src/rules/route.ts';

const named = genericProvider(['dashscope.example.test']);
const host = parseAuthority('dashscope.example.test:443');
const route = (provider: typeof named, method: string, target: string) =>
  routeOf(host, provider, { method, target, headers: [], authority: 'dashscope.example.test' });

test.each([
  ['POST', '/v1/messages?beta=true', 'messages', 'anthropic'],
  ['POST', '/anthropic/v1/messages/count_tokens', 'messages', 'anthropic'],
  ['GET', '/v1/responses', 'responses', 'responses'],
  ['POST', '/openai/responses/compact', 'responses', 'responses'],
  ['POST', '/compatible-mode/v1/chat/completions', 'chat', 'chat'],
  ['POST', '/v1/completions', 'completions', 'chat'],
  ['POST', '/v1beta/models/m:streamGenerateContent?alt=sse', 'generate', 'gemini'],
  ['POST', '/api/v1/oauth2/token', 'token', 'opaque'],
  ['POST', '/oauth/device/code', 'token', 'opaque'],
  ['GET', '/oauth/token', undefined, 'opaque'],
  ['POST', '/oauth/../oauth/token', undefined, 'opaque'],
  ['POST', '/chat-stream', undefined, 'opaque'],
])('%s %s is %s in %s', (method, target, endpoint, dialect) => {
  const found = route(named, method, target);
  expect([found.endpoint?.name, found.dialect.name]).toEqual([endpoint, dialect]);
});

test('of every host knows no login', () => {
  expect(route(genericProvider(['*']), 'POST', '/oauth/token').endpoint).toBeUndefined();
  expect(route(genericProvider(['*']), 'POST', '/v1/messages').endpoint?.name).toBe('messages');
});

test('a signature is known for one, and so is a billing block', () => {
  const head = (value: string) => ({ method: 'POST', target: '/', authority: '', headers: ['Authorization', value] });
  const { attests } = genericProvider(['a.test']);
  expect(attests?.(head('AWS4-HMAC-SHA256 Credential=a'), Buffer.alloc(0))).toBe('signed');
  expect(attests?.(head('Bearer a'), Buffer.from('{"system":[{"text":"x-anthropic-billing-header: cch=1"}]}'))).toBe('attested');
  expect(attests?.(head('Bearer a'), Buffer.alloc(0))).toBe(undefined);
});
