// The recipe of the container image, held by its text: what it promises of users, volumes and networks, and that its commands are ours.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseCommandLine } from '../../cmd/command-line.ts';
import { start } from '../../cmd/commands/start.ts';
import { status } from '../../cmd/commands/status.ts';
import { readConfig } from '../../src/config.ts';
import { instructions, words } from '../support/containerfile.ts';
import { readText, root } from './sources.ts';

const recipe = instructions(readText('container/Containerfile'));
const of = (name: string) => recipe.filter(([word]) => word === name).map(([, rest]) => rest);
const environment = Object.fromEntries(of('ENV').map((line) => line.split('=') as [string, string]));
const manifest = JSON.parse(readText('package.json')) as { devDependencies: Record<string, string> };
const image = `docker.io/library/node:${manifest.devDependencies.node}-bookworm-slim`;

describe('container/Containerfile', () => {
  test('begins with the Node that the checkout pins', () => {
    expect(of('FROM')).toEqual([`${image} AS packages`, image]);
  });

  test('runs as nobody in particular, from the last USER on', () => {
    const [user] = of('USER').slice(-1);
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(recipe.findIndex(([word]) => word === 'USER')).toBeLessThan(recipe.findIndex(([word]) => word === 'ENTRYPOINT'));
    // The volumes are that user's, or it could not write into them.
    const made = of('RUN')
      .map(words)
      .filter(([program]) => program === 'install');
    expect(made.map(([, , , owner, , group]) => `${owner}:${group}`)).toEqual([user, user]);
    expect(made.map((all) => all.at(-1))).toEqual(words(of('VOLUME')[0]!));
  });

  test('runs no shell, and nothing of a package while it is built', () => {
    for (const line of [...of('RUN'), ...of('CMD'), ...of('ENTRYPOINT')]) expect(line).toMatch(/^\[/);
    expect(words(of('RUN')[0]!)).toContain('--ignore-scripts');
  });

  test('copies what is there and what is not ignored', () => {
    const copied = of('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1));
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const kept = readText('.dockerignore')
      .split('\n')
      .flatMap((line) => /^!(.+)/.exec(line)?.[1] ?? []);
    expect([...new Set(copied)].sort()).toEqual(kept.sort());
  });

  test('writes into its volumes alone, and listens where it says', () => {
    const grammar = { hostPattern: String, template: String, kinds: {} };
    const common = { flags: {}, file: undefined, home: '/', cwd: '/', userHome: '/', grammar };
    const { config, notices } = readConfig({ ...common, environment: { ...environment, SALLYPORT_PROXY_AUTH: 'a:b' } });
    const volumes = words(of('VOLUME')[0]!);
    expect([config.home, join(config.ca_file!, '..')]).toEqual(volumes);
    expect([notices, String(config.listen.port)]).toEqual([[], of('EXPOSE')[0]]);
    // Whoever forgets the password gets no open proxy.
    expect(() => readConfig({ ...common, environment })).toThrow('can be reached from other machines; that needs proxy_auth as well');
  });

  test('starts and looks at itself by commands there are', () => {
    const [launcher = ''] = words(of('ENTRYPOINT')[0]!);
    const [looker, ...look] = words(/CMD (.*)/.exec(of('HEALTHCHECK')[0]!)![1]!);
    expect([launcher, looker]).toEqual(Array(2).fill('/opt/sallyport/cmd/sallyport'));
    const line = { commands: [start, status], self: 'sallyport', version: '0' };
    for (const argv of [words(of('CMD')[0]!), look]) expect(parseCommandLine(line, argv)).toMatchObject({ kind: 'call' });
  });
});

describe('container/compose.yaml', () => {
  const { services, volumes } = parse(readText('container/compose.yaml')) as {
    services: Record<'sallyport' | 'tool', Record<string, unknown>>;
    volumes: Record<string, unknown>;
  };
  const { sallyport, tool } = services;

  test('takes away what it does not need', () => {
    expect(sallyport).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], init: true });
    for (const loose of ['privileged', 'user', 'network_mode', 'pid', 'cap_add', 'devices']) expect(sallyport).not.toHaveProperty(loose);
    expect(sallyport.build).toEqual({ context: '..', dockerfile: 'container/Containerfile' });
  });

  test('opens the port for this machine alone', () => {
    expect(sallyport.ports).toEqual([`127.0.0.1:${of('EXPOSE')[0]}:${of('EXPOSE')[0]}`]);
  });

  test('gives every volume of the image a name, and others the certificate to read', () => {
    const own = sallyport.volumes as string[];
    expect(own.map((line) => line.split(':')[1])).toEqual(words(of('VOLUME')[0]!));
    expect(own.map((line) => line.split(':')[0])).toEqual(Object.keys(volumes));
    expect(tool.volumes).toEqual(['ca:/srv/ca:ro']);
    expect((tool.environment as Record<string, string>).NODE_EXTRA_CA_CERTS).toBe(environment.SALLYPORT_CA_FILE);
    expect(tool.image).toBe(image);
  });
});
