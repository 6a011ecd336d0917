import { expect, test } from 'vitest';
import { openLog } from '../../../../src/log.ts';
import { openStates } from '../../../../src/proxy/egress/flow-states.ts';
import type { StateKeeper } from '../../../../src/rules/resilience/kept-state.ts';

const lines: string[] = [];
const log = openLog({ level: 'debug', form: 'json', sink: (line) => lines.push(line) });
const kind = {
  name: 'counter',
  rest: 0,
  revive: (kept: unknown) => (typeof kept === 'number' ? kept : undefined),
  worthKeeping: (before: number, after: number) => Math.floor(before / 10) !== Math.floor(after / 10),
};

function keeper() {
  const rows = new Map<string, unknown>();
  const kept: StateKeeper = {
    load: (wanted) =>
      [...[...rows].map(([key, state]) => ({ machine: 'counter', key, state })), { machine: 'other', key: 'x', state: 1 }].filter(
        ({ machine }) => machine === wanted,
      ),
    put: ({ key, state }) => void rows.set(key, state),
    drop: (_machine, key) => void rows.delete(key),
  };
  return { rows, kept };
}

test('written down on transitions only, read back, and gone for good when dropped', () => {
  const { rows, kept } = keeper();
  const states = openStates(kind, kept, log, 0);
  states.set('a', 5);
  states.set('a', 5);
  expect(rows.size).toBe(0);
  states.set('a', 12);
  states.set('a', 13);
  expect(rows.get('a')).toBe(12);
  rows.set('nonsense', 'x');
  const later = openStates(kind, kept, log, 0);
  expect([later.get('a'), later.get('nonsense'), later.get('x'), [...later.entries()]]).toEqual([12, 0, 0, [['a', 12]]]);
  later.drop('a');
  later.drop('never there');
  expect([later.get('a'), rows.has('a')]).toEqual([0, false]);
});

test('a store that fails costs nothing but the memory over a restart', () => {
  const broken = () => {
    throw new Error('disk full');
  };
  const states = openStates(kind, { load: broken, put: broken, drop: broken }, log, 0);
  states.set('a', 20);
  states.drop('a');
  states.set('a', 30);
  expect(states.get('a')).toBe(30);
  expect(lines.filter((line) => line.includes('could not be written down')).length).toBeGreaterThanOrEqual(3);
});

test('what was not touched for longest makes room', () => {
  const { rows, kept } = keeper();
  const states = openStates(kind, kept, log, 0);
  for (let i = 0; i < 2000; i++) states.set(`k${i}`, 10);
  states.set('k0', 11);
  states.set('new', 10);
  expect([states.get('k0'), states.get('k1'), rows.has('k1'), states.get('new')]).toEqual([11, 0, false, 10]);
});

test('without a keeper all of it lives in memory', () => {
  const states = openStates(kind, undefined, log, 0);
  states.set('a', 20);
  expect(states.get('a')).toBe(20);
  states.drop('a');
  expect(states.get('a')).toBe(0);
});
