import { describe, expect, it } from 'vitest';
import { opaque } from '../../../../src/rules/dialects/opaque.ts';
import { responses } from '../../../../src/rules/dialects/responses.ts';
import { createWholeRestorer } from '../../../../src/rules/masking/reply-whole.ts';
import { compileReturnRules } from '../../../../src/rules/masking/return-rules.ts';
import { testPlaceholders } from '../../../support/masking.ts';

const placeholders = testPlaceholders();
const P = placeholders.placeholderFor('EMAIL', 'a"b@example.test');
const source = compileReturnRules({}, ['WebFetch'])!(placeholders);

function run(text: string, size = text.length, maxBytes = 1 << 20) {
  const restorer = createWholeRestorer(responses, source, maxBytes, false);
  const bytes = Buffer.from(text);
  const out: Buffer[] = [];
  for (let i = 0; i < bytes.length; i += size) out.push(restorer.push(bytes.subarray(i, i + size)));
  out.push(restorer.end());
  return { text: Buffer.concat(out).toString(), restored: restorer.restored };
}

const call = (name: string) => ({ type: 'function_call', arguments: JSON.stringify({ u: P }), name });

describe('a document in which calls matter', () => {
  it('keeps placeholders in the arguments of a tool that is named behind them', () => {
    const before = JSON.stringify({ say: `${P} \\" }`, output: [call('WebFetch'), call('Bash')] });
    const { text, restored } = run(before);
    const after = JSON.parse(text);
    expect(after.say).toBe('a"b@example.test \\" }');
    expect(JSON.parse(after.output[0].arguments)).toEqual({ u: P });
    expect(JSON.parse(after.output[1].arguments)).toEqual({ u: 'a"b@example.test' });
    expect(restored).toBe(2);
    for (const size of [1, 2, 7, 50]) expect(run(before, size).text).toBe(text);
  });

  it('may be one of several, with anything between', () => {
    const before = `${JSON.stringify(call('WebFetch'))}${JSON.stringify([P])}\n\n${JSON.stringify(call('Bash'))}\n`;
    const { text } = run(before);
    expect(text).toBe(
      before.replace(`["${P}"]`, '["a\\"b@example.test"]').replace(P, 'KEEP').replace(P, 'a\\\\\\"b@example.test').replace('KEEP', P),
    );
    for (const size of [1, 3, 40]) expect(run(before, size).text).toBe(text);
  });

  it('that is none, or has no end, is kept as it is; what follows as text is prose', () => {
    const before = `{"a":${P}} and ${P}`;
    const { text } = run(before);
    expect(text).toBe(`{"a":${P}} and a"b@example.test`);
    for (const size of [1, 3, 9]) expect(run(before, size).text).toBe(text);
    expect(run(`{"a":"${P}"`).text).toBe(`{"a":"${P}"`);
    expect(run('}]').text).toBe('}]');
  });

  it('that is too large passes, and so does what follows', () => {
    const before = `{"a":"${P}"}{"a":"${P}","b":"${'x'.repeat(80)}"}{"a":"${P}"}`;
    const { text } = run(before, before.length, 60);
    expect(text).toBe(before.replace(P, 'a\\"b@example.test'));
    for (const size of [1, 30, 100]) expect(run(before, size, 60).text).toBe(text);
  });

  it('of no known family is restored like others', () => {
    const restorer = createWholeRestorer(opaque, source, 100, false);
    expect(restorer.push(Buffer.from(`["${P}"]`)).toString()).toBe('["a\\"b@example.test"]');
    expect(restorer.end()).toHaveLength(0);
  });
});
