// What systemd hands over: read when it is for this process, gone from the environment in any case.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeHandover } from '../../../../cmd/supervisor/handover.ts';

const PID = 4711;
const take = (environment: Record<string, string>) => takeHandover({ ...environment }, PID);

describe('sockets', () => {
  test.each<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '1' }, 3],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '1', LISTEN_FDNAMES: 'proxy' }, 3],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '1', LISTEN_FDNAMES: '' }, 3],
    [{ LISTEN_PID: '4711', LISTEN_FDS: '0' }, undefined],
    [{ LISTEN_PID: '4712', LISTEN_FDS: '1' }, undefined],
    [{ LISTEN_PID: '4712', LISTEN_FDS: 'nonsense' }, undefined],
    [{ LISTEN_FDS: '1' }, undefined],
  ])('%j', (environment, fd) => {
    expect(take(environment).fd).toBe(fd);
  });

  test.each<[Record<string, string>, string]>([
    [{ LISTEN_FDS: 'one' }, 'LISTEN_FDS is «one», which is no number of sockets'],
    [{}, 'LISTEN_FDS is «», which is no number of sockets'],
    [{ LISTEN_FDS: '-1' }, 'LISTEN_FDS is «-1»'],
    [
      { LISTEN_FDS: '2', LISTEN_FDNAMES: 'proxy:proxy' },
      '2 sockets were handed over and one is taken: leave one ListenStream= in the socket unit',
    ],
    [{ LISTEN_FDS: '1', LISTEN_FDNAMES: 'a:b' }, 'LISTEN_FDS counts 1 sockets and LISTEN_FDNAMES names 2'],
  ])('%j is refused', (environment, line) => {
    expect(() => take({ LISTEN_PID: '4711', ...environment })).toThrow(`from the service manager: ${line}`);
  });
});

describe('the watchdog', () => {
  test.each<[Record<string, string>, number | undefined]>([
    [{ WATCHDOG_USEC: '60000000' }, 60_000],
    [{ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '4711' }, 60_000],
    [{ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '4712' }, undefined],
    [{ WATCHDOG_USEC: '0' }, undefined],
    [{}, undefined],
  ])('%j', (environment, ms) => {
    expect(take(environment).watchdogMs).toBe(ms);
  });

  test('a time that is none is refused', () => {
    expect(() => take({ WATCHDOG_USEC: '1m' })).toThrow('WATCHDOG_USEC is «1m», which is no time');
  });
});

test('the notify socket is taken as it is; an empty one is none', () => {
  expect(take({ NOTIFY_SOCKET: '/run/systemd/notify' }).notifySocket).toBe('/run/systemd/notify');
  expect(take({ NOTIFY_SOCKET: '@abstract' }).notifySocket).toBe('@abstract');
  expect(take({ NOTIFY_SOCKET: '' }).notifySocket).toBeUndefined();
});

test('whatever is handed over, none of it stays in the environment, and nothing else goes', () => {
  const names = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID', 'NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'];
  const value = fc.oneof(fc.constant(String(PID)), fc.nat(3).map(String), fc.string());
  const given = fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
  fc.assert(
    fc.property(given, (handed) => {
      const environment = { ...handed, PATH: '/bin', LISTEN: 'mine' } as Record<string, string>;
      try {
        const { fd } = takeHandover(environment, PID);
        expect([undefined, 3]).toContain(fd);
      } catch (thrown) {
        expect((thrown as Error).name).toBe('CommandFailure');
      }
      expect(environment).toEqual({ PATH: '/bin', LISTEN: 'mine' });
    }),
  );
});
