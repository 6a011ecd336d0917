// Bodies that were captured: sealed at rest, bound to their exchange, let go by age and size, and never in anybody's way.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { CapturedBodies } from '../../../../src/capture.ts';
import { capturedBodies, openCaptureWriter, releaseCaptures } from '../../../../src/store/audit/captures.ts';
import { LockedError } from '../../../../src/store/keyring.ts';
import { rekey } from '../../../../src/store/rekey.ts';
import { auditStore } from '../../../support/audit-store.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const bodies = (text: string): CapturedBodies => ({ request: { type: 'application/json', text, isCut: false }, reply: undefined });

async function setUp() {
  const own = await auditStore();
  const clock = manualClock();
  const troubles: unknown[] = [];
  const writer = openCaptureWriter(own.store, own.keyring, { schedule: clock.schedule, onTrouble: (cause) => troubles.push(cause) });
  return { ...own, clock, troubles, writer, of: (id: string) => capturedBodies(own.store, own.keyring, id) };
}

test('are made when nobody waits, sealed, and found by their exchange', async () => {
  const { writer, clock, of, store, path, home, keyring } = await setUp();
  let made = 0;
  const capture = () => {
    made++;
    return bodies('a marked body');
  };
  writer.write('x-1', 5, capture);
  expect([made, of('x-1')]).toEqual([0, undefined]);
  clock.advance(300);
  expect(of('x-1')).toEqual(bodies('a marked body'));
  expect(of('x-2')).toBe(undefined);
  store.db.pragma('wal_checkpoint(TRUNCATE)');
  expect(readFileSync(path, 'latin1')).not.toContain('a marked body');
  await rekey({ store, home, environment: {}, now: Date.now });
  expect(of('x-1')).toEqual(bodies('a marked body'));
  store.db.exec("UPDATE captures SET id = 'x-2'");
  expect(() => capturedBodies(store, keyring, 'x-2')).toThrow();
});

test('that cannot be written are lost, and that is told once; what waits at the end is written', async () => {
  const { writer, clock, of, store, troubles } = await setUp();
  store.db.exec('ALTER TABLE captures RENAME TO away');
  for (const id of ['x-1', 'x-2']) writer.write(id, 1, () => bodies(id));
  clock.advance(300);
  clock.advance(300);
  expect(troubles).toHaveLength(1);
  store.db.exec('ALTER TABLE away RENAME TO captures');
  for (let i = 0; i < 150; i++) writer.write(`y-${i}`, 1, () => bodies('y'));
  writer.close();
  expect([of('y-0'), of('y-99'), of('y-100')]).toEqual([bodies('y'), bodies('y'), undefined]);
  writer.close();
});

test('no key, no body', async () => {
  const { store, keyring, troubles, clock } = await setUp();
  const refuse = () => {
    throw new LockedError('no');
  };
  const locked = { ...keyring, seal: refuse };
  const writer = openCaptureWriter(store, locked, { schedule: clock.schedule, onTrouble: (cause) => troubles.push(cause) });
  writer.write('x-1', 1, () => bodies('a'));
  clock.advance(300);
  expect(troubles).toHaveLength(1);
  expect(store.db.prepare('SELECT count(*) FROM captures').pluck().get()).toBe(0);
});

test('go by age, and the oldest first by size', async () => {
  const { writer, of, store } = await setUp();
  for (let i = 1; i <= 5; i++) writer.write(`x-${i}`, i * 1000, () => bodies('b'.repeat(1000)));
  writer.close();
  expect(releaseCaptures(store, 3500, 5000)).toBe(1);
  expect(of('x-1')).toBe(undefined);
  expect(releaseCaptures(store, 10_000, 5000, 3500)).toBe(2);
  expect([of('x-3'), of('x-4')]).toEqual([undefined, bodies('b'.repeat(1000))]);
  expect(releaseCaptures(store, 10_000, 5000)).toBe(0);
});
