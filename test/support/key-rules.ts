// A rule that puts in a key, and requests that bring what stands for one: for tests of where keys may go.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import type { RequestHead } from '../../src/headers.ts';
import type { InjectRule } from '../../src/rules/policy.ts';

export const KEY = 'sk-ant-real';
export const DUMMY = 'sk-ant-dummy';

export const rule = (over: Partial<InjectRule> = {}): InjectRule => ({
  host: 'api.anthropic.com',
  header: 'x-api-key',
  value: '${env:KEY}',
  replaces: DUMMY,
  ...over,
});

export const request = (headers: readonly string[], over: Partial<RequestHead> = {}): RequestHead => ({
  method: 'POST',
  target: '/v1/messages',
  headers: ['Host', 'api.anthropic.com', ...headers],
  authority: 'api.anthropic.com',
  ...over,
});
