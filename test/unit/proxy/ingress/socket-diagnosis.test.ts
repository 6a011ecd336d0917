// sock_diag: what is asked of the kernel, and which answers are believed.
import { describe, expect, test } from 'vitest';
import type { Ends } from '../../../../src/proxy/ingress/ends.ts';
import { openSocketDiagnosis } from '../../../../src/proxy/ingress/socket-diagnosis.ts';
import type { NetlinkCalls } from '../../../../src/proxy/libc.ts';

const ENDS: Ends = { client: [127, 0, 0, 1], clientPort: 0xd431, ours: [127, 0, 0, 1], ourPort: 0x22c2 };

interface Told {
  readonly type?: number;
  readonly serial?: number;
  readonly state?: number;
  readonly ourPort?: number;
  readonly user?: number;
  readonly inode?: number;
  readonly error?: number;
}

function answer({ type = 20, serial = 1, state = 1, ourPort = 0x22c2, user = 1000, inode = 4711, error }: Told = {}): Buffer {
  const bytes = Buffer.alloc(124);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(error === undefined ? type : 2, 4);
  bytes.writeUInt32LE(serial, 8);
  if (error !== undefined) bytes.writeInt32LE(error, 16);
  else bytes[17] = state;
  bytes.writeUInt16BE(ourPort, 22);
  bytes.writeUInt32LE(user, 80);
  bytes.writeUInt32LE(inode, 84);
  return bytes;
}

function kernel(answers: Buffer[], over: Partial<NetlinkCalls> = {}) {
  const sent: Buffer[] = [];
  const ask = openSocketDiagnosis({
    open: () => 9,
    send: (_, message) => sent.push(Buffer.from(message)) && message.length,
    receive: (_, into) => answers.shift()?.copy(into) ?? -1,
    ...over,
  });
  return { sent, ask: ask! };
}

test('asks for one socket by both ends', () => {
  const { sent, ask } = kernel([answer()]);
  expect(ask(ENDS)).toBe(1000);
  const [message] = sent;
  expect(message!.readUInt32LE(0)).toBe(72);
  expect(message!.subarray(16, 18)).toEqual(Buffer.from([2, 6]));
  expect(message!.subarray(24, 32)).toEqual(Buffer.from([0xd4, 0x31, 0x22, 0xc2, 127, 0, 0, 1]));
  expect(message!.subarray(44, 48)).toEqual(Buffer.from([127, 0, 0, 1]));
});

test('of IPv6 too', () => {
  const { sent, ask } = kernel([answer()]);
  const loopback = [...new Array(15).fill(0), 1];
  ask({ ...ENDS, client: loopback, ours: loopback });
  expect(sent[0]![16]).toBe(10);
  expect(sent[0]!.subarray(28, 60)).toEqual(Buffer.from([...loopback, ...loopback]));
});

describe('there is none', () => {
  test.each<[string, Told]>([
    ['by its own word', { error: -2 }],
    // The kernel then tells of whoever listens on that port.
    ['but a listener', { state: 10, ourPort: 0 }],
    ['but another one', { ourPort: 0x22c3 }],
    ['but one whose program has closed it', { inode: 0, user: 0 }],
  ])('%s', (_, told) => {
    expect(kernel([answer(told)]).ask(ENDS)).toBe('absent');
  });
});

describe('it cannot be told', () => {
  test.each<[string, Buffer[]]>([
    ['when the kernel declines', [answer({ error: -95 })]],
    ['by another message', [answer({ type: 3 })]],
    ['by half a message', [answer().subarray(0, 10)]],
    ['without an answer', []],
    ['by answers to others', Array.from({ length: 9 }, () => answer({ serial: 77 }))],
  ])('%s', (_, answers) => {
    expect(kernel(answers).ask(ENDS)).toBeUndefined();
  });

  test('when nothing can be sent', () => {
    expect(kernel([answer()], { send: () => -1 }).ask(ENDS)).toBeUndefined();
  });

  test('without such a socket, or without libc', () => {
    expect(openSocketDiagnosis({ open: () => -1, send: () => 0, receive: () => 0 })).toBeUndefined();
  });
});

test('an answer that came late does not stand for the next one', () => {
  const answers: Buffer[] = [];
  const { ask } = kernel(answers);
  expect(ask(ENDS)).toBeUndefined();
  answers.push(answer({ serial: 1, user: 1 }), answer({ serial: 2, user: 1002 }));
  expect(ask(ENDS)).toBe(1002);
});
