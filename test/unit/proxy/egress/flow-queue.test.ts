import { describe, expect, test } from 'vitest';
import { type Look, openFlowQueue, type Waiter } from '../../../../src/proxy/egress/flow-queue.ts';
import { manualClock } from '../../../support/manual-clock.ts';

type Why = 'full' | 'shut';

function stage() {
  const clock = manualClock(0);
  const queue = openFlowQueue<string, Why>((ms, act) => clock.schedule(act, ms));
  let answer: () => Look<string, Why> = () => ({ waitMs: 1000, why: 'full' });
  const ended: string[] = [];
  const waiter = (name: string, more: Partial<Waiter<string, Why>> = {}): Waiter<string, Why> => ({
    look: () => {
      const look = answer();
      return 'go' in look ? { go: name } : look;
    },
    isBackground: false,
    patienceMs: 10_000,
    signal: new AbortController().signal,
    refusal: ({ waitMs, why }) => new Error(`${name} refused: ${why} for ${waitMs}`),
    ...more,
  });
  const wait = (name: string, more: Partial<Waiter<string, Why>> = {}, depth = 32) =>
    void queue.wait('k', depth, waiter(name, more), { waitMs: 1000, why: 'full' }).then(
      (went) => ended.push(went),
      (thrown: Error) => ended.push(thrown.message),
    );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const advance = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return {
    clock,
    queue,
    wait,
    ended,
    advance,
    settle,
    say: (next: typeof answer) => {
      answer = next;
    },
  };
}

describe('the line', () => {
  test('first come, first served, one after the other; what somebody sits before goes first', async () => {
    const { wait, ended, advance, say, queue, clock } = stage();
    wait('background', { isBackground: true });
    wait('first');
    wait('second');
    expect([queue.waiting('k'), queue.waiting('other')]).toEqual([3, 0]);
    expect([queue.ahead('k', true), queue.ahead('k', false), queue.ahead('other', false)]).toEqual([
      { waitMs: 1000, why: 'full' },
      { waitMs: 1000, why: 'full' },
      undefined,
    ]);
    say(() => ({ go: '' }));
    await advance(1000);
    expect(ended).toEqual(['first']);
    await advance(50);
    expect(ended).toEqual(['first', 'second']);
    // One that somebody sits before need not stand behind background work.
    expect([queue.ahead('k', false), queue.ahead('k', true)]).toEqual([undefined, { waitMs: 1000, why: 'full' }]);
    await advance(50);
    expect(ended).toEqual(['first', 'second', 'background']);
    expect([queue.waiting('k'), clock.pending()]).toEqual([0, 0]);
  });

  test('patience ends with the reason of the last look; a line that is full takes nobody', async () => {
    const { wait, ended, advance, say, settle, clock } = stage();
    wait('patient', { patienceMs: 5000 });
    say(() => ({ waitMs: 60_000, why: 'shut' }));
    await advance(1000);
    wait('late', {}, 1);
    await settle();
    expect(ended).toEqual(['late refused: shut for 60000']);
    await advance(4000);
    expect(ended).toEqual(['late refused: shut for 60000', 'patient refused: shut for 60000']);
    expect(clock.pending()).toBe(0);
  });

  test('who leaves loses its place, and nothing is left of an empty line', async () => {
    const { wait, ended, settle, queue, clock } = stage();
    const gone = new AbortController();
    wait('leaver', { signal: gone.signal });
    gone.abort();
    await settle();
    wait('was gone', { signal: gone.signal });
    await settle();
    expect(ended).toEqual(Array(2).fill('The client left before the reply was complete.'));
    expect([queue.waiting('k'), clock.pending()]).toEqual([0, 0]);
  });

  test('whoever may not wait any more is refused, and the next one looks', async () => {
    const { wait, ended, advance, say } = stage();
    wait('first');
    wait('second');
    let asked = 0;
    say(() => {
      if (asked++ === 0) throw new Error('never');
      return { go: '' };
    });
    await advance(1000);
    await advance(50);
    expect(ended).toEqual(['never', 'second']);
  });

  test('a word that something has changed lets it look before its time', async () => {
    const { wait, ended, advance, say, queue } = stage();
    wait('one');
    say(() => ({ go: '' }));
    queue.wake('other');
    await advance(100);
    expect(ended).toEqual([]);
    queue.wake('k');
    await advance(10);
    expect(ended).toEqual(['one']);
    wait('two');
    queue.wakeAll();
    await advance(10);
    expect(ended).toEqual(['one', 'two']);
  });
});
