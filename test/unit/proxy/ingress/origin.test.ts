// Where a redirected connection was to go, as the client's own socket says it: rows as Linux writes them.
import { endianness } from 'node:os';
import { describe, expect, test } from 'vitest';
import { openOrigins } from '../../../../src/proxy/ingress/origin.ts';
import { openSocketTables } from '../../../../src/proxy/ingress/socket-rows.ts';

const row = (local: string, remote: string, user: number, inode = 4711) =>
  `   7: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000 ${String(user).padStart(5)}        0 ${inode} 1 00000000aa 20 4 30 10 -1\n`;

function originOf(texts: Partial<Record<'tcp' | 'tcp6', string>>) {
  const tables = openSocketTables(async function* (table) {
    yield texts[table] ?? '';
  });
  return openOrigins(tables);
}

// 192.0.2.7:54321 was on its way to 9.9.9.9:443, and came to 127.0.0.1:8899.
const V4 = { remoteAddress: '192.0.2.7', remotePort: 54321, localAddress: '127.0.0.1', localPort: 8899 };
const CLIENT = '070200C0:D431';
const NINE = '09090909:01BB';
const DOOR = '0100007F:22C3';
// 2620:fe::7 was on its way to 2620:fe::fe.
const V6 = { remoteAddress: '2620:fe::7', remotePort: 54321, localAddress: '::1', localPort: 8899 };
describe.runIf(endianness() === 'LE')('the socket says', () => {
  test('user and destination', async () => {
    expect(await originOf({ tcp: row(CLIENT, NINE, 1000) })(V4)).toEqual({ user: 1000, destination: { host: '9.9.9.9', port: 443 } });
  });

  test('IPv4 of an IPv6 socket', async () => {
    const mapped = (end: string) => `0000000000000000FFFF0000${end}`;
    expect(await originOf({ tcp6: row(mapped(CLIENT), mapped(NINE), 1000) })(V4)).toEqual({
      user: 1000,
      destination: { host: '9.9.9.9', port: 443 },
    });
  });

  test('IPv6', async () => {
    const [client, far] = ['07', 'FE'].map((last) => `FE0020260000000000000000${last}000000`);
    expect(await originOf({ tcp6: row(`${client}:D431`, `${far}:01BB`, 1000) })(V6)).toEqual({
      user: 1000,
      destination: { host: '2620:fe::fe', port: 443 },
    });
  });

  test('a connection that was opened to us was not redirected', async () => {
    expect(await originOf({ tcp: row(CLIENT, DOOR, 1000) })(V4)).toEqual({ user: 1000, destination: undefined });
  });

  test('of two sockets with one port, which one came cannot be told', async () => {
    const two = (a: number, b: number) => originOf({ tcp: row(CLIENT, NINE, a) + row(CLIENT, '01010101:01BB', b) })(V4);
    expect(await two(1000, 1000)).toEqual({ user: 1000, destination: undefined });
    expect(await two(1000, 0)).toEqual({ user: 'absent', destination: undefined });
  });

  test('but one that leads here is the one, whoever has the other', async () => {
    const rows = row(CLIENT, NINE, 1000) + row(CLIENT, DOOR, 65_534);
    expect(await originOf({ tcp: rows })(V4)).toEqual({ user: 65_534, destination: undefined });
  });
});

test.each([
  ['no such socket', { tcp: row('070200C0:D432', NINE, 1000) }, V4],
  ['one whose program has closed it', { tcp: row(CLIENT, NINE, 0, 0) }, V4],
  ['an end that is missing', {}, { ...V4, remotePort: undefined }],
  ['ends of two families', {}, { ...V4, localAddress: '::1' }],
])('nobody: %s', async (_, texts, connected) => {
  expect(await originOf(texts)(connected)).toEqual({ user: 'absent', destination: undefined });
});

test.each([
  ['ENOENT', 'untold'],
  ['EMFILE', 'absent'],
])('a table that cannot be read (%s): %s', async (code, user) => {
  const tables = openSocketTables(() => {
    throw Object.assign(new Error(code), { code });
  });
  expect(await openOrigins(tables)(V4)).toEqual({ user, destination: undefined });
});
