// Settings become one frozen policy: who is intercepted, where names are dialled, which ports and private addresses are allowed.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: our templates are written like this.
import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../src/authority.ts';
import { DEFAULT_ACTIONS } from '../../../src/rules/masking/kinds.ts';
import { compilePolicy, type PolicySettings, PROVIDERS } from '../../../src/rules/policy.ts';
import { DEFAULT_PROFILE } from '../../../src/rules/profile.ts';

const settings: PolicySettings = {
  intercept: [],
  connectTo: [],
  connectPorts: [],
  allowPrivate: [],
  inject: [],
  mask: { email: 'mask' },
  onAttestedBody: 'mask',
  maxBodyBytes: 1024,
};
const at = (text: string) => parseAuthority(text, 443);
const provider = (policy: PolicySettings, host: string) => compilePolicy(policy).providerFor(at(host))?.name;

describe('interception', () => {
  test('is for the providers’ hosts and no other by default', () => {
    expect(compilePolicy(settings).interceptedHosts).toEqual(PROVIDERS.flatMap((p) => p.hosts));
    expect(provider(settings, 'api.anthropic.com')).toBe('anthropic');
    expect(provider(settings, 'api.business.githubcopilot.com')).toBe('github-copilot');
    for (const host of ['example.test', 'api.github.com', 'oauth2.googleapis.com', 'localhost', '127.0.0.1'])
      expect(provider(settings, host)).toBeUndefined();
  });

  test('is for configured hosts, in order and each once, and a provider’s own keep their provider', () => {
    const policy = { ...settings, intercept: ['b.test', '*.a.test', 'b.test', 'api.x.ai'] };
    expect(compilePolicy(policy).interceptedHosts).toEqual([...PROVIDERS.flatMap((p) => p.hosts), 'b.test', '*.a.test']);
    expect(provider(policy, 'x.a.test')).toBe('generic');
    expect(provider(policy, 'api.x.ai')).toBe('xai');
  });

  test('is for the hosts that a key belongs to', () => {
    const policy = { ...settings, inject: [{ host: 'keyed.test', header: 'authorization', value: '${env:K}', replaces: undefined }] };
    expect(compilePolicy(policy).interceptedHosts.at(-1)).toBe('keyed.test');
    expect(provider(policy, 'keyed.test')).toBe('generic');
  });

  test('of every name never takes addresses or localhost, and knows no login there', () => {
    const compiled = compilePolicy({ ...settings, intercept: ['*', 'named.test'] });
    const logins = (host: string) => compiled.providerFor(at(host))?.endpoints.filter((e) => e.kind === 'login').length;
    expect(logins('any.test')).toBe(0);
    expect(logins('named.test')).toBe(1);
    for (const host of ['localhost', '10.0.0.1', '[::1]']) expect(compiled.providerFor(at(host))).toBeUndefined();
  });
});

describe('connect_to', () => {
  // The side-by-side benchmark maps localhost by name; a sandbox maps every name and must not open these.
  test.each(['localhost', 'x.localhost', 'ip6-loopback', 'metadata.google.internal'])(
    'maps %s by its name, never by a bare star',
    (host) => {
      const to = (pattern: string) => compilePolicy({ ...settings, connectTo: [{ pattern, host: '127.0.0.1', port: undefined }] });
      expect(to('*').mappingFor(at(`${host}:29443`))).toBeUndefined();
      expect(to('*').allowsPort(at(`${host}:29443`))).toBe(false);
      expect(to(host).mappingFor(at(`${host}:29443`))).toEqual({ host: '127.0.0.1', port: 29443 });
      expect(to(host).allowsPort(at(`${host}:29443`))).toBe(true);
    },
  );

  const compiled = compilePolicy({
    ...settings,
    connectTo: [
      { pattern: 'a.example.test', host: '127.0.0.1', port: 1 },
      { pattern: '*.example.test', host: 'inside.test', port: undefined },
      { pattern: '10.0.0.1', host: '127.0.0.1', port: 2 },
      { pattern: '*', host: '127.0.0.1', port: 3 },
    ],
  });

  test.each([
    ['a.example.test:443', { host: '127.0.0.1', port: 1 }],
    ['b.example.test:8443', { host: 'inside.test', port: 8443 }],
    ['other.test:443', { host: '127.0.0.1', port: 3 }],
    ['localhost:443', undefined],
    ['a.localhost:443', undefined],
    ['10.0.0.1:443', undefined],
    ['[::1]:443', undefined],
  ])('maps %s to %j', (from, to) => {
    expect(compiled.mappingFor(at(from))).toEqual(to);
  });

  test('opens ports and private addresses for what it maps, by name only', () => {
    expect(compiled.allowsPort(at('b.example.test:8443'))).toBe(true);
    expect(compiled.allowsPrivate(at('b.example.test'))).toBe(true);
    expect([1, 443, 8443].map((port) => compiled.allowsPort(at(`a.example.test:${port}`)))).toEqual([true, true, false]);
    for (const host of ['localhost:8443', '10.0.0.1:8443']) {
      expect(compiled.allowsPort(at(host))).toBe(false);
      expect(compiled.allowsPrivate(at(host))).toBe(false);
    }
  });
});

test('ports other than 443 are for the asking', () => {
  const compiled = compilePolicy({ ...settings, connectPorts: [8443] });
  expect([443, 8443, 80, 22].map((port) => compiled.allowsPort(at(`a.test:${port}`)))).toEqual([true, true, false, false]);
});

test('private addresses are allowed by name, never by address', () => {
  const compiled = compilePolicy({ ...settings, allowPrivate: ['*.corp.test', '10.0.0.1'] });
  expect(['a.corp.test', 'corp.test', '10.0.0.1'].map((host) => compiled.allowsPrivate(at(host)))).toEqual([true, false, false]);
});

describe('inject', () => {
  const rule = { host: '*.corp.test', header: 'authorization', value: 'Bearer ${env:K}', replaces: 'P' };

  test('has the rules of a host', () => {
    const compiled = compilePolicy({ ...settings, inject: [rule, { ...rule, host: 'b.test' }] });
    expect(compiled.injectFor(at('a.corp.test'), DEFAULT_PROFILE)).toEqual([rule]);
    expect(compiled.injectFor(at('corp.test'), DEFAULT_PROFILE)).toEqual([]);
  });

  test('has the rules of a profile, and those of everybody', () => {
    const ci = { ...rule, profiles: ['ci', 'work'] };
    const compiled = compilePolicy({ ...settings, inject: [rule, ci] });
    expect(compiled.injectFor(at('a.corp.test'), { ...DEFAULT_PROFILE, name: 'ci' })).toEqual([rule, ci]);
    expect(compiled.injectFor(at('a.corp.test'), DEFAULT_PROFILE)).toEqual([rule]);
  });

  test('has the credentials that a profile may use', () => {
    const own = { ...rule, entry: 'work' };
    const compiled = compilePolicy({ ...settings, inject: [own] });
    expect(compiled.injectFor(at('a.corp.test'), DEFAULT_PROFILE)).toEqual([own]);
    expect(compiled.injectFor(at('a.corp.test'), { ...DEFAULT_PROFILE, vault: ['home'] })).toEqual([]);
  });

  test('refuses a malformed template and a key for every host', () => {
    expect(() => compilePolicy({ ...settings, inject: [{ ...rule, value: '${env:}' }] })).toThrow(/character 1 /);
    expect(() => compilePolicy({ ...settings, inject: [{ ...rule, host: '*' }] })).toThrow(/every host/);
  });
});

test('a policy is frozen and keeps nothing of what it was made from', () => {
  const mine = { ...settings, intercept: ['a.test'], mask: { email: 'mask' as const } };
  const compiled = compilePolicy(mine);
  mine.intercept.push('b.test');
  Object.assign(mine.mask, { email: 'off' });
  expect(compiled.intercept).toEqual(['a.test']);
  expect(compiled.mask).toEqual({ ...DEFAULT_ACTIONS, email: 'mask' });
  expect(compiled).toMatchObject({ onAttestedBody: 'mask', maxBodyBytes: 1024 });
  for (const part of [compiled, compiled.intercept, compiled.interceptedHosts, compiled.inject, compiled.mask])
    expect(Object.isFrozen(part)).toBe(true);
});
