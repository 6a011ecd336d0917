// Which hosts a pattern names.
import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { matchesHost, parseHostPattern } from '../../../src/rules/host-pattern.ts';

const names = (pattern: string, host: string) => matchesHost(parseHostPattern(pattern), parseAuthority(host, 443));

test.each([
  ['API.Example.test', 'api.example.test', true],
  ['api.example.test', 'xapi.example.test', false],
  ['api.example.test', 'api.example.test.evil.test', false],
  ['api.example.test', 'sub.api.example.test', false],
  ['*.example.test', 'a.example.test', true],
  ['*.example.test', 'a.b.example.test', true],
  ['*.example.test', 'example.test', false],
  ['*.example.test', 'evilexample.test', false],
  ['*.example.test', 'a.exampleXtest', false],
  ['*-aiplatform.googleapis.com', 'us-central1-aiplatform.googleapis.com', true],
  ['*-aiplatform.googleapis.com', 'aiplatform.googleapis.com', false],
  ['*-aiplatform.googleapis.com', 'a.b-aiplatform.googleapis.com', false],
  ['bedrock-runtime.*.amazonaws.com', 'bedrock-runtime.us-east-1.amazonaws.com', true],
  ['bedrock-runtime.*.amazonaws.com', 'bedrock-runtime.a.b.amazonaws.com', false],
  ['*.api.*.test', 'x.y.api.eu.test', true],
  ['*.api.*.test', 'api.eu.test', false],
  ['*.api.*.test', 'x.api.eu.west.test', false],
  ['*', 'anything.test', true],
  ['*', 'localhost', false],
  ['*', 'a.localhost', false],
  ['*', '10.0.0.1', false],
  ['*', '[::1]', false],
  ['*.0.0.1', '10.0.0.1', false],
  ['10.0.0.1', '10.0.0.1', true],
  ['::1', '[::1]', true],
])('%s and %s: %s', (pattern, host, expected) => {
  expect(names(pattern, host)).toBe(expected);
});

// Letters of hex digits, dots and colons passed for an IPv6 address, so that these were taken and matched nothing: the host was not intercepted.
const MADE_OF_HEX = ['a.b:443', 'a..b', 'a.b.', ':::', '1.2.3'];
const NAMES_NO_HOST = ['-a.test', `${'a'.repeat(64)}.test`, '**.test', '[::1]'];

describe('a pattern', () => {
  test('of an address is written as authorities are', () => {
    expect(names('0:0:0:0:0:0:0:1', '[::1]')).toBe(true);
    expect(names('fade', 'fade')).toBe(true);
  });

  test.each(['', 'a b', 'a?.test', 'a..test', '.test', 'https://a.test', 'a.test:443', 'á.test', ...MADE_OF_HEX, ...NAMES_NO_HOST])(
    'is not %j',
    (text) => {
      expect(() => parseHostPattern(text)).toThrow(/is not a host pattern/);
    },
  );
});
