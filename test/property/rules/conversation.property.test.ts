// However a conversation is split into turns, each segment is read once and what was found is found in every turn.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createConversationReader } from '../../../src/rules/conversation/read.ts';
import type { Segment } from '../../../src/rules/conversation/segment.ts';

const text = fc.oneof(fc.string({ maxLength: 12, unit: 'grapheme' }), fc.constantFrom('"]}', '\\', '[{"', 'bad', ','));
const id = fc.constantFrom('t1', 't2');
const message = fc.oneof(
  fc.record({ role: fc.constantFrom('user', 'assistant', 'system'), content: text }),
  fc.record({ role: fc.constant('user'), content: fc.array(fc.record({ type: fc.constant('text'), text }), { maxLength: 3 }) }),
  id.map((call) => ({ role: 'assistant', content: [{ type: 'tool_use', id: call, name: `tool-${call}`, input: { a: ']' } }] })),
  fc.tuple(id, text).map(([call, words]) => ({ role: 'user', content: [{ type: 'tool_result', tool_use_id: call, content: words }] })),
  fc.tuple(id, text).map(([call, words]) => ({ role: 'tool', tool_call_id: call, content: [{ type: 'text', text: words }] })),
  fc.constantFrom(1, null, 'bad', []),
);
const look = (segment: Segment) => (segment.text.includes('bad') ? segment.text : undefined);

test('segments are equal for any split of a conversation into turns', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), fc.array(fc.nat(12), { maxLength: 5 }), fc.nat(4), (messages, cuts, indent) => {
      const bodyOf = (n: number, extra: number) =>
        Buffer.from(
          JSON.stringify({ model: 'm'.repeat(extra + 1), system: 's', messages: messages.slice(0, n), tools: [{ a: '}' }] }, null, indent),
        );
      const whole = createConversationReader<string>(1 << 20).read(bodyOf(messages.length, 0), look);
      const reader = createConversationReader<string>(1 << 20);
      const turns = [...cuts.filter((n) => n <= messages.length).sort((a, b) => a - b), messages.length];
      const fresh: Segment[] = [];
      let last = whole;
      turns.forEach((n, i) => {
        last = reader.read(bodyOf(n, i), look);
        last.keep();
        fresh.push(...last.fresh);
      });
      expect(fresh).toEqual(whole.fresh);
      expect(last.found.map((one) => [one.found, one.segment.path])).toEqual(whole.found.map((one) => [one.found, one.segment.path]));
    }),
  );
});

test('what breaks off anywhere is read without a fault', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.nat(400), (messages, at) => {
      const body = Buffer.from(JSON.stringify({ request: { contents: messages }, messages }));
      createConversationReader<string>(1 << 20).read(body.subarray(0, at), look);
    }),
  );
});
