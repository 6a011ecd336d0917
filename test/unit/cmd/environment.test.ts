import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { proxyUrl, reachable } from '../../../cmd/address.ts';
import { changed, environmentChange } from '../../../cmd/environment.ts';
import { cleanNoProxy } from '../../../cmd/no-proxy.ts';
import { shellOf, shellText } from '../../../cmd/shells.ts';

const LOCAL = 'localhost,127.0.0.1,::1';
const HOSTS = ['api.anthropic.com', '*.example.org', 'bedrock-runtime.*.amazonaws.com', '*-aiplatform.googleapis.com', '10.9.8.7'];

describe('NO_PROXY', () => {
  test.each([
    ['*', ''],
    ['api.anthropic.com', ''],
    ['API.Anthropic.com:443', ''],
    ['.anthropic.com', ''],
    ['*.anthropic.com', ''],
    ['anthropic.com', ''],
    ['com', ''],
    ['a.b.example.org', ''],
    ['example.org', ''],
    ['amazonaws.com', ''],
    ['eu-west-1.amazonaws.com', ''],
    ['bedrock-runtime.eu-west-1.amazonaws.com', ''],
    ['eu-aiplatform.googleapis.com', ''],
    ['googleapis.com', ''],
    ['10.9.8.7', ''],
    ['x.api.anthropic.com', 'x.api.anthropic.com'],
    ['notanthropic.com', 'notanthropic.com'],
    ['s3.eu-west-1.amazonaws.com', 's3.eu-west-1.amazonaws.com'],
    ['storage.googleapis.com', 'storage.googleapis.com'],
    ['corp.example.net, .internal 10.0.0.0/8', 'corp.example.net,.internal,10.0.0.0/8'],
    ['10.1.1.1,fe80::1,[::1]', '10.1.1.1,fe80::1,[::1]'],
    ['bad_entry..,ok.example.net', 'bad_entry..,ok.example.net'],
  ])('%s', (inherited, kept) => {
    expect(cleanNoProxy(inherited, HOSTS)).toBe(kept === '' ? LOCAL : `${kept},${LOCAL}`);
  });

  test('every name is intercepted: only addresses stay', () => {
    expect(cleanNoProxy('corp.example.net,10.0.0.0/8,localhost', ['*'])).toBe('10.0.0.0/8,localhost,127.0.0.1,::1');
    expect(cleanNoProxy(undefined, [])).toBe(LOCAL);
  });
});

const facts = (inherited: Record<string, string> = {}, keepAttribution = false) =>
  environmentChange({
    proxyUrl: 'http://127.0.0.1:8898',
    caPath: '/h/ca.pem',
    addedPath: '/h/added.pem',
    bundlePath: '/h/bundle.pem',
    interceptedHosts: HOSTS,
    inherited,
    keepAttribution,
  });

describe('the variables', () => {
  test('all of them, each with the right file', () => {
    const { set, unset } = facts();
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) expect(set[name]).toBe('http://127.0.0.1:8898');
    for (const name of ['CODEX_CA_CERTIFICATE', 'DENO_CERT']) expect(set[name]).toBe('/h/ca.pem');
    for (const name of [
      'SSL_CERT_FILE',
      'REQUESTS_CA_BUNDLE',
      'CURL_CA_BUNDLE',
      'GIT_SSL_CAINFO',
      'CARGO_HTTP_CAINFO',
      'AWS_CA_BUNDLE',
      'PIP_CERT',
    ])
      expect(set[name]).toBe('/h/bundle.pem');
    expect(set).toMatchObject({
      NODE_EXTRA_CA_CERTS: '/h/added.pem',
      NODE_USE_ENV_PROXY: '1',
      CLAUDE_CODE_ATTRIBUTION_HEADER: '0',
      NO_PROXY: LOCAL,
      no_proxy: LOCAL,
    });
    expect(Object.keys(set)).not.toContain('NODE_OPTIONS');
    expect(unset).toEqual([]);
  });

  test('what the user has said stays; what would lead past us goes', () => {
    const change = facts({
      CLAUDE_CODE_ATTRIBUTION_HEADER: '1',
      ALL_PROXY: 'socks5://x:1',
      NO_PROXY: 'api.anthropic.com,a.example.net',
      no_proxy: 'b.example.net',
      NODE_OPTIONS: '--max-old-space-size=99',
    });
    expect(change.set).not.toHaveProperty('CLAUDE_CODE_ATTRIBUTION_HEADER');
    expect(change.set.NO_PROXY).toBe(`a.example.net,b.example.net,${LOCAL}`);
    expect(change.unset).toEqual(['ALL_PROXY']);
    const after = changed({ ALL_PROXY: 'x', NODE_OPTIONS: '--y', HOME: '/home/u' }, change);
    expect(after).not.toHaveProperty('ALL_PROXY');
    expect(after).toMatchObject({ NODE_OPTIONS: '--y', HOME: '/home/u', HTTPS_PROXY: 'http://127.0.0.1:8898' });
    expect(facts({}, true).set).not.toHaveProperty('CLAUDE_CODE_ATTRIBUTION_HEADER');
  });
});

describe('shells', () => {
  const nasty = `a'b"c $(touch /nonexistent) \`x\` \\ ; é`;

  test('sh gets back exactly what was meant, and runs none of it', () => {
    const script = `${shellText('bash', { set: { VALUE: nasty }, unset: ['GONE'] })}\nprintf '%s|%s' "$VALUE" "\${GONE-unset}"`;
    expect(execFileSync('/bin/sh', ['-c', script], { env: { GONE: 'x' } }).toString()).toBe(`${nasty}|unset`);
  });

  test('the quoting of each', () => {
    const change = { set: { V: "a'\\b" }, unset: ['G'] };
    expect(shellText('zsh', change)).toBe(shellText('bash', change));
    expect(shellText('fish', change)).toBe("set -gx V 'a\\'\\\\b'\nset -e G");
    expect(shellText('powershell', change)).toBe("$env:V = 'a''\\b'\nRemove-Item Env:G -ErrorAction SilentlyContinue");
  });

  test.each([
    ['/usr/bin/fish', 'linux', 'fish'],
    ['/bin/zsh', 'darwin', 'zsh'],
    ['/bin/dash', 'linux', 'bash'],
    ['/usr/bin/pwsh', 'linux', 'powershell'],
    [undefined, 'win32', 'powershell'],
    [undefined, 'linux', 'bash'],
  ] as const)('%s on %s is %s', (path, platform, name) => {
    expect(shellOf(path, platform)).toBe(name);
  });
});

test('addresses: unspecified ones are reached by loopback, credentials are encoded', () => {
  expect(reachable({ host: '0.0.0.0', port: 1 })).toBe('127.0.0.1:1');
  expect(reachable({ host: '::', port: 1 })).toBe('[::1]:1');
  expect(reachable({ host: '::1', port: 2 })).toBe('[::1]:2');
  expect(proxyUrl('127.0.0.1:1', undefined)).toBe('http://127.0.0.1:1');
  const url = new URL(proxyUrl('127.0.0.1:1', 'us er:p@ss:w/rd'));
  expect([decodeURIComponent(url.username), decodeURIComponent(url.password), url.host]).toEqual(['us er', 'p@ss:w/rd', '127.0.0.1:1']);
});
