// The program at the other end of a connection: found by its socket, the one that was found last first, never waited for for long.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openPeerProcesses, type Processes } from '../../../../src/proxy/ingress/peer-process.ts';
import { openSocketDiagnosis } from '../../../../src/proxy/ingress/socket-diagnosis.ts';

const ENDS = { localAddress: '127.0.0.1', localPort: 1, remoteAddress: '127.0.0.1', remotePort: 2 };
const of = (inode: number | undefined) => () => Object.assign(() => 1000, { inode: () => inode });

/** Processes by id, with what they have open; `looks` tells at whom was looked. */
function processes(open: Readonly<Record<number, readonly string[]>>) {
  const looks: number[] = [];
  const own: Processes = {
    list: async () => Object.keys(open).map(Number),
    async *descriptors(pid) {
      looks.push(pid);
      if (open[pid]!.includes('closed')) throw new Error('EACCES');
      yield* open[pid]!;
    },
    name: async (pid) => (pid === 30 ? Promise.reject(new Error('gone')) : `cli-${pid}`),
  };
  return { own, looks };
}

test('youngest first, and who was found last before all others', async () => {
  const { own, looks } = processes({ 10: ['socket:[7]', 'socket:[8]'], 20: ['closed'], 30: ['/dev/null', 'socket:[9]'] });
  const find = (inode: number) => openPeerProcesses(of(inode), own)(ENDS);
  expect(await find(9)).toEqual({ pid: 30, name: '' });
  expect(await find(7)).toEqual({ pid: 10, name: 'cli-10' });
  expect(await find(6)).toBe(undefined);
  looks.length = 0;
  let inode = 7;
  const same = openPeerProcesses(() => Object.assign(() => 1000, { inode: () => inode }), own);
  await same(ENDS);
  inode = 8;
  looks.length = 0;
  expect(await same(ENDS)).toEqual({ pid: 10, name: 'cli-10' });
  expect(looks).toEqual([10]);
});

test('undefined where nobody can tell, and for those that would wait too long', async () => {
  const { own } = processes({ 10: ['socket:[7]'] });
  expect(await openPeerProcesses(() => undefined, own)(ENDS)).toBe(undefined);
  expect(await openPeerProcesses(of(undefined), own)(ENDS)).toBe(undefined);
  expect(await openPeerProcesses(of(7), own)({ ...ENDS, remoteAddress: undefined })).toBe(undefined);
  expect(await openPeerProcesses(of(7), { ...own, list: () => Promise.reject(new Error('no /proc')) })(ENDS)).toBe(undefined);
  const many = openPeerProcesses(of(7), own);
  const found = await Promise.all(Array.from({ length: 70 }, () => many(ENDS)));
  expect(found.filter((one) => one?.pid === 10)).toHaveLength(64);
});

test.skipIf(openSocketDiagnosis() === undefined)('on this machine: ourselves', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  const [ours] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => void ours.destroy());
  const find = openPeerProcesses();
  expect(await find(ours)).toMatchObject({ pid: process.pid, name: expect.stringMatching(/./) });
  client.destroy();
  await once(ours.resume(), 'close');
});
