// What stays back until a call was judged, and in which order it leaves.
import { describe, expect, test } from 'vitest';
import type { CallJudge } from '../../../../src/rules/calls/gate.ts';
import { createReplyGate } from '../../../../src/rules/calls/reply-gate.ts';
import type { ToolCall } from '../../../../src/rules/guardrail.ts';

function judgeFor(over: Partial<CallJudge> = {}) {
  const judged: ToolCall[] = [];
  const judge: CallJudge = {
    holds: true,
    waitsFor: (tool) => tool === 'Bash',
    judge: (call) => {
      judged.push(call);
      if (call.input.includes('bad')) throw new Error('denied');
    },
    unreadable: () => {
      throw new Error('unreadable');
    },
    ...over,
  };
  return { judge, judged };
}

const sse = (event: object) => `data: ${JSON.stringify(event)}\n\n`;
const start = (name: string) => sse({ type: 'content_block_start', index: 0, content_block: { type: 'tool_use', name, input: {} } });
const piece = (text: string) => sse({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: text } });
const stop = sse({ type: 'content_block_stop', index: 0 });
const text = sse({ type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'hi' } });

describe('events', () => {
  const feed = (gate: ReturnType<typeof createReplyGate>, ...events: string[]) =>
    events.map((event) => gate.push(Buffer.from(event)).toString());

  test('stay back from the beginning of a call to its end, with all that comes between, and leave in order', () => {
    const { judge, judged } = judgeFor();
    const gate = createReplyGate('sse', judge, 1000);
    expect(feed(gate, text, start('Bash'), piece('{"a"'), text, piece(':1}'), stop, text)).toEqual([
      text,
      '',
      '',
      '',
      '',
      start('Bash') + piece('{"a"') + text + piece(':1}') + stop,
      text,
    ]);
    expect(judged).toEqual([{ tool: 'Bash', input: '{"a":1}' }]);
    expect(gate.end().toString()).toBe('');
    expect(gate.restored).toBe(0);
  });

  test('of a tool that nobody waits for pass, and the call is judged all the same', () => {
    const { judge, judged } = judgeFor();
    const events = [start('Read'), piece('{}'), stop];
    expect(feed(createReplyGate('sse', judge, 1000), ...events)).toEqual(events);
    expect(judged).toEqual([{ tool: 'Read', input: '{}' }]);
  });

  test('of a call that is denied never leave', () => {
    const gate = createReplyGate('sse', judgeFor().judge, 1000);
    expect(feed(gate, start('Bash'), piece('bad'))).toEqual(['', '']);
    expect(() => gate.push(Buffer.from(stop))).toThrow('denied');
  });

  test('leave at the end of a reply that breaks off, once what is there was judged', () => {
    const { judge, judged } = judgeFor();
    const gate = createReplyGate('sse', judge, 1000);
    feed(gate, start('Bash'), piece('{}'));
    expect(gate.end().toString()).toBe(start('Bash') + piece('{}'));
    expect(judged).toHaveLength(1);
    const other = createReplyGate('sse', judgeFor().judge, 1000);
    feed(other, start('Bash'), piece('bad'));
    expect(() => other.end()).toThrow('denied');
  });

  test('too many to hold, or too large to read, are refused', () => {
    const gate = createReplyGate('sse', judgeFor().judge, 300);
    expect(() => feed(gate, start('Bash'), piece('a'.repeat(100)), piece('a'.repeat(100)))).toThrow('unreadable');
    expect(() => createReplyGate('sse', judgeFor().judge, 20).push(Buffer.from(text.slice(0, -1)))).toThrow('unreadable');
  });

  test('that are no JSON pass', () => {
    const gate = createReplyGate('sse', judgeFor().judge, 1000);
    expect(feed(gate, 'data: [DONE]\n\n', ': ping\n\n')).toEqual(['data: [DONE]\n\n', ': ping\n\n']);
  });

  test('in AWS’s frames that are none are refused', () => {
    expect(() => createReplyGate('frames', judgeFor().judge, 1000).push(Buffer.alloc(64, 'x'))).toThrow('unreadable');
  });
});

describe('a document', () => {
  const good = JSON.stringify({ content: [{ type: 'tool_use', name: 'Bash', input: { a: 1 } }] });
  const bad = JSON.stringify({ content: [{ type: 'tool_use', name: 'Read', input: 'bad' }] });

  test('leaves whole once it was judged', () => {
    const { judge, judged } = judgeFor();
    const gate = createReplyGate('json', judge, 1000);
    expect(gate.push(Buffer.from(good.slice(0, 9))).toString()).toBe('');
    expect(gate.push(Buffer.from(good.slice(9))).toString()).toBe('');
    expect(gate.end().toString()).toBe(good);
    expect(judged).toEqual([{ tool: 'Bash', input: '{"a":1}' }]);
  });

  test.each([bad, `${good}\n${bad}\n`, `[${good},${bad}]`, `\uFEFF${bad}`])('is refused for a call in it: %s', (body) => {
    const gate = createReplyGate('json', judgeFor().judge, 1000);
    gate.push(Buffer.from(body));
    expect(() => gate.end()).toThrow('denied');
  });

  test('passes as it comes where no call is ever kept, and is judged all the same', () => {
    const { judge, judged } = judgeFor({ holds: false });
    const gate = createReplyGate('json', judge, 1000);
    expect(gate.push(Buffer.from(good)).toString()).toBe(good);
    expect(gate.end().toString()).toBe('');
    expect(judged).toHaveLength(1);
  });

  test('too large to read is refused', () => {
    expect(() => createReplyGate('json', judgeFor().judge, 10).push(Buffer.from(good))).toThrow('unreadable');
  });
});

test('prose passes', () => {
  const gate = createReplyGate('text', judgeFor().judge, 10);
  expect(gate.push(Buffer.from('Words of any length, and no call.')).toString()).toBe('Words of any length, and no call.');
  expect(gate.end().toString()).toBe('');
});
