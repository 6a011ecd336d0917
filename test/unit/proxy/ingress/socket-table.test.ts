// The kernel's tables of sockets: rows as Linux writes them, in pieces, and those of programs that have gone.
import { endianness } from 'node:os';
import { expect, test } from 'vitest';
import type { Ends } from '../../../../src/proxy/ingress/ends.ts';
import { openSocketTables, type ReadTable } from '../../../../src/proxy/ingress/socket-rows.ts';
import { openSocketTable } from '../../../../src/proxy/ingress/socket-table.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (client: string, ours: string, user: number, inode = 4711) =>
  `   7: ${client} ${ours} 01 00000000:00000000 00:00000000 00000000 ${String(user).padStart(5)}        0 ${inode} 1 00000000aa 20 4 30 10 -1\n`;
const V4: Ends = { client: [127, 0, 0, 1], clientPort: 0xd431, ours: [127, 0, 0, 1], ourPort: 0x22c2 };
const V6: Ends = { ...V4, client: [...new Array(15).fill(0), 1], ours: [...new Array(15).fill(0), 1] };
const ZERO16 = '0'.repeat(16);
const LOOPBACK6 = `${ZERO16}0000000001000000`;
const MAPPED = `${ZERO16}FFFF00000100007F`;

const tableOf = (read: ReadTable) => openSocketTable(openSocketTables(read));

function tables(texts: Partial<Record<'tcp' | 'tcp6', readonly string[]>>) {
  const read: string[] = [];
  const reader: ReadTable = async function* (table) {
    read.push(table);
    yield* texts[table] ?? [];
  };
  return { read, ask: tableOf(reader) };
}

// The rows below are in the byte order of most machines.
test.runIf(endianness() === 'LE').each([
  ['IPv4', V4, { tcp: [HEAD, row('0100007F:D431', '0100007F:22C2', 1000)] }],
  ['IPv4 through an IPv6 socket', V4, { tcp: [HEAD], tcp6: [HEAD + row(`${MAPPED}:D431`, `${MAPPED}:22C2`, 1000)] }],
  ['IPv6', V6, { tcp6: [HEAD + row(`${LOOPBACK6}:D431`, `${LOOPBACK6}:22C2`, 1000)] }],
  [
    'a row in two pieces',
    V4,
    { tcp: [`${HEAD}   7: 0100007F:D4`, row('0100007F:D431', '0100007F:22C2', 1000).slice('   7: 0100007F:D4'.length)] },
  ],
])('finds the user: %s', async (_, ends, texts) => {
  expect(await tables(texts).ask(ends)).toBe(1000);
});

test.each([
  ['another port of the client', row('0100007F:D432', '0100007F:22C2', 1000)],
  ['another port of ours', row('0100007F:D431', '0100007F:22C3', 1000)],
  // Two sockets may have one port, each to another address.
  ['another address of ours', row('0100007F:D431', '0200007F:22C2', 1000)],
  ['our own end of it', row('0100007F:22C2', '0100007F:D431', 1000)],
  // Linux shows root as the owner of a socket that its program has closed.
  ['a socket whose program has closed it', row('0100007F:D431', '0100007F:22C2', 0, 0)],
])('takes no other row: %s', async (_, other) => {
  const { read, ask } = tables({ tcp: [HEAD, other] });
  expect(await ask(V4)).toBe('absent');
  expect(read).toEqual(['tcp', 'tcp6', 'tcp', 'tcp6', 'tcp', 'tcp6']);
});

test('those who ask at a time share a reading, and one who comes later gets a later one', async () => {
  const gates: (() => void)[] = [];
  let rows = '';
  const ask = tableOf(async function* () {
    await new Promise<void>((resolve) => gates.push(resolve));
    yield rows;
  });
  const first = [ask(V4), ask(V4)];
  await expect.poll(() => gates.length).toBe(1);
  const late = ask(V4);
  rows = row('0100007F:D431', '0100007F:22C2', 1000);
  gates[0]!();
  expect(await Promise.all(first)).toEqual([1000, 1000]);
  await expect.poll(() => gates.length).toBe(2);
  rows = row('0100007F:D431', '0100007F:22C2', 1001);
  gates[1]!();
  expect(await late).toBe(1001);
});

test.each([
  ['ENOENT', 'untold'],
  ['EACCES', 'untold'],
  // What a flood of connections brings about must let nobody in.
  ['EMFILE', 'absent'],
  ['EIO', 'absent'],
])('a table that cannot be read (%s) is %s', async (code, said) => {
  let reads = 0;
  const ask = tableOf(() => {
    reads++;
    throw Object.assign(new Error(code), { code });
  });
  expect([await ask(V4), await ask(V4), reads]).toEqual([said, said, 2]);
});

test('a table without end is read to a bound', async () => {
  const piece = `${'x'.repeat(8 * 1024 * 1024)}\n`;
  let pieces = 0;
  const ask = tableOf(async function* (table) {
    for (; table === 'tcp'; pieces++) yield piece;
  });
  expect(await ask(V4)).toBe('absent');
  expect(pieces).toBeLessThan(40);
});
