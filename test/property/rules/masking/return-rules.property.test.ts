// Under rules of return the output is the same for every cutting, and a value stands nowhere it must not.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anthropic } from '../../../../src/rules/dialects/anthropic.ts';
import { createReplyRestorer } from '../../../../src/rules/masking/restore.ts';
import { compileReturnRules } from '../../../../src/rules/masking/return-rules.ts';
import { cut, testPlaceholders } from '../../../support/masking.ts';

const placeholders = testPlaceholders();
const VALUE = 'bob"x@example.test';
const P = placeholders.placeholderFor('EMAIL', VALUE);
const source = compileReturnRules({}, ['fetch'])!(placeholders);

const calls = fc.array(fc.record({ name: fc.constantFrom('fetch', 'run'), say: fc.constantFrom('', 'to ', `${P} `, 'SP_') }), {
  maxLength: 4,
});
const cuts = fc.array(fc.nat(100_000), { maxLength: 20 });
const input = (say: string) => JSON.stringify({ to: `${say}${P}` });

function run(kind: 'sse' | 'json', bytes: Buffer, places: readonly number[]): string {
  const restorer = createReplyRestorer(kind, anthropic, source);
  return Buffer.concat([...cut(bytes, places).map((piece) => restorer.push(piece)), restorer.end()]).toString();
}

it('a stream', () => {
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 9 }), cuts, (list, size, places) => {
      const events = list.flatMap(({ name, say }, index) => [
        { type: 'content_block_start', index, content_block: { type: 'tool_use', name, input: {} } },
        ...input(say)
          .match(new RegExp(`.{1,${size}}`, 'g'))!
          .map((partial_json) => ({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } })),
        { type: 'content_block_stop', index },
      ]);
      const bytes = Buffer.from(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
      const out = run('sse', bytes, places);
      expect(out).toBe(run('sse', bytes, []));
      const heard = new Map<number, string>();
      for (const [, line] of out.matchAll(/^data: (.*)$/gm)) {
        const event = JSON.parse(line!);
        if (event.delta) heard.set(event.index, (heard.get(event.index) ?? '') + event.delta.partial_json);
      }
      list.forEach(({ name, say }, index) => {
        const text = `${say}${P}`;
        expect(JSON.parse(heard.get(index)!)).toEqual({ to: name === 'fetch' ? text : text.replaceAll(P, VALUE) });
      });
    }),
  );
});

it('documents', () => {
  fc.assert(
    fc.property(calls, cuts, (list, places) => {
      const content = list.map(({ name, say }) => ({ type: 'tool_use', input: { to: `${say}${P}` }, name }));
      const bytes = Buffer.from(JSON.stringify({ content: [{ type: 'text', text: P }, ...content] }));
      const out = run('json', bytes, places);
      expect(out).toBe(run('json', bytes, []));
      const [first, ...others] = JSON.parse(out).content;
      expect(first.text).toBe(VALUE);
      expect(others.map((one: { input: { to: string } }) => one.input.to)).toEqual(
        list.map(({ name, say }) => (name === 'fetch' ? `${say}${P}` : `${say}${P}`.replaceAll(P, VALUE))),
      );
    }),
  );
});
