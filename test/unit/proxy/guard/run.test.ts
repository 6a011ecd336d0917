// A guardrail that fails does what its `onFault` says, and is complained of once.
import { expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import type { Exchange } from '../../../../src/proxy/exchange.ts';
import { guardBody } from '../../../../src/proxy/guard/run.ts';
import type { Conductor } from '../../../../src/proxy/house.ts';
import { type Guardrail, PASS } from '../../../../src/rules/guardrail.ts';

function stage(...guards: Partial<Guardrail>[]) {
  const log: unknown[] = [];
  const counts: string[] = [];
  const take = (facts: unknown) => log.push(facts);
  const house = { log: { debug: take, warn: take, error: take }, count: (name: string) => counts.push(name) } as unknown as Conductor;
  const x = {
    id: 'x-1',
    policy: { guards: guards.map((guard) => ({ name: 'bad', rank: 1, onFault: 'pass', check: () => PASS, ...guard })) },
    connection: { authority: { host: 'h' } },
    line: { head: { target: '/' } },
    notes: { edits: {}, findings: [] },
  } as unknown as Exchange;
  return {
    log,
    counts,
    x,
    ask: (masked = [], content = 'words of mine') =>
      guardBody(house, x, Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }] })), masked),
  };
}

const fails = () => {
  throw new TypeError('words of mine');
};

test.each([{ look: fails }, { check: fails }])('passes with onFault pass', (guard) => {
  const { ask, log, counts } = stage(guard);
  expect(ask()).toEqual([]);
  expect(ask()).toEqual([]);
  expect(counts).toContain('guardrail:bad:fault');
  expect(log).toEqual([{ exchange: 'x-1', guardrail: 'bad', onFault: 'pass', reason: 'TypeError' }]);
});

test.each([{ look: fails }, { check: fails }])('denies with onFault deny', (guard) => {
  const { ask } = stage({ ...guard, onFault: 'deny' });
  expect(() => ask()).toThrow(new Fault('rule-denied', 'the guardrail bad failed'));
});

test('without guardrails what the masker says holds', () => {
  const masked: never[] = [];
  expect(stage().ask(masked)).toBe(masked);
});

test('tells of a finding once, under what it was that did it', () => {
  const hit = { guardrail: 'bad', rule: 'r', action: 'count' } as const;
  const { ask, log, x } = stage({ look: () => hit });
  ask();
  ask([], 'other words');
  expect(log).toEqual([{ exchange: 'x-1', host: 'h', action: 'count', guardrail: 'bad', rule: 'r' }]);
  expect(x.notes.findings).toEqual([{ guardrail: 'bad', rule: 'r' }]);
});

test('edits of guardrails are counted by their kind', () => {
  const edits = [{ start: 0, end: 1, text: '', kind: 'k' }];
  const { ask, x } = stage({ check: () => ({ action: 'edit', edits, findings: [] }) });
  expect(ask()).toEqual(edits);
  expect(x.notes.edits).toEqual({ k: 1 });
});
