// One file in src/rules/providers is one provider, it says all a provider has to say, and no host belongs to two.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../src/authority.ts';
import { matchesHost, parseHostPattern } from '../../src/rules/host-pattern.ts';
import { PROVIDERS } from '../../src/rules/policy.ts';
import type { Dialect, Provider } from '../../src/rules/provider.ts';
import { routeOf } from '../../src/rules/route.ts';
import { listFiles, root, stem } from './sources.ts';

const objectsOf = async (file: string) => Object.values((await import(join(root, file))) as object).filter((v) => typeof v === 'object');

/** Hosts that a pattern names. */
const samples = (pattern: string) => [
  pattern.replaceAll('*', 'one'),
  ...(pattern.startsWith('*.') ? [pattern.replace('*', 'one.two')] : []),
];

describe('src/rules/providers', () => {
  test('has one provider a file, of the same name, and PROVIDERS lists them all', async () => {
    const files = listFiles('src/rules/providers', '.ts');
    const found = await Promise.all(files.map(objectsOf));
    expect(found.map((all) => all.map((p) => (p as Provider).name))).toEqual(files.map((file) => [stem(file)]));
    expect(PROVIDERS.map((p) => p.name).sort()).toEqual(files.map(stem));
    for (const [provider] of found) expect(PROVIDERS).toContain(provider);
  });

  test('gives no host to two providers', () => {
    const owners = PROVIDERS.flatMap((p) => p.hosts.flatMap((pattern) => samples(pattern).map((host) => [host, p.name] as const)));
    for (const [host, name] of owners) {
      const authority = parseAuthority(host, 443);
      expect(
        PROVIDERS.filter((p) => p.hosts.some((pattern) => matchesHost(pattern, authority))).map((p) => p.name),
        host,
      ).toEqual([name]);
    }
  });
});

test('src/rules/dialects has one dialect a file, of the same name', async () => {
  for (const file of listFiles('src/rules/dialects', '.ts')) {
    expect(
      (await objectsOf(file)).map((d) => (d as Dialect).name),
      file,
    ).toEqual([stem(file)]);
  }
});

describe.each(PROVIDERS.map((p) => [p.name, p] as const))('%s', (_, provider) => {
  test('has hosts, endpoints, slots for a key and examples', () => {
    expect(provider.hosts.length * provider.endpoints.length * provider.auth.length * (provider.examples ?? []).length).toBeGreaterThan(0);
    expect(provider.hosts.map(parseHostPattern)).toEqual(provider.hosts);
    expect(provider.endpoints.some((e) => e.kind === 'model')).toBe(true);
    for (const slot of provider.auth) {
      expect(Object.keys(slot)).toHaveLength(1);
      expect(slot.header ?? '').toMatch(/^[a-z0-9-]*$/);
    }
  });

  test('has endpoints with names of their own, bound at both ends of the path', () => {
    const names = provider.endpoints.map((e) => e.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { path, method } of provider.endpoints) {
      expect(path.source).toMatch(/^\^.*\$$/);
      expect(path.flags).toBe('');
      expect(method ?? 'GET').toMatch(/^[A-Z]+$/);
    }
  });

  // Login bodies pass unseen, so a path that a server might read as another must never be one.
  test('takes nothing but the plain path for a login', () => {
    for (const { path } of provider.endpoints.filter((e) => e.kind === 'login')) {
      expect(path.source).not.toMatch(/\.\*|\.\+|\[\^/);
      for (const example of provider.examples!.map((e) => new URL(e.url).pathname)) {
        for (const odd of [
          `${example}/`,
          `/.${example}`,
          `/x/..${example}`,
          `${example}/../x`,
          `/${example}`,
          `${example}%2f`,
          `${example};x`,
          `${example}\\x`,
        ]) {
          expect(path.test(odd), odd).toBe(false);
        }
      }
    }
  });

  test('takes each example for what it is, and has one for every dialect and kind it speaks', () => {
    const seen = new Set<string>();
    for (const { method, url, endpoint } of provider.examples!) {
      const { host, pathname, search } = new URL(url);
      const authority = parseAuthority(host, 443);
      expect(
        provider.hosts.some((pattern) => matchesHost(pattern, authority)),
        url,
      ).toBe(true);
      const route = routeOf(authority, provider, { method, target: pathname + search, headers: [], authority: host });
      expect(route.endpoint?.name ?? '', url).toBe(endpoint);
      seen.add(`${route.dialect.name} ${route.endpoint?.kind}`);
    }
    for (const { dialect, kind } of provider.endpoints) if (kind !== 'other') expect(seen).toContain(`${dialect.name} ${kind}`);
    expect(provider.examples!.some((e) => e.endpoint === '')).toBe(true);
  });
});
