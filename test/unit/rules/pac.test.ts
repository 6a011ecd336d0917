import { createContext, runInContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { matchesHost } from '../../../src/rules/host-pattern.ts';
import { pacFile } from '../../../src/rules/pac.ts';

const PATTERNS = [
  'api.example.com',
  '*.example.org',
  'bedrock-runtime.*.amazonaws.com',
  '*-aiplatform.googleapis.com',
  '127.0.0.7',
  '*.0.0.8',
  'constructor',
];
const HOSTS = [
  'api.example.com',
  'x.api.example.com',
  'apixexample.com',
  'example.org',
  'a.example.org',
  'a.b.example.org',
  'aexample.org',
  'bedrock-runtime.eu-west-1.amazonaws.com',
  'bedrock-runtime.a.b.amazonaws.com',
  'eu-aiplatform.googleapis.com',
  '-aiplatform.googleapis.com',
  '127.0.0.7',
  '127.0.0.8',
  '10.0.0.1',
  '::1',
  'localhost',
  'a.localhost',
  'tostring',
  'constructor',
];

function find(patterns: readonly string[], host: string): string {
  const context = createContext({});
  runInContext(pacFile('127.0.0.1:8898', patterns), context);
  return runInContext(`FindProxyForURL('https://x/', ${JSON.stringify(host)})`, context) as string;
}

describe.each([{ patterns: PATTERNS }, { patterns: ['*'] }, { patterns: [] }])('$patterns', ({ patterns }) => {
  test.each(HOSTS.filter((h) => h !== '-aiplatform.googleapis.com'))('%s goes where the daemon would intercept it', (host) => {
    const authority = parseAuthority(host.includes(':') ? `[${host}]` : host, 443);
    const expected = patterns.some((p) => matchesHost(p, authority)) ? 'PROXY 127.0.0.1:8898' : 'DIRECT';
    expect(find(patterns, host)).toBe(expected);
    expect(find(patterns, host.toUpperCase())).toBe(expected);
  });
});

test('there is never DIRECT behind the proxy', () => {
  expect(find(PATTERNS, 'api.example.com')).not.toContain('DIRECT');
});
