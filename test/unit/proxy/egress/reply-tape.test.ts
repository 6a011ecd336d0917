import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { type ReplyReader, ReplyTape, type Room } from '../../../../src/proxy/egress/reply-tape.ts';

const HEAD = { status: 200, reason: 'OK', headers: [] };
const MIB = 1024 * 1024;
const never = new AbortController().signal;

function room(bytes = Number.POSITIVE_INFINITY): Room & { readonly used: () => number } {
  let used = 0;
  return {
    take(size) {
      if (used + size > bytes) return false;
      used += size;
      return true;
    },
    give: (size) => {
      used -= size;
    },
    used: () => used,
  };
}

async function all(reader: ReplyReader, signal = never): Promise<string> {
  const pieces: Buffer[] = [];
  await reader.head(signal);
  for await (const piece of reader.pieces(signal)) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

describe('a reply with several readers', () => {
  test('whenever one comes and whatever the pieces are, it reads the whole of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 20 }), { maxLength: 20 }),
        fc.array(fc.nat(20), { maxLength: 5 }),
        async (pieces, joins) => {
          const own = room();
          const tape = new ReplyTape(own);
          const reads: Promise<string>[] = [];
          tape.begin(HEAD);
          for (const [i, piece] of pieces.entries()) {
            for (const _ of joins.filter((at) => at === i)) reads.push(all(tape.read()));
            tape.push(Buffer.from(piece, 'latin1'));
            if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          reads.push(all(tape.read()));
          tape.end(undefined);
          const whole = Buffer.from(pieces.join(''), 'latin1').toString('latin1');
          for (const read of await Promise.all(reads)) expect(read).toBe(whole);
          tape.close();
          expect([tape.readers, own.used()]).toEqual([0, 0]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('it is kept apart from what it was read with', async () => {
    const tape = new ReplyTape(room());
    const piece = Buffer.from('one');
    tape.begin(HEAD);
    tape.push(piece);
    piece.fill(0);
    tape.end(undefined);
    expect(await all(tape.read())).toBe('one');
  });

  test('above its bound nobody may join, and only what was not read is kept', async () => {
    const own = room();
    const tape = new ReplyTape(own);
    tape.begin(HEAD);
    const reader = tape.read();
    const pieces = reader.pieces(never);
    for (let i = 0; i < 3; i++) tape.push(Buffer.alloc(MIB, 'a'));
    for (let i = 0; i < 3; i++) expect((await pieces.next()).value).toHaveLength(MIB);
    expect(tape.isOpen()).toBe(true);
    for (let i = 0; i < 2; i++) tape.push(Buffer.alloc(MIB, 'b'));
    expect([tape.isOpen(), own.used()]).toEqual([false, 2 * MIB]);
    for (let i = 0; i < 2; i++) expect((await pieces.next()).value).toHaveLength(MIB);
    tape.end(undefined);
    expect((await pieces.next()).done).toBe(true);
    tape.close();
    expect(own.used()).toBe(0);
  });

  test('a reader that falls far behind is let go of, and costs the others nothing', async () => {
    const own = room();
    const tape = new ReplyTape(own);
    tape.begin(HEAD);
    const slow = tape.read().pieces(never);
    for (let i = 0; i < 9; i++) tape.push(Buffer.alloc(MIB));
    expect(own.used()).toBeLessThanOrEqual(5 * MIB);
    await expect(slow.next()).rejects.toThrow('too far behind');
    expect(tape.readers).toBe(0);
  });

  test('without room it cannot be joined, and goes on for nobody', async () => {
    const tape = new ReplyTape(room(10));
    let left = 0;
    tape.onUnread = () => left++;
    tape.begin(HEAD);
    const pieces = tape.read().pieces(never);
    tape.push(Buffer.from('12345678'));
    tape.push(Buffer.from('12345678'));
    expect(tape.isOpen()).toBe(false);
    await expect(pieces.next()).rejects.toThrow('too far behind');
    expect(left).toBe(1);
    tape.push(Buffer.from('nobody is there'));
  });

  test('what ended it ends each reader, before the head and behind it', async () => {
    const before = new ReplyTape(room());
    const reads = [before.read().head(never), before.read().head(never)];
    before.end(new Fault('cooling-down'));
    for (const read of reads) await expect(read).rejects.toThrow('asked for a pause');
    expect([before.isSuccess(), before.readers]).toEqual([false, 0]);
    const bare = new ReplyTape(room());
    bare.end(undefined);
    await expect(bare.read().head(never)).rejects.toThrow('before a reply');
    const cut = new ReplyTape(room());
    cut.begin(HEAD);
    cut.push(Buffer.from('half'));
    const read = all(cut.read());
    cut.end(new Fault('upstream-cut'));
    await expect(read).rejects.toThrow('closed the connection');
  });

  test('who leaves is told from who stays; the last one is told of', async () => {
    const tape = new ReplyTape(room());
    let left = 0;
    tape.onUnread = () => left++;
    const gone = new AbortController();
    const [head, other] = [tape.read().head(gone.signal), tape.read()];
    gone.abort();
    await expect(head).rejects.toThrow('client left');
    expect([left, tape.readers]).toEqual([0, 1]);
    await expect(tape.read().head(gone.signal)).rejects.toThrow('client left');
    tape.begin({ ...HEAD, status: 500 });
    expect((await other.head(never)).status).toBe(500);
    expect(tape.isSuccess()).toBe(false);
    const pieces = other.pieces(never);
    tape.push(Buffer.from('x'));
    await pieces.next();
    await pieces.return();
    expect([left, tape.readers]).toEqual([1, 0]);
  });
});
