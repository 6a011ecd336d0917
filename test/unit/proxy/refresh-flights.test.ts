// One refresh at a time by key; the clock stands still but for what a test lets pass.
import { expect, test } from 'vitest';
import { CLIENT_GONE } from '../../../src/fault.ts';
import type { WholeReply } from '../../../src/proxy/exchange.ts';
import { type Boarding, openRefreshFlights } from '../../../src/proxy/refresh-flights.ts';

const REPLY: WholeReply = { head: { status: 200, reason: 'OK', headers: [] }, body: Buffer.from('new') };

function stage() {
  const timers = new Set<{ readonly ms: number; readonly act: () => void }>();
  const flights = openRefreshFlights((ms, act) => {
    const timer = { ms, act };
    timers.add(timer);
    return () => timers.delete(timer);
  });
  const board = (key = 'a', signal = new AbortController().signal) => flights.board(key, signal);
  const pass = (ms: number) => {
    for (const timer of [...timers]) if (timer.ms === ms && timers.delete(timer)) timer.act();
  };
  return { board, timers, pass };
}

const lead = (boarding: Boarding) => {
  if (boarding.kind !== 'leads') throw new Error(`it ${boarding.kind}`);
  return boarding;
};
const kinds = async (boardings: readonly Promise<Boarding>[]) => (await Promise.all(boardings)).map(({ kind }) => kind);

test('those that wait and those that are a moment late get the answer; then it is forgotten', async () => {
  const { board, pass, timers } = stage();
  const leader = lead(await board());
  const waiting = [board(), board()];
  leader.end(REPLY);
  for (const one of waiting) expect(await one).toEqual({ kind: 'joins', reply: REPLY });
  expect(await board()).toEqual({ kind: 'joins', reply: REPLY });
  expect([...timers].map((timer) => timer.ms)).toEqual([10_000]);
  pass(10_000);
  expect((await board()).kind).toBe('leads');
});

test('another key waits for nobody', async () => {
  const { board } = stage();
  expect(await kinds([board('a'), board('b')])).toEqual(['leads', 'leads']);
});

test('after a failure the next one leads, one after the other', async () => {
  const { board, timers } = stage();
  const leader = lead(await board());
  const [second, third] = [board(), board()];
  leader.end(undefined);
  const next = lead(await second);
  expect(timers.size).toBe(1);
  next.end(undefined);
  lead(await third).end(undefined);
  expect(timers.size).toBe(0);
  expect((await board()).kind).toBe('leads');
});

test('who has waited too long goes alone, and so does one too many', async () => {
  const { board, pass } = stage();
  await board();
  const waiting = Array.from({ length: 100 }, () => board());
  expect((await board()).kind).toBe('alone');
  pass(30_000);
  expect(new Set(await kinds(waiting))).toEqual(new Set(['alone']));
});

test('a client that leaves while it waits leaves no trace', async () => {
  const { board, timers } = stage();
  const leader = lead(await board());
  const client = new AbortController();
  const waiting = board('a', client.signal);
  client.abort();
  await expect(waiting).rejects.toBe(CLIENT_GONE);
  await expect(board('a', client.signal)).rejects.toBe(CLIENT_GONE);
  expect(timers.size).toBe(0);
  leader.end(undefined);
  expect((await board()).kind).toBe('leads');
});

test('of very many answers the last ones are forgotten at once', async () => {
  const { board, timers } = stage();
  for (let i = 0; i < 1001; i++) lead(await board(`${i}`)).end(REPLY);
  expect(timers.size).toBe(1000);
  expect((await board('1000')).kind).toBe('leads');
  expect((await board('0')).kind).toBe('joins');
});
