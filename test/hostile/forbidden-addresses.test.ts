// Checklist F72 to F74: metadata, link-local, loopback and private addresses, spelled out or behind a name, on a machine that has them all.
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { canIsolate, runIsolated } from '../support/namespace.ts';
import type { Answers } from './scenes/forbidden-addresses.ts';
import type { Rebound } from './scenes/rebinding.ts';

const LED: Readonly<Record<string, readonly string[]>> = {
  meta: ['169.254.169.254'],
  meta6: ['fd00:ec2::254'],
  link: ['169.254.9.9'],
  private: ['10.1.2.3'],
  private6: ['fd12::1'],
  cgnat: ['100.64.0.1'],
  loop: ['127.0.0.1'],
  loop6: ['::1'],
  mapped: ['::ffff:127.0.0.1'],
  zero: ['0.0.0.0'],
  mixed: ['192.0.2.1', '127.0.0.1'],
  'mixed-reversed': ['127.0.0.1', '192.0.2.1'],
};
const hosts = Object.entries(LED).flatMap(([label, all]) =>
  all.flatMap((a) => [`${a} ${label}.victim.example.test`, `${a} ${label}.other.example.test`]),
);
const more = ['10.1.2.3 allowed.victim.example.test', '169.254.169.254 allowed-meta.victim.example.test'];
const names = ['169.254.169.254 metadata.google.internal metadata instance-data'];
const addresses = [
  '169.254.169.254',
  '169.254.9.9',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '10.1.2.3',
  '100.64.0.1',
  '192.168.7.7',
  '172.16.0.9',
  'fd00:ec2::254',
  'fd12::1',
];

describe.skipIf(!canIsolate)('in a namespace', () => {
  let answers: Answers = {};
  beforeAll(async () => {
    answers = (await runIsolated(join(import.meta.dirname, 'scenes/forbidden-addresses.ts'), {
      addresses,
      hosts: [...hosts, ...more, ...names],
    })) as Answers;
  });
  const about = (has: string) => Object.entries(answers).filter(([question]) => question.includes(has));
  /** Refused by rule, or never understood; nobody was reached. */
  const refused = /^(403|400|socks 1)$/;

  test.each([
    ...['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '[fd00:ec2::254]', '[fe80::a9fe:a9fe]'],
    ...['[::ffff:169.254.169.254]', '[64:ff9b::169.254.169.254]', 'metadata.google.internal', 'METADATA.GOOGLE.INTERNAL'],
    ...[
      'meta.victim.example.test',
      'meta6.victim.example.test',
      'meta.other.example.test',
      'meta6.other.example.test',
      'allowed-meta.victim.example.test',
    ],
  ])('metadata: %s', (host) => {
    const asked = about(` ${host}`);
    expect(asked.length).toBeGreaterThan(0);
    for (const [question, answer] of asked) expect(answer, question).toMatch(refused);
  });

  test.each(['metadata', 'instance-data'])('metadata by the short name %s', (host) => {
    for (const question of [`CONNECT ${host}`, `http ${host}`, `https ${host}`]) expect(answers[question], question).toMatch(refused);
  });

  test.each([
    ...['169.254.9.9', 'link.victim.example.test', 'link.other.example.test'],
    ...['loop', 'loop6', 'mapped', 'zero', 'mixed', 'mixed-reversed'].flatMap((l) => [
      `${l}.victim.example.test`,
      `${l}.other.example.test`,
    ]),
  ])('loopback, link-local, unspecified: %s', (host) => {
    const asked = about(` ${host}`);
    expect(asked.length).toBeGreaterThan(0);
    for (const [question, answer] of asked) expect(answer, question).toMatch(refused);
  });

  test.each(['private', 'private6', 'cgnat'])('private, for a host that is intercepted: %s', (label) => {
    for (const [question, answer] of about(` ${label}.victim.example.test`)) expect(answer, question).toMatch(refused);
  });

  test('private, for a host that is only tunnelled, is the user’s own network', () => {
    expect(answers['CONNECT private.other.example.test']).toBe('200 10.1.2.3');
    expect(answers['CONNECT cgnat.other.example.test']).toBe('200 100.64.0.1');
    expect(answers['CONNECT 192.168.7.7']).toBe('200 192.168.7.7');
    // What comes after a 200 was reached: the addresses above are there, and were not.
    expect(
      Object.values(answers)
        .filter((a) => /^200/.test(a))
        .every((a) => /^200( (10\.|100\.64\.|192\.168\.|172\.16\.|fd12).*)?$/.test(a)),
    ).toBe(true);
  });

  test('private, for a name that is allowed', () => {
    expect(answers['CONNECT allowed.victim.example.test']).toMatch(/^200/);
  });
});

test.skipIf(!canIsolate)('a name that turns to this machine while its tunnel is open', async () => {
  const scene = join(import.meta.dirname, 'scenes/rebinding.ts');
  const { answers, reached } = (await runIsolated(scene, { addresses: ['9.9.9.9', '10.1.2.3', '169.254.169.254'], hosts: [] })) as Rebound;
  for (const address of ['127.0.0.1', '10.1.2.3', '169.254.169.254']) {
    expect(answers[`connect-${address}`]).toBe(403);
    expect(answers[`before-${address}`]).toBe(200);
    expect(answers[`rebound-${address}`]).toBe(403);
  }
  expect(reached).toEqual(['9.9.9.9', '9.9.9.9', '9.9.9.9']);
});
