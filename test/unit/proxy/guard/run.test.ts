// A guardrail that fails does what its `onFault` says, and is complained of once.
import { expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import type { Exchange } from '../../../../src/proxy/exchange.ts';
import { guardBody } from '../../../../src/proxy/guard/run.ts';
import type { Conductor } from '../../../../src/proxy/house.ts';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { type BodyGuardrail, PASS } from '../../../../src/rules/guardrail.ts';
import type { Route } from '../../../../src/rules/provider.ts';

function stage(...guards: Partial<BodyGuardrail>[]) {
  const log: unknown[] = [];
  const counts: string[] = [];
  const take = (facts: unknown) => log.push(facts);
  const house = { log: { debug: take, warn: take, error: take }, count: (name: string) => counts.push(name) } as unknown as Conductor;
  const bad = { name: 'bad', stage: 'body', rank: 1, deadlineMs: 5000, onFault: 'pass', check: () => PASS };
  const x = {
    id: 'x-1',
    policy: { guards: guards.map((guard) => ({ ...bad, ...guard })) },
    connection: { authority: { host: 'h' } },
    line: { head: { target: '/', headers: [] } },
    notes: { edits: {}, findings: [] },
  } as unknown as Exchange;
  return {
    log,
    counts,
    x,
    ask: (content = 'words of mine') =>
      guardBody(
        house,
        x,
        { dialect: anthropic } as Route,
        Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }] })),
        () => true,
      ),
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

test('one that is late has failed, and says so once', () => {
  const slow = { deadlineMs: -1, check: () => PASS };
  const { ask, log } = stage(slow);
  expect(ask()).toEqual([]);
  expect(ask()).toEqual([]);
  expect(log).toEqual([{ exchange: 'x-1', guardrail: 'bad', onFault: 'pass', reason: 'it was late' }]);
  expect(() => stage({ ...slow, onFault: 'deny' }).ask()).toThrow(new Fault('rule-denied', 'the guardrail bad failed'));
});

test('without guardrails there are no edits', () => {
  expect(stage().ask()).toEqual([]);
});

test('tells of a finding once, under what it was that did it', () => {
  const hit = { guardrail: 'bad', rule: 'r', action: 'count' } as const;
  const { ask, log, x } = stage({ look: () => hit });
  ask();
  ask('other words');
  expect(log).toEqual([{ exchange: 'x-1', host: 'h', action: 'count', guardrail: 'bad', rule: 'r' }]);
  expect(x.notes.findings).toEqual([{ guardrail: 'bad', rule: 'r' }]);
});

test('edits of guardrails are handed on', () => {
  const edits = [{ start: 0, end: 1, text: '', kind: 'k' }];
  expect(stage({ check: () => ({ action: 'edit', edits, findings: [] }) }).ask()).toEqual(edits);
});
