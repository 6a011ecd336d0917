import { describe, expect, it } from 'vitest';
import { chat } from '../../../../src/rules/dialects/chat.ts';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { createTurns, type Mark } from '../../../../src/rules/masking/turns.ts';
import { JsonWalk } from '../../../../src/rules/masking/walk.ts';

const mark = (offset: number, found: number): Mark => ({ offset, walk: new JsonWalk(), found });
const body = (text: string) => Buffer.from(text);

describe('the memory of turns', () => {
  it('begins at the start with a body it does not know', () => {
    expect(createTurns<string>(100).begin(body('new'), chat)).toMatchObject({ offset: 0, found: [], marks: [], continues: undefined });
  });

  it('begins behind the last mark that a body has in common with an earlier one', () => {
    const turns = createTurns<string>(100);
    turns.remember({ bytes: body('aaaabbbbcccc'), dialect: chat, found: ['1', '2', '3'], marks: [mark(4, 1), mark(8, 2)] }, undefined);
    const whole = turns.begin(body('aaaabbbbdddd'), chat);
    expect(whole).toMatchObject({ offset: 8, found: ['1', '2'] });
    expect(whole.marks).toHaveLength(2);
    expect(whole.continues).toBeDefined();
    const half = turns.begin(body('aaaaXbbbdddd'), chat);
    expect(half).toMatchObject({ offset: 4, found: ['1'], continues: undefined });
    expect(turns.begin(body('aaa'), chat).offset).toBe(0);
    expect(turns.begin(body('aaaabbbbdddd'), opaque).offset).toBe(0);
  });

  it('takes the conversation that reaches furthest', () => {
    const turns = createTurns<string>(100);
    turns.remember({ bytes: body('aaaabbbb'), dialect: chat, found: ['x'], marks: [mark(4, 0), mark(8, 1)] }, undefined);
    turns.remember({ bytes: body('aaaacccc'), dialect: chat, found: ['y'], marks: [mark(4, 0), mark(8, 1)] }, undefined);
    expect(turns.begin(body('aaaabbbb+'), chat)).toMatchObject({ offset: 8, found: ['x'] });
    expect(turns.begin(body('aaaacccc+'), chat)).toMatchObject({ offset: 8, found: ['y'] });
  });

  it('forgets the turn that another continues, and the oldest beyond its bound', () => {
    const turns = createTurns<string>(20);
    turns.remember({ bytes: body('aaaa1111'), dialect: chat, found: [], marks: [mark(4, 0)] }, undefined);
    const next = turns.begin(body('aaaa2222'), chat);
    turns.remember({ bytes: body('aaaa2222'), dialect: chat, found: [], marks: [mark(4, 0), mark(8, 0)] }, next.continues);
    turns.remember({ bytes: body('bbbb2222'), dialect: chat, found: [], marks: [mark(4, 0)] }, undefined);
    // Both fit into 20 bytes only because the first is gone.
    expect(turns.begin(body('aaaa2222'), chat).offset).toBe(8);
    expect(turns.begin(body('bbbb'), chat).offset).toBe(4);
    turns.remember({ bytes: body('cccc3333'), dialect: chat, found: [], marks: [mark(4, 0)] }, undefined);
    expect(turns.begin(body('aaaa2222'), chat).offset).toBe(0);
    expect(turns.begin(body('bbbb'), chat).offset).toBe(4);
  });

  it('does not keep what is too large, has no marks, or would be one too many', () => {
    const turns = createTurns<string>(1000);
    turns.remember({ bytes: Buffer.alloc(1001, 'a'), dialect: chat, found: [], marks: [mark(4, 0)] }, undefined);
    turns.remember({ bytes: body('aaaaaaaa'), dialect: chat, found: [], marks: [] }, undefined);
    expect(turns.begin(body('aaaaaaaa'), chat).offset).toBe(0);
    for (let i = 0; i < 9; i++)
      turns.remember({ bytes: body(`${i}${i}${i}${i}`), dialect: chat, found: [], marks: [mark(4, 0)] }, undefined);
    expect(turns.begin(body('0000'), chat).offset).toBe(0);
    expect(turns.begin(body('1111'), chat).offset).toBe(4);
  });
});
