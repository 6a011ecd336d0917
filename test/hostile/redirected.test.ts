// Transparent mode with a real packet filter: nftables redirects a user's connections to the second door, and curl, which knows of no
// proxy, is masked for intercepted hosts and led through untouched to all others.
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { canRedirect, runIsolated } from '../support/namespace.ts';
import { EMAIL } from '../support/samples.ts';
import type { Answer, Redirected } from './scenes/redirected.ts';

const letter = `write to ${EMAIL}`;

describe.skipIf(!canRedirect)('in a namespace', () => {
  let result: Redirected;
  const answer = (name: string): Answer => result.answers[name]!;
  beforeAll(async () => {
    result = (await runIsolated(join(import.meta.dirname, 'scenes/redirected.ts'), {
      addresses: ['9.9.9.9', '9.9.9.10', '9.9.9.11', '2620:fe::fe', '169.254.169.254'],
      hosts: ['9.9.9.9 api.victim.example.test'],
      hasUsers: true,
    })) as Redirected;
  });

  test.each(['IPv4', 'IPv6', 'not redirected'])('an intercepted host goes by its name and is masked: %s', (name) => {
    const { exit, said, upstream, reached } = answer(name);
    expect({ exit, said, reached }).toEqual({ exit: 0, said: `api.victim.example.test ${letter}`, reached: ['9.9.9.9'] });
    expect(upstream).toHaveLength(1);
    expect(upstream[0]).not.toContain(EMAIL);
  });

  test.each([
    ['another host', '9.9.9.10'],
    ['another host, IPv6', '2620:fe::fe'],
    ['no name', '9.9.9.10'],
    ['no TLS', '9.9.9.10'],
  ])('anything else goes where it was to go, unread: %s', (name, address) => {
    // curl has verified the upstream's own certificate: nobody was in between.
    const { exit, reached } = answer(name);
    expect({ exit, reached }).toEqual({ exit: 0, reached: [address] });
  });

  test('what is led through is not masked', () => {
    expect(answer('another host').upstream).toEqual([letter]);
    expect(answer('no TLS').said).toBe('clear');
  });

  test.each([
    ['metadata', /alert access denied/],
    ['a user who is not served', /alert access denied/],
    ['not redirected, another host', /unrecognized name/],
  ])('refused by an alert, and nobody reached: %s', (name, said) => {
    expect(answer(name)).toMatchObject({ exit: 35, said: expect.stringMatching(said), reached: [] });
  });

  test('a host that cannot be reached looks like one', () => {
    expect(answer('nobody listens')).toMatchObject({ exit: 56, reached: [] });
  });

  test('who is not redirected, and what stays on this machine, goes past', () => {
    expect(answer('a user who is not redirected')).toMatchObject({ exit: 0, upstream: [letter], reached: ['9.9.9.10'] });
    expect(answer('on this machine')).toMatchObject({ exit: 0, said: 'clear', reached: ['127.0.0.1'] });
    expect(answer('quic').said).toBe('free');
  });

  test('a filter that catches our own connections makes no loop, and is said', () => {
    expect(answer('a loop')).toMatchObject({ said: expect.stringContaining('upstream-tls'), reached: [] });
    expect(answer('a loop without TLS')).toMatchObject({ exit: 56, reached: [] });
    expect(result.log.filter((line) => line.includes('redirected to itself'))).toHaveLength(2);
  });

  test('taken away, all is as before; again, nothing happens', () => {
    expect(answer('taken back')).toMatchObject({ exit: 0, upstream: [letter], reached: ['9.9.9.10'] });
    expect(answer('removal')).toMatchObject({ exit: 0, said: '' });
  });

  test('redirected connections are counted', () => {
    // Not those that were refused.
    expect(result.totals.transparent).toBeGreaterThanOrEqual(7);
  });
});
