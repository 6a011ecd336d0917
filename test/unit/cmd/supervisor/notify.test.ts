// What the supervisor is told and when: in order, twice in each watchdog interval, and only while the listener is well.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSend, openSupervisor } from '../../../../cmd/supervisor/notify.ts';
import { datagramSender } from '../../../../src/proxy/libc.ts';
import { scratchFolder } from '../../../support/folder.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { startNotifySocket } from '../../../support/notify-socket.ts';

function setUp(watchdogMs: number | undefined, send?: (lines: readonly string[]) => Promise<void>) {
  const clock = manualClock();
  const told: string[] = [];
  const logged: string[] = [];
  const note = (...args: unknown[]) => void logged.push(String(args.at(-1)));
  const supervisor = openSupervisor(
    { notifySocket: '/n', watchdogMs },
    {
      log: { warn: note, error: note },
      schedule: clock.schedule,
      send: async (socket, lines) => {
        await send?.(lines);
        told.push([socket, ...lines].join('|'));
      },
    },
  )!;
  return { clock, told, logged, supervisor };
}

/** Lets what has been promised by now happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('without a socket there is nobody to tell', () => {
  const clock = manualClock();
  const log = { warn: () => {}, error: () => {} };
  expect(openSupervisor({ notifySocket: undefined, watchdogMs: 1000 }, { log, schedule: clock.schedule })).toBeUndefined();
  expect(clock.pending()).toBe(0);
});

test('states are sent one after the other, a slow one first', async () => {
  const gates: (() => void)[] = [];
  const { supervisor, told } = setUp(undefined, () => new Promise((resolve) => gates.push(resolve)));
  supervisor.reloading();
  supervisor.ready('listening on 127.0.0.1:1');
  supervisor.stopping(28_000);
  for (let i = 0; i < 3; i++) {
    await settle();
    expect(gates.length).toBe(i + 1);
    gates[i]!();
  }
  await supervisor.sent();
  expect(told[0]).toMatch(/^\/n\|RELOADING=1\|MONOTONIC_USEC=\d+$/);
  expect(told.slice(1)).toEqual([
    '/n|READY=1|STATUS=listening on 127.0.0.1:1',
    '/n|STOPPING=1|EXTEND_TIMEOUT_USEC=28000000|STATUS=letting what runs come to its end',
  ]);
});

test('what cannot be told is logged, and what comes after it is told', async () => {
  let fails = true;
  const { supervisor, told, logged } = setUp(undefined, () => (fails ? Promise.reject(new Error('no such program')) : Promise.resolve()));
  supervisor.reloading();
  await supervisor.sent();
  fails = false;
  supervisor.ready('up');
  await supervisor.sent();
  expect(logged).toEqual(['systemd could not be told']);
  expect(told).toEqual(['/n|READY=1|STATUS=up']);
});

describe('the watchdog', () => {
  test('hears of a listener that is well twice in each interval, and nothing of one that is not', async () => {
    const { supervisor, clock, told, logged } = setUp(60_000);
    let isWell = true;
    const deadlines: number[] = [];
    const end = supervisor.watch(async (deadlineMs) => {
      deadlines.push(deadlineMs);
      return isWell;
    });
    for (const well of [true, true, false, true]) {
      isWell = well;
      clock.advance(29_999);
      await settle();
      clock.advance(1);
      await settle();
    }
    await supervisor.sent();
    expect(told).toEqual(['/n|WATCHDOG=1', '/n|WATCHDOG=1', '/n|WATCHDOG=1']);
    expect(logged).toEqual(['no connection gets through to the listener: systemd will start the daemon anew']);
    // A look and the wait before it stay within the interval.
    expect(deadlines).toEqual([5000, 5000, 5000, 5000]);
    end();
    expect(clock.pending()).toBe(0);
  });

  test('a short interval has shorter looks; a look that ends after the end says nothing', async () => {
    const { supervisor, clock, told } = setUp(1000);
    const looks: ((well: boolean) => void)[] = [];
    const end = supervisor.watch((deadlineMs) => {
      expect(deadlineMs).toBe(250);
      return new Promise((resolve) => looks.push(resolve));
    });
    clock.advance(500);
    end();
    looks[0]!(true);
    await settle();
    expect([told, clock.pending()]).toEqual([[], 0]);
  });

  test('is left alone where there is none', () => {
    const { supervisor, clock } = setUp(undefined);
    supervisor.watch(() => Promise.resolve(true))();
    expect(clock.pending()).toBe(0);
  });
});

describe('sent for real', () => {
  // Were this Node to have no node:ffi, the program would send all of it, and only under NotifyAccess=all.
  test('by libc, to a path and to an abstract name; where that fails, by the program', async () => {
    const folder = scratchFolder();
    const byProgram: string[] = [];
    const send = openSend(datagramSender()!, async (socket) => void byProgram.push(socket));
    for (const name of [join(folder, 'notify'), `@${folder}`]) {
      const socket = await startNotifySocket(name);
      await send(name, ['READY=1', 'STATUS=up']);
      await send(name, ['WATCHDOG=1']);
      await socket.heard('WATCHDOG');
      expect(socket.messages).toEqual([['READY=1', 'STATUS=up'], ['WATCHDOG=1']]);
    }
    expect(byProgram).toEqual([]);
    const nowhere = [join(folder, 'nobody'), `/${'x'.repeat(200)}`, 'vsock:2:1'];
    for (const name of nowhere) await send(name, ['READY=1']);
    expect(byProgram).toEqual(nowhere);
  });

  test('by systemd-notify where libc cannot be called', async () => {
    const name = join(scratchFolder(), 'notify');
    const socket = await startNotifySocket(name);
    await openSend(() => false)(name, ['STOPPING=1', 'STATUS=--pid=1']);
    await socket.heard('STOPPING');
    expect(socket.messages).toEqual([['STOPPING=1', 'STATUS=--pid=1']]);
    await expect(openSend(() => false)('/nowhere/at/all', ['READY=1'])).rejects.toThrow('systemd-notify');
  });
});
