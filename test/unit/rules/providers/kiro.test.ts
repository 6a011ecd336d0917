// Kiro: what a turn brings is text and tool input in pieces, names of things are left alone, and a signature is known for one.
import { expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { kiro } from '../../../../src/rules/providers/kiro.ts';

const { dialect } = kiro.endpoints[0]!;

test.each([
  [{ content: 'hel' }, [{ path: ['content'], channel: 'text', nesting: 'answer' }], []],
  [{ toolUseId: 't1', name: 'fs_write' }, [], ['text']],
  [{ toolUseId: 't1', input: '{"pa' }, [{ path: ['input'], channel: 't1', nesting: 'json' }], ['text']],
  [{ toolUseId: 't1', stop: true }, [], ['text', 't1']],
  [{ conversationId: 'c' }, [], []],
  [null, [], []],
  ['text', [], []],
])('the event %j', (event, pieces, ends) => {
  expect(dialect.pieces(event)).toEqual(pieces);
  expect(dialect.ends(event)).toEqual(ends);
});

test('ids and pictures are opaque, text is not', () => {
  const at = (...path: string[]) => dialect.isOpaque(path, undefined);
  expect([at('images', 'source', 'bytes'), at('toolUseId'), at('userInputMessage', 'content'), at()]).toEqual([true, true, false, false]);
});

test('an error is one of AWS, and only a signature is a signature', () => {
  expect(dialect.errorBody(new Fault('rule-denied'), 'x-1').body).toMatch(/^\{"message":".*x-1.*"\}$/);
  const head = (value: string) => ({ method: 'POST', target: '/', authority: '', headers: ['Authorization', value] });
  expect(kiro.attests?.(head('AWS4-HMAC-SHA256 Credential=a'), Buffer.alloc(0))).toBe('signed');
  expect(kiro.attests?.(head('Bearer a'), Buffer.alloc(0))).toBe(undefined);
});
