import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../../src/authority.ts';
import { compileFlow, MACHINES } from '../../../../src/rules/resilience/flow-settings.ts';

const at = (host: string) => parseAuthority(`${host}:443`);

describe('settings of resilience', () => {
  test('a host that nobody named is observed, and holding is off', () => {
    const { modes, ...more } = compileFlow({})(at('api.example.com'));
    expect(modes).toEqual({ ...Object.fromEntries(MACHINES.map((machine) => [machine, 'observe'])), hold: 'off' });
    expect(more).toEqual({ requestsPerMinute: undefined, tokensPerMinute: undefined, queueMs: 10_000, queueDepth: 32, holdMs: 50_000 });
  });

  test('a machine’s own mode beats that of all, and what is said of a host beats what is said of all hosts', () => {
    const flowFor = compileFlow({
      mode: 'enforce',
      breaker: 'off',
      hold: 'enforce',
      queue_seconds: 3,
      hosts: {
        'a.example.com': { mode: 'observe', limiter: 'off', requests_per_minute: 5, tokens_per_minute: 7, hold_seconds: 9 },
        '*.example.com': { breaker: 'enforce', queue_depth: 1, hold: 'observe', queue_seconds: undefined },
      },
    });
    expect(flowFor(at('x.test'))).toMatchObject({ modes: { cooldown: 'enforce', breaker: 'off', hold: 'enforce' }, queueMs: 3000 });
    const named = flowFor(at('a.example.com'));
    expect(named).toMatchObject({
      modes: { cooldown: 'observe', breaker: 'observe', limiter: 'off', hold: 'enforce' },
      requestsPerMinute: 5,
    });
    expect(named).toMatchObject({ tokensPerMinute: 7, holdMs: 9000, queueMs: 3000 });
    expect(flowFor(at('b.example.com'))).toMatchObject({
      modes: { cooldown: 'enforce', breaker: 'enforce', hold: 'observe' },
      queueDepth: 1,
      queueMs: 3000,
    });
    expect(flowFor(at('b.example.com'))).toBe(flowFor(at('c.example.com')));
  });
});
